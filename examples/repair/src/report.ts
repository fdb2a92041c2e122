import path from "node:path";
import type { RunResult } from "@mnemosyne/engine";
import type { Storage } from "@mnemosyne/storage";
import type { DemoModel } from "./model.ts";

/** What the report is made from. */
export interface ReportInput {
  readonly runs: readonly RunResult[];
  readonly storage: Storage;
  readonly model: DemoModel;
  readonly workspace: string;
  readonly script: string;
}

/** Prints what was done, what was blocked and why, what it cost, what is remembered, and what to try next. */
export async function printReport({ runs, storage, model, workspace }: ReportInput): Promise<void> {
  const tasks = runs.flatMap((run) => run.tasks.map((task) => ({ ...task, run })));
  const blocked = tasks.flatMap(({ id, blocked: rejections, run }) =>
    rejections.map(({ attempt, summary }) => `${run.name}/${id}, attempt ${attempt}: ${summary}`),
  );
  print(
    "Done",
    runs.map((run) => doneLine(run)),
  );
  print("Blocked", blocked.length === 0 ? ["Nothing had to be blocked."] : blocked);
  print(
    "Cost",
    runs.map((run) => costLine(run)),
  );
  print("Remembered", await memoryLines(storage));
  if (runs.length > 1) print("Recalled by the second plan", await recalledLines(storage, runs[1]));
  if (model.scripted)
    print("Mind", [
      "A script cannot react to what was recalled; a model can. Set ANTHROPIC_API_KEY to see one.",
    ]);
  const last = runs.at(-1);
  const db = path.join(workspace, ".mnemosyne", "mnemosyne.db");
  print("Try next", [
    `node packages/cli/bin/mnemosyne.js show ${last?.runId ?? ""} --db ${db}`,
    `node packages/cli/bin/mnemosyne.js recall "rounding" --namespace project:parcel-rates --db ${db}`,
  ]);
}

function print(title: string, lines: readonly string[]): void {
  console.log(`\n${title}`);
  for (const line of lines) console.log(`  ${line}`);
}

function doneLine(run: RunResult): string {
  const completed = run.tasks.filter(({ status }) => status === "completed");
  const changed = [...new Set(run.tasks.flatMap((task) => task.changed))];
  return `${run.name}: ${run.status}, ${completed.length} of ${run.tasks.length} tasks${
    changed.length === 0 ? "" : `, changed ${changed.join(", ")}`
  }`;
}

function costLine({ name, usage, tasks }: RunResult): string {
  const tokens = usage.inputTokens + usage.outputTokens + usage.cacheReadTokens + usage.cacheWriteTokens;
  const times = tasks
    .flatMap(({ startedAt, endedAt }) => [startedAt, endedAt])
    .filter((time) => time !== undefined);
  const seconds =
    times.length === 0 ? 0 : (Math.max(...times.map(Date.parse)) - Math.min(...times.map(Date.parse))) / 1000;
  return `${name}: ${usage.calls} model calls, ${tokens} tokens, ${usage.usd.toFixed(4)} USD, ${seconds.toFixed(1)} s`;
}

async function memoryLines(storage: Storage): Promise<string[]> {
  const memories = await storage.listRecent({ namespace: "project:parcel-rates", limit: 10 });
  return memories.length === 0
    ? ["Nothing: only judged work is remembered."]
    : memories.map(({ summary }) => summary);
}

async function recalledLines(storage: Storage, run: RunResult | undefined): Promise<string[]> {
  const events = run === undefined ? [] : await storage.journal.read(run.runId);
  const lines = new Set<string>();
  for (const event of events) {
    if (event.type !== "context.assembled") continue;
    for (const id of event.recalled) {
      const memory = await storage.get(id);
      if (memory !== undefined) lines.add(`${event.task}: ${memory.summary}`);
    }
  }
  return lines.size === 0 ? ["Nothing was recalled."] : [...lines];
}
