import { backoff } from "../attempts.ts";
import { beginEnding } from "../failure.ts";
import { compensateKey, compensationTimerKey, restoreKey } from "../keys.ts";
import type { StampedInput } from "../protocol.ts";
import type { RunState, Undoing } from "../run-state.ts";
import { FOLDED, extraOf, stale, type Outcome, type Turn } from "../turn.ts";
import {
  beginUndo,
  compensating,
  compensationEnded,
  hasEffects,
  markCompensated,
  restored,
} from "../undo.ts";
import type { TaskCell } from "../task-cell.ts";

type Input<Type extends StampedInput["type"]> = Extract<StampedInput, { readonly type: Type }>;

/** Tries of one compensation in one rollback. */
const COMPENSATION_TRIES = 3;

/** `rollback.requested`: undoes everything, or what had not completed when `to` did. */
export function rollbackRequested(turn: Turn, input: Input<"rollback.requested">): Outcome {
  const { state } = turn;
  const to = input.to === undefined ? undefined : state.byId.get(input.to);
  if (input.to !== undefined && to === undefined) return stale(`The run has no task '${input.to}'.`);
  if (to !== undefined && to.status !== "completed")
    return stale(
      `Task '${to.id}' is ${to.status}; only the state after a completed task can be gone back to.`,
    );
  const kept = to?.ended ?? 0;
  const reason = `${input.by} asked for a rollback.`;
  const goal = { status: "rolledBack", undo: true, ...(to === undefined ? {} : { to: to.id }) } as const;
  switch (state.phase) {
    case "pending":
      return stale("The run has not begun: there is nothing to undo.");
    case "undoing":
      return stale("The run is being rolled back already.");
    case "ending":
      if (state.goal?.undo === true) return stale("The run is being rolled back already.");
      return stale("The run is being stopped; ask again when it has ended.");
    case "finished":
      if (!state.cells.some((cell) => hasEffects(cell, kept))) return stale("There is nothing to undo.");
      reopenRun(turn, reason);
      beginUndo(turn, goal);
      return FOLDED;
    case "running":
    case "stopping":
    case "judging":
    default:
      beginEnding(turn, goal, reason);
      return FOLDED;
  }
}

/** `compensation.completed`: one task is undone. */
export function compensationCompleted(turn: Turn, input: Input<"compensation.completed">): Outcome {
  const open = openCompensation(turn.state, input);
  if (open === undefined) return noCompensation(input);
  const closes = compensateKey(open.cell);
  markCompensated(turn, open.cell);
  compensationEnded(turn, open.undoing);
  return { closes };
}

/** `compensation.failed`: another try after a delay; the last one leaves the task standing. */
export function compensationFailed(turn: Turn, input: Input<"compensation.failed">): Outcome {
  const open = openCompensation(turn.state, input);
  if (open === undefined) return noCompensation(input);
  const { cell, undoing } = open;
  const closes = compensateKey(cell);
  if (undoing.tries < COMPENSATION_TRIES) {
    undoing.dueAt = backoff(turn.state.at, undoing.tries, input.jitter);
    turn.commands.push({ type: "timer", key: compensationTimerKey(cell), dueAt: undoing.dueAt });
  } else {
    extraOf(turn, cell).error = input.error;
    undoing.dirty.push(`task:${cell.id}`);
    compensationEnded(turn, undoing);
  }
  return { closes };
}

/** `workspace.restored`: the files are back; the rollback is over. */
export function workspaceRestored(turn: Turn, input: Input<"workspace.restored">): Outcome {
  const { state } = turn;
  const { undoing } = state;
  if (undoing?.restoring !== true) return stale("No restoring of the workspace is open.");
  const closes = restoreKey(state);
  for (const path of input.conflicts ?? []) undoing.dirty.push(`path:${path}`);
  restored(turn, undoing);
  return { closes };
}

/** A finished run has work again. */
export function reopenRun(turn: Turn, reason: string): void {
  turn.state.finished = undefined;
  turn.facts.push({ type: "run.resumed", reason });
}

function openCompensation(
  state: RunState,
  input: { readonly task: string; readonly attempt: number },
): { readonly cell: TaskCell; readonly undoing: Undoing } | undefined {
  const { undoing } = state;
  const cell = compensating(state);
  if (undoing === undefined || cell === undefined || undoing.dueAt !== undefined) return undefined;
  if (cell.id !== input.task || cell.extra?.compensations !== input.attempt) return undefined;
  return { cell, undoing };
}

function noCompensation(input: { readonly task: string; readonly attempt: number }): Outcome {
  return stale(`'compensate:${input.task}:${input.attempt}' is not open.`);
}
