import type { RunRecord } from "@mnemosyne/core";
import type { NotUndone, PlanEdit, RollbackPreview, RunReport, TaskReport } from "@mnemosyne/engine";
import { allTokens } from "../runs/progress.ts";

/** A list of runs for people. */
export function runLines(runs: readonly RunRecord[]): string {
  if (runs.length === 0) return "There are no runs here yet; 'mnemosyne run PLAN' begins one.";
  const width = Math.max(...runs.map(({ runId }) => runId.length));
  return runs
    .map(
      ({ runId, status, name, startedAt, usage }) =>
        `${runId.padEnd(width)}  ${status.padEnd(10)}  ${startedAt.toISOString()}  ${name}${
          usage.calls === 0 ? "" : `  ${allTokens(usage)} tokens, ${usage.usd.toFixed(4)} USD`
        }`,
    )
    .join("\n");
}

/** A run for people. */
export function reportText(report: RunReport): string {
  const { runId, status, name, goal, usage, error, waiting, dirty } = report;
  const lines = [`${runId}  ${status}  ${name}${goal === "" ? "" : `: ${goal.trim()}`}`];
  for (const task of report.tasks) lines.push(...taskLines(task));
  for (const wait of waiting) lines.push(`? ${wait.task} waits: ${wait.text}`);
  if (error !== undefined) lines.push(`error: ${error.message}`);
  if (dirty !== undefined && dirty.length > 0) lines.push(`not undone: ${dirty.join(", ")}`);
  if (usage.calls > 0)
    lines.push(`used: ${usage.calls} model calls, ${allTokens(usage)} tokens, ${usage.usd.toFixed(4)} USD`);
  return lines.join("\n");
}

function taskLines({ id, status, attempts, gates, blocked, errors, changed }: TaskReport): string[] {
  const judged = gates.map(({ gate, verdict }) => `${gate} ${verdict}`).join(", ");
  return [
    `  ${status.padEnd(11)} ${id}${attempts > 1 ? ` (attempt ${attempts})` : ""}${judged === "" ? "" : `  [${judged}]`}`,
    ...blocked.map(({ attempt, summary }) => `              attempt ${attempt} was blocked: ${summary}`),
    ...errors.map(({ attempt, message }) => `              attempt ${attempt} failed: ${message}`),
    ...(changed.length === 0 ? [] : [`              changed ${changed.join(", ")}`]),
  ];
}

/** What a rollback would do, for people. */
export function rollbackText(preview: RollbackPreview): string {
  const { tasks, compensations, files, memories, cannotUndo } = preview;
  if (tasks.length === 0) return "There is nothing to undo.";
  return [
    `would undo ${tasks.join(", ")}`,
    ...compensations.map((each) => `  compensate ${each.task} (${each.outcome}): ${each.with}`),
    ...files.map((path) => `  put back ${path}`),
    ...(memories.length === 0 ? [] : [`  quarantine ${memories.length} memories`]),
    ...cannotUndo.map(notUndoneText),
  ].join("\n");
}

/** Something that a rollback leaves as it is. */
export function notUndoneText({ task, path, reason }: NotUndone): string {
  return `cannot undo ${path ?? `what ${task} did`}: ${reason}`;
}

/** What an edit of a plan means for each task, for people. */
export function editText({ tasks }: PlanEdit): string {
  const width = Math.max(...tasks.map(({ task }) => task.length));
  return tasks
    .map(({ task, action, reason }) => `${action.padEnd(7)} ${task.padEnd(width)}  ${reason}`)
    .join("\n");
}
