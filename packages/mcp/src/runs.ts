import { randomBytes } from "node:crypto";
import { MnemosyneError } from "@mnemosyne/core";
import type { McpEngine, McpRun, McpStorage } from "./options.ts";
import type { Scope } from "./scope.ts";

/** Runs of clients bear this in their id, so that any server knows them again, whoever started it. */
const PREFIX = "mcp-";

/** An id for a run that a client starts: `mcp-`, the plan's name, eight random hex digits. */
export function clientRunId(planName: unknown): string {
  const name = typeof planName === "string" ? planName : "run";
  const stem = name.replaceAll(/[^A-Za-z0-9._-]+/g, "-").slice(0, 48);
  return `${PREFIX}${stem}-${randomBytes(4).toString("hex")}`;
}

/** A run that clients may look at. Throws `E_RUN_NOT_FOUND`. */
export async function visibleRun(
  engine: McpEngine,
  storage: McpStorage,
  scope: Scope,
  id: string,
): Promise<McpRun> {
  const known = await storage.journal?.getRun(id);
  if (known !== undefined && scope.holdsPlan(known.plan)) return engine.open(id);
  throw new MnemosyneError("E_RUN_NOT_FOUND", `There is no run '${id}' in ${scope.namespace}.`, {
    kind: "notFound",
    hint: "'runs' gives the ids that there are.",
  });
}

/** Refuses to decide for a run that a client started: who does the work must not be its judge. */
export function refuseOwnRun(id: string): void {
  if (!id.startsWith(PREFIX)) return;
  throw new MnemosyneError(
    "E_NOT_ALLOWED",
    `The run '${id}' was started by an MCP client; only a person may decide for it, with the command.`,
    {
      kind: "input",
      path: "run",
      hint: `A person can use 'mnemosyne approve ${id} TASK' or 'mnemosyne show ${id}'.`,
    },
  );
}
