import { DEADLINE_KEY, judgeKey } from "../keys.ts";
import { enable } from "../progress.ts";
import type { StampedInput } from "../protocol.ts";
import { releaseMembers, reopen } from "../reopening.ts";
import { cellAt, type RunState } from "../run-state.ts";
import { canSettle } from "../settlement.ts";
import { endedUndone, isEnded, isSettled, isTemplate, type TaskCell } from "../task-cell.ts";
import { FOLDED, stale, type Outcome, type Turn } from "../turn.ts";
import { reopenRun } from "./rollback.ts";

type Input<Type extends StampedInput["type"]> = Extract<StampedInput, { readonly type: Type }>;

/**
 * `retry.requested`: opens a task again that did not complete, with what it needs, what hangs on it, and whatever was
 * cancelled only because the run stopped.
 */
export function retryRequested(turn: Turn, input: Input<"retry.requested">): Outcome {
  const { state } = turn;
  const cell = state.byId.get(input.task);
  if (cell === undefined) return stale(`The run has no task '${input.task}'.`);
  if (!isEnded(cell))
    return stale(`Task '${cell.id}' is ${cell.status}; only one that has ended can be retried.`);
  if (cell.status === "completed")
    return stale(`Task '${cell.id}' is completed; a completed task never runs again.`);
  if (cell.status === "skipped" && cell.extra?.condition === false)
    return stale(`Task '${cell.id}' was left out because its condition is false.`);
  if (cell.extra?.element !== undefined && cell.parent < 0)
    return stale(`Task '${cell.id}' belongs to a list of elements that is no longer the current one.`);
  if (cell.extra?.removed === true) return stale(`Task '${cell.id}' is no longer part of the plan.`);
  const { phase } = state;
  if (phase === "undoing") return stale("The run is being rolled back.");
  if (phase === "ending") return stale("The run is being stopped; ask again when it has ended.");
  if (phase === "pending") return stale("The run has not begun.");

  const chosen = choose(state, cell);
  if (phase === "judging") turn.withdrawn.push(judgeKey(state));
  if (phase === "finished") {
    reopenRun(turn, `${input.by} asked to retry task '${cell.id}'.`);
    renewDeadline(turn);
  }
  state.phase = "running";
  const opened = chosen.map((index) => cellAt(state, index));
  for (const task of opened) {
    reopen(turn, task);
    // Elements that are made anew may be other ones: the instances come back when the new list is there.
    const source = task.task.forEach === undefined ? undefined : state.byId.get(task.task.forEach);
    if (source !== undefined && chosen.includes(source.index)) releaseMembers(turn, task);
  }
  for (const task of opened) if (task.unmet === 0) enable(turn, task);
  return FOLDED;
}

/** The tasks to open again, in plan order. */
function choose(state: RunState, cell: TaskCell): readonly number[] {
  const wanted = new Set<number>([cell.index]);
  const need = (index: number): void => {
    if (endedUndone(cellAt(state, index))) wanted.add(index);
  };
  // A set is walked in the order of insertion, so additions during the walk are reached too.
  for (const index of wanted) {
    const task = cellAt(state, index);
    for (const name of task.task.dependsOn) {
      const dependency = state.byId.get(name);
      if (dependency === undefined) continue;
      if (endedUndone(dependency)) wanted.add(dependency.index);
      else needMembers(state, dependency, wanted);
    }
    needAround(state, task, wanted, need);
  }
  for (const other of state.cells)
    if (other.status === "cancelled" && mayReopen(state, other)) wanted.add(other.index);
  for (const index of wanted) {
    const task = cellAt(state, index);
    for (const dependent of task.dependents) need(dependent);
    needAround(state, task, wanted, need);
  }
  dropBlocked(state, wanted);
  // A `forEach` task opens its instances itself.
  return [...wanted]
    .filter((index) => templateOf(state, cellAt(state, index)) === undefined)
    .toSorted((a, b) => a - b);
}

/** What waits for a task because it is a member, and what its own members still wait for. */
function needAround(
  state: RunState,
  cell: TaskCell,
  wanted: Set<number>,
  need: (index: number) => void,
): void {
  for (const member of membersOf(state, cell)) {
    if (!endedUndone(member)) needMembers(state, member, wanted);
    // One that a task added by itself comes back when that task adds it anew.
    else if (isTemplate(cell)) wanted.add(member.index);
  }
  const template = templateOf(state, cell);
  if (template !== undefined) need(template.index);
  for (let up = cell; up.parent >= 0;) {
    up = cellAt(state, up.parent);
    if (isTemplate(up)) {
      need(up.index);
      return;
    }
    if (endedUndone(up)) return;
    for (const dependent of up.dependents) need(dependent);
  }
}

/** What an agent added comes back with that agent, where that one has to begin again itself. */
function mayReopen(state: RunState, cell: TaskCell): boolean {
  if (cell.extra?.origin !== undefined || cell.extra?.removed === true) return false;
  if (cell.parent < 0) return true;
  const parent = cellAt(state, cell.parent);
  return isTemplate(parent) || !endedUndone(parent);
}

/** Takes out, again and again, what still has to wait for a task that has ended and stays as it is. */
function dropBlocked(state: RunState, wanted: Set<number>): void {
  const blocked: TaskCell[] = [];
  const check = (cell: TaskCell): void => {
    if (!wanted.has(cell.index) || mayProceed(state, cell, wanted)) return;
    wanted.delete(cell.index);
    blocked.push(cell);
  };
  for (const index of wanted) check(cellAt(state, index));
  for (let head = 0; head < blocked.length; head++) {
    let cell = blocked[head] as TaskCell;
    for (;;) {
      for (const dependent of cell.dependents) check(cellAt(state, dependent));
      if (isTemplate(cell)) for (const index of cell.members ?? []) check(cellAt(state, index));
      if (cell.parent < 0) break;
      cell = cellAt(state, cell.parent);
      check(cell);
    }
  }
}

/** Whether a task may be opened, and everything that it waits for has settled or may still do so. */
function mayProceed(state: RunState, cell: TaskCell, wanted: ReadonlySet<number>): boolean {
  if (cell.extra?.removed === true) return false;
  const template = templateOf(state, cell);
  if (template !== undefined && template.status !== "pending" && !wanted.has(template.index)) return false;
  for (const name of cell.task.dependsOn) {
    const dependency = state.byId.get(name);
    if (dependency !== undefined && !canSettle(state, dependency, wanted)) return false;
  }
  return membersOf(state, cell).every((member) =>
    endedUndone(member) ? !isTemplate(cell) || wanted.has(member.index) : canSettle(state, member, wanted),
  );
}

/** The ended tasks without which a task that counts as it stands, or goes on, could not settle. */
function needMembers(state: RunState, parent: TaskCell, wanted: Set<number>): void {
  for (const member of membersOf(state, parent)) {
    if (endedUndone(member)) wanted.add(member.index);
    else if (!isSettled(member)) needMembers(state, member, wanted);
  }
}

/** The members that count for a task. */
function membersOf(state: RunState, cell: TaskCell): readonly TaskCell[] {
  return (cell.members ?? [])
    .map((index) => cellAt(state, index))
    .filter((member) => member.parent === cell.index);
}

/** The `forEach` task of an instance, also of one whose element is gone: only its list can bring it back. */
function templateOf(state: RunState, cell: TaskCell): TaskCell | undefined {
  if (cell.extra?.element === undefined) return undefined;
  if (cell.parent >= 0) return cellAt(state, cell.parent);
  return cell.extra.origin === undefined ? undefined : state.byId.get(cell.extra.origin);
}

/** The deadline holds on, unless it has passed. */
export function renewDeadline(turn: Turn): void {
  const { state } = turn;
  if (state.deadline === undefined) return;
  if (Date.parse(state.deadline) <= Date.parse(state.at)) state.deadline = undefined;
  else turn.commands.push({ type: "timer", key: DEADLINE_KEY, dueAt: state.deadline });
}
