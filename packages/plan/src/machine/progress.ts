import type { PayloadRef, TaskId } from "@mnemosyne/core";
import { deniedError, missingInputError } from "./errors.ts";
import { fail, skip, skipDependentsOf } from "./failure.ts";
import { close, openRun, openWait } from "./opening.ts";
import { dropMember, reopen } from "./reopening.ts";
import { addCell, cellAt } from "./run-state.ts";
import { endedUndone, isSettled, isTemplate, isUnopened, type TaskCell } from "./task-cell.ts";
import { extraOf, touch, type Turn } from "./turn.ts";

/** Most instances of one `forEach` task. */
export const MOST_INSTANCES = 1_000_000;

/** What a completion carries for dependents. */
export interface Completion {
  readonly output?: PayloadRef;
  readonly tree?: string;
  readonly when?: Readonly<Record<string, boolean>>;
  readonly forEach?: Readonly<Record<string, readonly string[]>>;
}

/** A task is done; whatever waited for it may go on. */
export function complete(turn: Turn, cell: TaskCell, completion: Completion): void {
  close(turn, cell);
  markCompleted(turn, cell);
  deliver(turn, cell, completion);
  if (isSettled(cell)) settle(turn, cell);
}

/** Opens every task that waits for nothing. */
export function openRoots(turn: Turn): void {
  const count = turn.state.cells.length;
  for (let index = 0; index < count; index++) {
    const cell = cellAt(turn.state, index);
    if (cell.unmet === 0) enable(turn, cell);
  }
}

/** Opens a task whose dependencies have all settled: its work, or what has to come before. */
export function enable(turn: Turn, cell: TaskCell): void {
  if (!isUnopened(cell) || turn.state.phase !== "running") return;
  const { task, extra } = cell;
  if (task.when !== undefined) {
    if (extra?.condition === undefined) {
      fail(turn, cell, missingInputError(cell, "when", task.when.task));
      return;
    }
    if (!extra.condition) {
      skip(turn, cell, "condition", [task.when.task]);
      return;
    }
  }
  if (task.forEach !== undefined) expand(turn, cell, task.forEach);
  else begin(turn, cell);
}

/** Releases the dependents of everything that has settled in this turn. Call it once at the end of a change. */
export function release(turn: Turn): void {
  const { state, settled } = turn;
  for (let head = 0; head < settled.length; head++) {
    const cell = settled[head] as TaskCell;
    for (const index of cell.dependents) {
      const dependent = cellAt(state, index);
      dependent.unmet -= 1;
      if (dependent.unmet === 0) enable(turn, dependent);
    }
    if (cell.parent < 0) continue;
    const parent = cellAt(state, cell.parent);
    parent.children -= 1;
    if (parent.children > 0) continue;
    if (isTemplate(parent) && parent.status === "running") completeTemplate(turn, parent);
    else if (isSettled(parent)) settled.push(parent);
  }
  settled.length = 0;
}

/** Notes that a cell has settled; {@link release} does the rest. */
export function settle(turn: Turn, cell: TaskCell): void {
  turn.settled.push(cell);
}

/** Begins an enabled task: with its approval, where it needs one that it does not have yet. */
export function begin(turn: Turn, cell: TaskCell): void {
  const { task, extra } = cell;
  if (task.approval === undefined || extra?.approved !== undefined) {
    openRun(turn, cell);
    return;
  }
  const early = extra?.decision;
  if (early !== undefined && !early.granted) {
    fail(turn, cell, deniedError(`Task '${cell.id}'`, early.by, early.reason));
    return;
  }
  openWait(turn, cell, { kind: "approval", text: task.approval });
}

function markCompleted(turn: Turn, cell: TaskCell): void {
  const { state } = turn;
  touch(turn, cell);
  cell.status = "completed";
  cell.ended = ++state.order;
  state.unfinished -= 1;
}

/** Gives dependents what their `when` and `forEach` need, also those that a later retry may open again. */
function deliver(turn: Turn, cell: TaskCell, completion: Completion): void {
  const { state } = turn;
  if (completion.when !== undefined)
    for (const [id, value] of Object.entries(completion.when)) {
      const dependent = state.byId.get(id);
      if (dependent?.task.when?.task === cell.id) extraOf(turn, dependent).condition = value;
    }
  if (completion.forEach !== undefined)
    for (const [id, hashes] of Object.entries(completion.forEach)) {
      const dependent = state.byId.get(id);
      if (dependent?.task.forEach === cell.id) extraOf(turn, dependent).elements = hashes;
    }
}

function completeTemplate(turn: Turn, cell: TaskCell): void {
  markCompleted(turn, cell);
  turn.facts.push({ type: "task.completed", task: cell.id, attempt: cell.attempt, epoch: cell.epoch });
  settle(turn, cell);
}

/** Makes one instance for each element. Those of an earlier expansion are taken up again; completed ones stay. */
function expand(turn: Turn, cell: TaskCell, from: TaskId): void {
  const { state } = turn;
  const hashes = cell.extra?.elements ?? earlierElements(turn, cell);
  if (hashes === undefined || hashes.length > MOST_INSTANCES) {
    fail(turn, cell, missingInputError(cell, "forEach", from));
    return;
  }
  const extra = extraOf(turn, cell);
  extra.elements = undefined;
  cell.status = "running";
  cell.members ??= [];
  cell.children = 0;
  const begun: TaskCell[] = [];
  for (const [index, hash] of hashes.entries()) {
    const instance = instanceOf(turn, cell, index);
    if (isSettled(instance)) continue;
    cell.children += 1;
    extraOf(turn, instance).element = { index, hash };
    if (extra.decision !== undefined) extraOf(turn, instance).decision = extra.decision;
    if (isUnopened(instance)) begun.push(instance);
  }
  for (const index of cell.members) {
    const member = cellAt(state, index);
    const beyond = (member.extra?.element?.index ?? 0) >= hashes.length;
    if (member.parent === cell.index && beyond && !isSettled(member)) dropMember(turn, cell, member);
    if (member.parent !== cell.index) skipDependentsOf(turn, member);
  }
  if (cell.children === 0) completeTemplate(turn, cell);
  else for (const instance of begun) if (state.phase === "running") begin(turn, instance);
}

/** The hashes of an earlier expansion whose list of elements still holds. */
function earlierElements(turn: Turn, cell: TaskCell): readonly string[] | undefined {
  const members = (cell.members ?? [])
    .map((index) => cellAt(turn.state, index))
    .filter((member) => member.parent === cell.index);
  return members.length === 0 ? undefined : members.map((member) => member.extra?.element?.hash ?? "");
}

/** The instance of an element: a new task, or the one of that place as it stands, opened again if it ended undone. */
function instanceOf(turn: Turn, template: TaskCell, index: number): TaskCell {
  const { state } = turn;
  const id = `${template.id}.${index}` as TaskId;
  const known = state.byId.get(id);
  if (known !== undefined) {
    touch(turn, known);
    known.parent = template.index;
    if (endedUndone(known)) reopen(turn, known);
    return known;
  }
  const { when: _when, forEach: _forEach, ...rest } = template.task;
  const cell = addCell(state, { ...rest, id }, template.index);
  template.members?.push(cell.index);
  turn.facts.push({
    type: "task.added",
    task: id,
    attempt: cell.attempt,
    reason: "forEach",
    parent: template.id,
  });
  return cell;
}
