import type { ErrorRecord, RunFinished, RunStatus, TaskStatus } from "@mnemosyne/core";
import { runError } from "./errors.ts";
import { DEADLINE_KEY } from "./keys.ts";
import { deadlineCounts, runDigestText, type RunState } from "./run-state.ts";
import type { TaskCell } from "./task-cell.ts";
import type { Turn } from "./turn.ts";

/** How a run ended. */
export interface Ending {
  readonly error?: ErrorRecord | undefined;
  readonly dirty?: readonly string[];
}

/** Ends the run. The fact and the command are completed by {@link sealFinish} when the digest is known. */
export function finish(turn: Turn, status: RunStatus, ending: Ending): void {
  const { state } = turn;
  if (deadlineCounts(state)) turn.withdrawn.push(DEADLINE_KEY);
  state.phase = "finished";
  state.paused = false;
  state.goal = undefined;
  const error = ending.error ?? (status === "failed" ? firstError(state) : undefined);
  const dirty = ending.dirty ?? [];
  state.finished = {
    type: "run.finished",
    status,
    tasks: {},
    digest: "",
    ...(error === undefined ? {} : { error }),
    ...(dirty.length === 0 ? {} : { dirty }),
  };
}

/** Fills in every task's status and the digest, and gives the result. */
export function sealFinish(turn: Turn): void {
  const { state } = turn;
  if (state.finished === undefined) return;
  const tasks: Record<string, TaskStatus> = {};
  for (const cell of state.cells) tasks[cell.id] = cell.status;
  const digest = state.digest.text(runDigestText(state));
  const finished: RunFinished = { ...state.finished, tasks, digest };
  state.finished = finished;
  turn.facts.push(finished);
  turn.commands.push({ type: "finish", key: "finish", finish: finished });
}

/** The error of the task that failed first. */
function firstError(state: RunState): ErrorRecord | undefined {
  let first: TaskCell | undefined;
  for (const cell of state.cells) {
    const at = cell.status === "failed" ? (cell.extra?.failedAt ?? 0) : 0;
    if (at > 0 && (first === undefined || at < (first.extra?.failedAt ?? 0))) first = cell;
  }
  return first === undefined ? undefined : runError(first, state.failed);
}
