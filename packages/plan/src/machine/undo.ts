import type { TaskId } from "@mnemosyne/core";
import { dirtyError } from "./errors.ts";
import { finish } from "./finish.ts";
import { compensateKey, compensationTimerKey, restoreKey } from "./keys.ts";
import type { PlanCommand } from "./protocol.ts";
import { unsettle } from "./reopening.ts";
import { cellAt, type EndingGoal, type RunState, type Undoing } from "./run-state.ts";
import { isSettled, type TaskCell } from "./task-cell.ts";
import { extraOf, touch, type Turn } from "./turn.ts";

/** Begins the compensations: one after the other, in the reverse order of when the tasks were last started. */
export function beginUndo(turn: Turn, goal: EndingGoal): void {
  const { state } = turn;
  const kept = goal.to === undefined ? 0 : (state.byId.get(goal.to)?.ended ?? 0);
  state.phase = "undoing";
  state.goal = undefined;
  state.rollbacks += 1;
  state.undoing = {
    to: goal.to,
    error: goal.error,
    kept,
    queue: undoQueue(state, kept).map((cell) => cell.index),
    position: 0,
    tries: 0,
    dueAt: undefined,
    restoring: false,
    dirty: [],
  };
  compensateNext(turn, state.undoing);
}

/** The tasks to compensate, the last claimed first. */
export function undoQueue(state: RunState, kept: number): readonly TaskCell[] {
  return state.cells
    .filter((cell) => cell.task.compensate !== undefined && hasEffects(cell, kept))
    .toSorted((a, b) => b.started - a.started);
}

/** Whether the work that is undone is known to have finished. */
export function outcomeOf(cell: TaskCell): "completed" | "unknown" {
  return cell.status === "completed" || cell.extra?.finished === true ? "completed" : "unknown";
}

/** Whether there is anything to undo after a place in the run. */
export function hasEffects(cell: TaskCell, kept: number): boolean {
  return cell.started > 0 && !(cell.ended > 0 && cell.ended <= kept);
}

/** The task that is being compensated. */
export function compensating(state: RunState): TaskCell | undefined {
  const { undoing } = state;
  const index = undoing?.restoring === false ? undoing.queue[undoing.position] : undefined;
  return index === undefined ? undefined : cellAt(state, index);
}

/** Gives the current compensation a try, or goes on to the files when none is left. */
export function compensateNext(turn: Turn, undoing: Undoing): void {
  const { state } = turn;
  undoing.dueAt = undefined;
  const cell = compensating(state);
  if (cell === undefined) {
    undoing.restoring = true;
    turn.commands.push(restoreCommand(state, undoing));
    return;
  }
  undoing.tries += 1;
  const extra = extraOf(turn, cell);
  extra.compensations = (extra.compensations ?? 0) + 1;
  turn.commands.push(compensateCommand(cell));
}

/** Done with the current compensation, however it went. */
export function compensationEnded(turn: Turn, undoing: Undoing): void {
  undoing.position += 1;
  undoing.tries = 0;
  compensateNext(turn, undoing);
}

/** The files are back: whatever had effects is undone now, except what could not be compensated. */
export function restored(turn: Turn, undoing: Undoing): void {
  const { state } = turn;
  for (const cell of state.cells) {
    // One with a compensation is undone already, or stands because that failed.
    if (cell.started > 0 && cell.task.compensate !== undefined) continue;
    if (cell.status === "completed" && cell.ended > undoing.kept) markCompensated(turn, cell);
    else if (hasEffects(cell, undoing.kept)) {
      touch(turn, cell);
      cell.started = 0;
    }
  }
  const { dirty, error } = undoing;
  state.undoing = undefined;
  if (dirty.length === 0) finish(turn, "rolledBack", { error });
  else finish(turn, "failed", { error: dirtyError(dirty, error), dirty });
}

/** A task's effects are undone. */
export function markCompensated(turn: Turn, cell: TaskCell): void {
  touch(turn, cell);
  if (isSettled(cell)) unsettle(turn, cell);
  if (cell.status === "failed") turn.state.failed -= 1;
  cell.status = "compensated";
  cell.started = 0;
  cell.ended = 0;
  turn.facts.push({ type: "task.compensated", task: cell.id, attempt: cell.attempt });
}

/** What stands when a rollback is given up. */
export function standing(state: RunState, undoing: Undoing): readonly string[] {
  const tasks = undoing.queue.slice(undoing.position).map((index) => `task:${cellAt(state, index).id}`);
  return [...undoing.dirty, ...(undoing.restoring ? [] : tasks), "workspace"];
}

/** The commands of a rollback that are open. */
export function openUndoCommand(state: RunState, undoing: Undoing): PlanCommand {
  const cell = compensating(state);
  if (cell === undefined) return restoreCommand(state, undoing);
  if (undoing.dueAt !== undefined)
    return { type: "timer", key: compensationTimerKey(cell), dueAt: undoing.dueAt };
  return compensateCommand(cell);
}

function compensateCommand(cell: TaskCell): PlanCommand {
  return {
    type: "compensate",
    key: compensateKey(cell),
    task: cell.id,
    attempt: cell.extra?.compensations ?? 1,
    outcome: outcomeOf(cell),
  };
}

function restoreCommand(state: RunState, undoing: Undoing): PlanCommand {
  const to: { to?: TaskId } = undoing.to === undefined ? {} : { to: undoing.to };
  return { type: "restore", key: restoreKey(state), ...to };
}
