import { checkPlan } from "../../soundness/check-plan.ts";
import { markCancelled } from "../failure.ts";
import { withdraw } from "../opening.ts";
import { openRoots } from "../progress.ts";
import type { StampedInput } from "../protocol.ts";
import { reopen } from "../reopening.ts";
import { addCell, cellAt, linkCell, type RunState } from "../run-state.ts";
import { isEnded, isSettled, isTemplate, type TaskCell } from "../task-cell.ts";
import { extraOf, FOLDED, stale, touch, type Outcome, type Turn } from "../turn.ts";
import { markCompensated } from "../undo.ts";
import { renewDeadline } from "./retry.ts";
import { reopenRun } from "./rollback.ts";

type Input = Extract<StampedInput, { readonly type: "plan.edited" }>;

/**
 * `plan.edited`: the run goes on with another plan. What is kept stays completed; everything else of the new plan has
 * not begun, with attempts that go on rising; what the new plan does not have is kept where it completed, else
 * cancelled.
 */
export function planEdited(turn: Turn, input: Input): Outcome {
  const { state } = turn;
  const fault = findFault(state, input);
  if (fault !== undefined) return stale(fault);
  if (state.phase === "finished") reopenRun(turn, `${input.by} edited the plan.`);
  renewDeadline(turn);
  state.phase = "running";
  state.plan = input.plan;

  const kept = new Set<string>(input.keep);
  const planned = new Set<string>(input.plan.tasks.map(({ id }) => id));
  const before = [...state.cells];
  for (const cell of before)
    if (cell.parent < 0 && cell.extra?.origin === undefined && !planned.has(cell.id)) remove(turn, cell);
  for (const task of input.plan.tasks) {
    const cell = state.byId.get(task.id);
    if (cell === undefined) {
      const added = addCell(state, task, -1);
      touch(turn, added);
      continue;
    }
    cell.task = task;
    if (cell.extra?.removed === true) extraOf(turn, cell).removed = undefined;
    if (kept.has(cell.id)) touch(turn, cell);
    else begin(turn, cell);
  }
  for (const id of input.compensated ?? []) {
    const cell = state.byId.get(id);
    if (cell !== undefined) markCompensated(turn, cell);
  }
  relink(state);
  for (const [id, value] of Object.entries(input.when ?? {})) {
    const cell = state.byId.get(id);
    if (cell !== undefined) extraOf(turn, cell).condition = value;
  }
  for (const [id, hashes] of Object.entries(input.forEach ?? {})) {
    const cell = state.byId.get(id);
    if (cell !== undefined) extraOf(turn, cell).elements = hashes;
  }
  openRoots(turn);
  return FOLDED;
}

function findFault(state: RunState, input: Input): string | undefined {
  const { phase } = state;
  if (phase !== "running" && phase !== "stopping" && phase !== "finished")
    return `The run is ${phase}; edit its plan when that is over.`;
  const busy = state.cells.find(
    ({ open, status }) => open === "review" || (open === "run" && status === "running"),
  );
  if (busy !== undefined) return `Task '${busy.id}' is ${busy.status}; edit the plan when nothing runs.`;
  const wrong = checkPlan(input.plan).findings.find(({ severity }) => severity === "error");
  if (wrong !== undefined) return `The plan is not sound: ${wrong.path}: ${wrong.message}`;
  const tasks = new Map(input.plan.tasks.map((task) => [task.id as string, task]));
  const kept = new Set<string>(input.keep);
  for (const id of input.keep) {
    const cell = state.byId.get(id);
    const task = tasks.get(id);
    if (cell === undefined || !isSettled(cell)) return `Task '${id}' is not completed and cannot be kept.`;
    if (task === undefined) return `Task '${id}' is kept but not part of the plan.`;
    const lost = task.dependsOn.find((name) => !kept.has(name));
    if (lost !== undefined) return `Task '${id}' is kept but depends on '${lost}', which is not.`;
  }
  for (const id of tasks.keys()) {
    const cell = state.byId.get(id);
    if (cell !== undefined && (cell.parent >= 0 || cell.extra?.origin !== undefined))
      return `Task '${id}' was added at run time under another one; give the new task another id.`;
  }
  for (const id of input.compensated ?? [])
    if (tasks.has(id) || state.byId.get(id)?.status !== "completed")
      return `Task '${id}' is not a completed task that the plan no longer has.`;
  return undefined;
}

/** A task that the plan no longer has. Completed, it stays as it is, for the list and for a rollback. */
function remove(turn: Turn, cell: TaskCell): void {
  if (cell.extra?.removed === true) return;
  extraOf(turn, cell).removed = true;
  cancelMembers(turn, cell, isSettled(cell));
  if (cell.status !== "completed") cancel(turn, cell);
}

/** A task that runs, again where it ran before. Its members come anew. */
function begin(turn: Turn, cell: TaskCell): void {
  withdraw(turn, cell);
  cancelMembers(turn, cell, false);
  reopen(turn, cell);
  if (cell.extra === undefined) return;
  const extra = extraOf(turn, cell);
  extra.condition = undefined;
  extra.elements = undefined;
}

/** Members do not count any more; with `keep` those that completed stay so. */
function cancelMembers(turn: Turn, cell: TaskCell, keep: boolean): void {
  for (const index of cell.members ?? []) {
    const member = cellAt(turn.state, index);
    if (member.parent !== cell.index) continue;
    cancelMembers(turn, member, keep);
    if (keep && member.status === "completed") continue;
    cancel(turn, member);
    if (isTemplate(cell)) continue;
    member.parent = -1;
    extraOf(turn, member).origin = cell.id;
  }
}

function cancel(turn: Turn, cell: TaskCell): void {
  const { state } = turn;
  withdraw(turn, cell);
  if (cell.status === "cancelled") return;
  if (cell.status === "failed") state.failed -= 1;
  // It counts as unfinished once more, because cancelling counts it off.
  if (isEnded(cell)) state.unfinished += 1;
  cell.ended = 0;
  markCancelled(turn, cell, "The plan was edited.");
}

/** Edges and counters anew, from the definitions and from what has settled. */
function relink(state: RunState): void {
  for (const cell of state.cells) {
    cell.dependents.length = 0;
    cell.unmet = 0;
  }
  // Members come after their parents.
  for (const cell of state.cells.toReversed()) {
    const members = (cell.members ?? []).map((index) => cellAt(state, index));
    cell.children = members.filter((member) => member.parent === cell.index && !isSettled(member)).length;
  }
  for (const cell of state.cells) {
    if (cell.extra?.removed === true) continue;
    linkCell(state, cell);
  }
}
