import { cellAt, type RunState } from "./run-state.ts";
import { endedUndone, isSettled, type TaskCell } from "./task-cell.ts";

/** Whether a task has settled or may still do so, when those of `reopened` are opened again. */
export function canSettle(state: RunState, cell: TaskCell, reopened?: ReadonlySet<number>): boolean {
  const pending: TaskCell[] = [cell];
  for (let head = 0; head < pending.length; head++) {
    const current = pending[head] as TaskCell;
    if (isSettled(current)) continue;
    if (reopened?.has(current.index) === true) continue;
    if (endedUndone(current)) return false;
    for (const member of current.members ?? [])
      if (cellAt(state, member).parent === current.index) pending.push(cellAt(state, member));
  }
  return true;
}
