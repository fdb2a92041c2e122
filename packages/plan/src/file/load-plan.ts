import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { basename, dirname, extname, resolve } from "node:path";
import { MnemosyneError, toErrorRecord, type Plan } from "@mnemosyne/core";
import { invalidPlan } from "../invalid-plan.ts";
import { isPlanModule, type PlanModule, type PreparedPlan } from "./define-plan.ts";
import { loadModule } from "./load-module.ts";
import { checkPlanData, parsePlan } from "./parse-plan.ts";
import { planHash } from "./plan-hash.ts";

/** A plan as it was read from a file. */
export interface LoadedPlan extends PreparedPlan {
  /** Absolute path of the file. */
  readonly path: string;
  /** SHA-256 (hex) of the file's bytes. */
  readonly sourceHash: string;
}

/**
 * Reads a plan from a `.yaml`, `.yml`, `.json`, `.js`, `.mjs`, `.ts` or `.mts` file. A module gives it as its default
 * export (`definePlan({...})`). The workspace becomes absolute; its default is the file's folder. Throws `E_INPUT` for
 * a file that cannot be read and `E_PLAN_INVALID` for a plan that is not sound. Modules are executed: load only those
 * that you would run.
 */
export async function loadPlan(file: string): Promise<LoadedPlan> {
  const path = resolve(file);
  const bytes = await readPlanFile(path, file);
  const sourceHash = createHash("sha256").update(bytes).digest("hex");
  const module = await readPlan(path, file, bytes);
  const plan: Plan = { ...module.plan, workspace: resolve(dirname(path), module.plan.workspace) };
  return { ...module, plan, hash: planHash(plan), path, sourceHash };
}

async function readPlanFile(path: string, file: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new MnemosyneError(
      "E_INPUT",
      `The plan '${file}' cannot be read: ${toErrorRecord(error).message}`,
      {
        kind: "input",
        path: "file",
        hint: "Name a plan file that exists.",
        cause: error,
      },
    );
  }
}

async function readPlan(path: string, file: string, bytes: Buffer): Promise<PlanModule> {
  const extension = extname(path).toLowerCase();
  const name = basename(path, extname(path));
  switch (extension) {
    case ".yaml":
    case ".yml":
    case ".json": {
      const format = extension === ".json" ? "json" : "yaml";
      const plan = parsePlan(bytes.toString("utf8"), { format, source: file, name });
      return { plan, functions: {}, compensations: {}, outputs: {} };
    }
    case ".js":
    case ".mjs":
    case ".ts":
    case ".mts":
      return moduleOf(await loadModule(path), file, name);
    default:
      throw new MnemosyneError(
        "E_INPUT",
        `'${file}' is not a plan file: its name must end in .yaml, .yml, .json, .js, .mjs, .ts or .mts.`,
        { kind: "input", path: "file" },
      );
  }
}

function moduleOf(value: unknown, file: string, name: string): PlanModule {
  if (isPlanModule(value))
    return value.plan.name === "plan" ? { ...value, plan: { ...value.plan, name } } : value;
  if (typeof value !== "object" || value === null)
    throw new MnemosyneError("E_INPUT", `The plan module '${file}' has no plan as its default export.`, {
      kind: "input",
      path: "default",
      hint: "Write 'export default definePlan({ ... })'.",
    });
  const { normal, findings } = checkPlanData(value, "module", name);
  if (normal === undefined) throw invalidPlan(findings, file);
  return normal;
}
