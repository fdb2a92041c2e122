import { cellAt } from "./run-state.ts";
import { endedUndone, isEnded, isSettled, isTemplate, type TaskCell } from "./task-cell.ts";
import { extraOf, touch, type Turn } from "./turn.ts";

/**
 * Makes an ended task one that has not begun, with a new allowance of attempts. Attempt numbers go on rising; what it
 * learnt about its failures is forgotten; an approval stands unless the task was undone.
 */
export function reopen(turn: Turn, cell: TaskCell): void {
  const { state } = turn;
  if (cell.status === "failed") state.failed -= 1;
  if (isEnded(cell)) state.unfinished += 1;
  const undone = cell.status === "compensated";
  touch(turn, cell);
  cell.status = "pending";
  if (cell.epoch > 0) cell.attempt += 1;
  cell.lastAttempt = cell.attempt + cell.task.attempts - 1;
  cell.epoch = 0;
  cell.reviews = 0;
  cell.level = "none";
  cell.ended = 0;
  if (cell.extra !== undefined) {
    const extra = extraOf(turn, cell);
    extra.error = undefined;
    extra.failedAt = undefined;
    extra.skipped = undefined;
    extra.causes = undefined;
    extra.finished = undefined;
    extra.fingerprints = undefined;
    if (undone) {
      extra.approved = undefined;
      extra.decision = undefined;
    }
  }
  if (!isTemplate(cell)) releaseMembers(turn, cell);
}

/** A settled cell is about to be undone: its dependents wait again, and so do those of a parent that it counts for. */
export function unsettle(turn: Turn, cell: TaskCell): void {
  let current = cell;
  for (;;) {
    for (const index of current.dependents) cellAt(turn.state, index).unmet += 1;
    if (current.parent < 0) return;
    const parent = cellAt(turn.state, current.parent);
    const settled = isSettled(parent);
    parent.children += 1;
    if (!settled) return;
    current = parent;
  }
}

/** A task that starts afresh adds its members anew: those that did not come to anything no longer count for it. */
export function releaseMembers(turn: Turn, cell: TaskCell): void {
  for (const index of cell.members ?? []) {
    const member = cellAt(turn.state, index);
    if (member.parent !== cell.index || !endedUndone(member)) continue;
    dropMember(turn, cell, member);
    cell.children -= 1;
  }
}

/** A member that does not count for its parent any more. */
export function dropMember(turn: Turn, parent: TaskCell, member: TaskCell): void {
  member.parent = -1;
  extraOf(turn, member).origin = parent.id;
}
