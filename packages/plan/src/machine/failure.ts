import type { ErrorRecord, RunFact, TaskId } from "@mnemosyne/core";
import { instanceError, runError } from "./errors.ts";
import { DEADLINE_KEY, judgeKey } from "./keys.ts";
import { abortCommand, close, withdraw } from "./opening.ts";
import { cellAt, deadlineCounts, type EndingGoal, type RunState } from "./run-state.ts";
import { endedUndone, isEnded, isTemplate, isUnopened, type TaskCell } from "./task-cell.ts";
import { extraOf, touch, type Turn } from "./turn.ts";

/**
 * A task, of which nothing is open any more, has failed for good: its dependents are skipped, and the plan's
 * `onFailure` decides about the rest. With scope `run` the whole run fails with it, whatever the plan says.
 */
export function fail(turn: Turn, cell: TaskCell, error: ErrorRecord, scope: "task" | "run" = "task"): void {
  markFailed(turn, cell, error);
  skipWhatNeeds(turn, cell, "dependency", cell.id);
  if (scope === "run") {
    failRun(turn, error);
    return;
  }
  if (turn.state.phase !== "running") return;
  switch (turn.state.plan.onFailure) {
    case "continue":
      return;
    case "stop":
      stop(turn, cell);
      return;
    case "rollback":
      beginEnding(
        turn,
        { status: "rolledBack", undo: true, error: runError(cell, turn.state.failed) },
        `The run is rolled back because task '${cell.id}' failed.`,
      );
  }
}

/** The run fails by itself: what runs is aborted, then the plan's `rollback` is honoured. */
export function failRun(turn: Turn, error: ErrorRecord): void {
  const undo = turn.state.plan.onFailure === "rollback";
  beginEnding(turn, { status: undo ? "rolledBack" : "failed", undo, error }, error.message);
}

/** A task is left out, and with it whatever needs it. */
export function skip(
  turn: Turn,
  cell: TaskCell,
  reason: "condition" | "dependency",
  causes: readonly TaskId[],
): void {
  markSkipped(turn, cell, reason, causes);
  skipWhatNeeds(turn, cell, reason, reason === "condition" ? cell.id : (causes[0] ?? cell.id));
}

/** A task ends before it was done because the run ends, or stops. */
export function cancelTask(turn: Turn, cell: TaskCell, reason: string): void {
  withdraw(turn, cell);
  markCancelled(turn, cell, reason);
}

/** An aborted execution has ended. `finished`: its work is known to have been done. */
export function endAborted(turn: Turn, cell: TaskCell, finished: boolean): void {
  close(turn, cell);
  if (finished) extraOf(turn, cell).finished = true;
  markCancelled(turn, cell, "It was aborted.");
}

/** What runs is asked to stop; what has not begun is cancelled. The goal comes when all of it has ended. */
export function beginEnding(turn: Turn, goal: EndingGoal, reason: string): void {
  const state = turn.state;
  if (state.phase === "judging") turn.withdrawn.push(judgeKey(state));
  if (deadlineCounts(state)) turn.withdrawn.push(DEADLINE_KEY);
  state.phase = "ending";
  state.goal = goal;
  state.paused = false;
  for (const cell of state.cells) {
    if (isEnded(cell)) continue;
    if (cell.status === "running" || cell.status === "reviewing") {
      if (isTemplate(cell)) markCancelled(turn, cell, reason);
      else {
        touch(turn, cell);
        cell.aborting = true;
        turn.commands.push(abortCommand(cell));
      }
    } else cancelTask(turn, cell, reason);
  }
}

function stop(turn: Turn, failed: TaskCell): void {
  const state = turn.state;
  state.phase = "stopping";
  const reason = `The run stops because task '${failed.id}' failed.`;
  for (const cell of state.cells)
    if (!isEnded(cell) && cell.status !== "running" && cell.status !== "reviewing")
      cancelTask(turn, cell, reason);
}

function markFailed(turn: Turn, cell: TaskCell, error: ErrorRecord): void {
  const state = turn.state;
  const extra = extraOf(turn, cell);
  extra.error = error;
  extra.failedAt = ++state.order;
  cell.status = "failed";
  state.unfinished -= 1;
  state.failed += 1;
  // Readers follow `task.failed`; where the input itself is one, a second would count the failure twice.
  if (turn.cause === "task.failed" && !isTemplate(cell)) return;
  turn.facts.push({
    type: "task.failed",
    task: cell.id,
    attempt: cell.attempt,
    epoch: cell.epoch,
    error,
    retryable: false,
  });
}

function markSkipped(
  turn: Turn,
  cell: TaskCell,
  reason: "condition" | "dependency",
  causes: readonly TaskId[],
): void {
  withdraw(turn, cell);
  const extra = extraOf(turn, cell);
  extra.skipped = reason;
  extra.causes = causes;
  cell.status = "skipped";
  turn.state.unfinished -= 1;
  const fact: RunFact = { type: "task.skipped", task: cell.id, attempt: cell.attempt, reason, causes };
  turn.facts.push(fact);
}

/** With a member that ends like this no `forEach` task around it can complete any more. */
/** It ends without having been done. Nothing of it may be open. */
export function markCancelled(turn: Turn, cell: TaskCell, reason: string): void {
  for (let at = cell; ; at = cellAt(turn.state, at.parent)) {
    if (at === cell || (isTemplate(at) && !isEnded(at))) {
      touch(turn, at);
      at.status = "cancelled";
      turn.state.unfinished -= 1;
      turn.facts.push({ type: "task.cancelled", task: at.id, attempt: at.attempt, reason });
    }
    if (at.parent < 0) return;
  }
}

/** What waits for an instance whose element is gone is skipped. */
export function skipDependentsOf(turn: Turn, gone: TaskCell): void {
  skipWhatNeeds(turn, gone, "dependency", gone.id);
}

/** Skips, in plan order by distance, every task that can no longer start. */
function skipWhatNeeds(turn: Turn, from: TaskCell, reason: "condition" | "dependency", cause: TaskId): void {
  const { state } = turn;
  const queue: TaskCell[] = [from];
  const causes: readonly TaskId[] = [cause];
  for (let head = 0; head < queue.length; head++) {
    const cell = queue[head] as TaskCell;
    for (const index of cell.dependents) {
      const dependent = cellAt(state, index);
      if (!isUnopened(dependent)) continue;
      markSkipped(turn, dependent, reason, causes);
      queue.push(dependent);
    }
    if (isTemplate(cell)) {
      // Instances of an earlier expansion do not come back, so what waits for them cannot start.
      for (const member of membersOf(state, cell)) if (endedUndone(member)) queue.push(member);
    } else if (cell.status === "failed") {
      for (const member of membersOf(state, cell)) {
        if (isEnded(member) || member.status === "running" || member.status === "reviewing") continue;
        markSkipped(turn, member, reason, causes);
        queue.push(member);
      }
    }
    if (cell.parent < 0) continue;
    // The parent can no longer settle: a `forEach` task has failed with its instance, and in any case nothing
    // that depends on the parent may start.
    const parent = cellAt(state, cell.parent);
    if (endedUndone(parent)) continue;
    if (isTemplate(parent)) markFailed(turn, parent, instanceError(parent, cell));
    queue.push(parent);
  }
}

function membersOf(state: RunState, cell: TaskCell): readonly TaskCell[] {
  return (cell.members ?? []).map((index) => cellAt(state, index));
}
