import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { MnemosyneError, Namespace } from "@mnemosyne/core";
import type { PlainCall } from "../commands/plain-verb.ts";
import { CONFIG_NAMES } from "../config.ts";
import { nearest } from "../settings.ts";
import { withIgnoredFolder, withServer } from "./additions.ts";
import { firstPlan } from "./first-plan.ts";

/** Flags of `init`. */
export interface InitFlags {
  readonly dryRun?: boolean;
}

interface Written {
  readonly path: string;
  readonly action: "created" | "added" | "kept";
  readonly why: string;
}

/** Sets a project up. Files that are there are added to where that is safe, never overwritten. */
export async function init({ terminal, output }: PlainCall, { dryRun = false }: InitFlags): Promise<number> {
  const gitRoot = nearest(terminal.cwd, ".git");
  const root = gitRoot ?? terminal.cwd;
  const name = Namespace.nameFrom(path.basename(root));
  const written = [
    await addConfig(root, name, dryRun),
    await create(root, "plan.yaml", firstPlan(name), "a first plan: mnemosyne run plan.yaml", dryRun),
    await addTo(root, ".mcp.json", withServer, "MCP clients start 'mnemosyne mcp' here", dryRun),
    ...(gitRoot === undefined
      ? []
      : [await addTo(root, ".gitignore", withIgnoredFolder, "the database stays out of git", dryRun)]),
  ];
  const verbs = dryRun ? { created: "would create", added: "would add to", kept: "kept" } : undefined;
  output.result(
    { root, dryRun, files: written },
    written
      .map(({ path: file, action, why }) => `${(verbs?.[action] ?? action).padEnd(12)} ${file}  (${why})`)
      .join("\n"),
  );
  output.note("Next: 'mnemosyne doctor' looks whether everything is there.");
  return 0;
}

async function addConfig(root: string, name: string, dryRun: boolean): Promise<Written> {
  const found = CONFIG_NAMES.find((one) => existsSync(path.join(root, one)));
  if (found !== undefined) return { path: found, action: "kept", why: "there is a config already" };
  const text = `${JSON.stringify({ namespace: `project:${name}` }, undefined, 2)}\n`;
  return await create(root, "mnemosyne.config.json", text, `memories belong to project:${name}`, dryRun);
}

async function create(
  root: string,
  name: string,
  text: string,
  why: string,
  dryRun: boolean,
): Promise<Written> {
  const kept = { path: name, action: "kept", why: "it is there already" } as const;
  if (dryRun) return existsSync(path.join(root, name)) ? kept : { path: name, action: "created", why };
  try {
    // `wx`: what somebody makes at the same time is not overwritten either.
    await writeFile(path.join(root, name), text, { flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return kept;
    throw cannotWrite(name, error);
  }
  return { path: name, action: "created", why };
}

async function addTo(
  root: string,
  name: string,
  added: (text: string | undefined) => string | { readonly kept: string },
  why: string,
  dryRun: boolean,
): Promise<Written> {
  const file = path.join(root, name);
  const before = existsSync(file) ? await readFile(file, "utf8") : undefined;
  const after = added(before);
  if (typeof after !== "string") return { path: name, action: "kept", why: after.kept };
  if (before === undefined) return await create(root, name, after, why, dryRun);
  if (!dryRun) {
    try {
      await writeFile(file, after);
    } catch (error) {
      throw cannotWrite(name, error);
    }
  }
  return { path: name, action: "added", why };
}

function cannotWrite(name: string, cause: unknown): MnemosyneError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new MnemosyneError("E_UNAVAILABLE", `${name} cannot be written: ${why}.`, {
    kind: "unavailable",
    retryable: false,
    cause,
  });
}
