import { readFile } from "node:fs/promises";
import path from "node:path";
import { MnemosyneError } from "@mnemosyne/core";
import { openModel } from "../runs/model-source.ts";
import { packageManifest } from "../package-manifest.ts";
import type { Session } from "../session.ts";
import { reviewAnnotations, reviewJson, reviewSarif, reviewText } from "./review-formats.ts";
import { reviewWorkspace, type WorkspaceReview } from "./review-workspace.ts";

/** Flags of `review`. */
export interface ReviewFlags {
  readonly workspace?: string;
  readonly base?: string;
  readonly report?: string;
  readonly gates?: string;
  readonly testCommand?: string;
  readonly format?: string;
  readonly model?: string;
  readonly script?: string;
}

const FORMATS = ["text", "json", "sarif", "github"] as const;

/** Reviews a folder and prints what the gates found. Exit code 0 only for the verdict `pass`. */
export async function review(session: Session, flags: ReviewFlags): Promise<number> {
  const { terminal, output, settings } = session;
  const format = formatOf(flags.format, output.json);
  const gates = flags.gates
    ?.split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  const report =
    flags.report === undefined ? undefined : await readReport(path.resolve(terminal.cwd, flags.report));
  const ownModelGates = new Set(
    (settings.config.gates ?? []).filter(({ kind }) => kind === "model").map(({ name }) => name),
  );
  const asksModel = gates?.some((name) => name === "intent" || ownModelGates.has(name)) ?? false;
  const source = asksModel ? await openModel(flags, settings, terminal) : undefined;
  try {
    if (source?.banner !== undefined) output.note(source.banner);
    const result = await reviewWorkspace({
      workspace: path.resolve(terminal.cwd, flags.workspace ?? "."),
      ...(flags.base === undefined ? {} : { base: flags.base }),
      ...(report === undefined ? {} : { report }),
      ...(gates === undefined ? {} : { gates }),
      ...(flags.testCommand === undefined ? {} : { testCommand: flags.testCommand }),
      ...(settings.config.gates === undefined ? {} : { customGates: settings.config.gates }),
      ...(source?.model === undefined ? {} : { model: source.model }),
      env: terminal.env,
      signal: terminal.signal,
      onJudged: ({ gate, verdict }) => output.note(`${gate}: ${verdict}`),
    });
    output.line(printed(result, format));
    return result.verdict === "pass" ? 0 : 1;
  } finally {
    await source?.close();
  }
}

function formatOf(wanted: string | undefined, json: boolean): (typeof FORMATS)[number] {
  const format = FORMATS.find((known) => known === (wanted ?? (json ? "json" : "text")));
  if (format !== undefined && (!json || format === "json")) return format;
  throw new MnemosyneError(
    "E_INPUT",
    format === undefined
      ? `There is no format '${wanted ?? ""}'; the formats are ${FORMATS.join(", ")}.`
      : `--json and --format ${format} ask for two outputs; give one of them.`,
    { kind: "input", path: "format" },
  );
}

async function readReport(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new MnemosyneError(
      "E_INPUT",
      `The report ${file} cannot be read: ${error instanceof Error ? error.message : String(error)}.`,
      { kind: "input", path: "report", cause: error },
    );
  }
}

function printed(result: WorkspaceReview, format: (typeof FORMATS)[number]): string {
  if (format === "text") return reviewText(result);
  if (format === "github") return reviewAnnotations(result);
  if (format === "json") return JSON.stringify(reviewJson(result));
  return JSON.stringify(reviewSarif(result, packageManifest().version));
}
