import type { Task } from "@mnemosyne/core";
import { findAdditionFault } from "../addition-check.ts";
import { skip } from "../failure.ts";
import { enable } from "../progress.ts";
import type { StampedInput } from "../protocol.ts";
import { reopen } from "../reopening.ts";
import { addCell, linkCell } from "../run-state.ts";
import { canSettle } from "../settlement.ts";
import { isTemplate, type TaskCell } from "../task-cell.ts";
import { extraOf, FOLDED, stale, touch, type Outcome, type Turn } from "../turn.ts";

type Input = Extract<StampedInput, { readonly type: "task.added" }>;

/**
 * `task.added`: tasks that a running task, or a repair, adds to the run. Checked as a plan is before it starts; all of
 * them are taken or none. The dependents of the parent wait for them.
 */
export function tasksAdded(turn: Turn, input: Input): Outcome {
  const { state } = turn;
  if (state.phase !== "running") return stale("Tasks can only be added while the run goes on.");
  const parentId = input.parent ?? (input.reason === "subagent" ? input.task : undefined);
  const parent = parentId === undefined ? undefined : state.byId.get(parentId);
  if (parentId !== undefined && parent?.status !== "running" && parent?.status !== "reviewing")
    return stale(`Task '${parentId}' does not run; only a running task can add tasks that count for it.`);
  if (parent !== undefined && input.attempt !== undefined && input.attempt !== parent.attempt)
    return stale(
      `Attempt ${input.attempt} of task '${parent.id}' is not the current one (${parent.attempt}).`,
    );
  if (parent !== undefined && isTemplate(parent))
    return stale(`Task '${parent.id}' is a list of instances; an instance can add tasks.`);
  const fault = findAdditionFault(state, parent, input.tasks);
  if (fault !== undefined) return stale(fault);

  const added = input.tasks.map((task) => {
    const known = state.byId.get(task.id);
    if (known !== undefined) return takeUp(turn, known, task, parent);
    const cell = addCell(state, task, parent?.index ?? -1);
    if (parent !== undefined) (parent.members ??= []).push(cell.index);
    return cell;
  });
  if (parent !== undefined) parent.children += added.length;
  for (const cell of added) {
    touch(turn, cell);
    linkCell(state, cell);
  }
  for (const cell of added) {
    const lost = cell.task.dependsOn.find((name) => {
      const dependency = state.byId.get(name);
      return dependency !== undefined && !canSettle(state, dependency);
    });
    if (lost !== undefined) skip(turn, cell, "dependency", [lost]);
  }
  for (const cell of added) if (cell.unmet === 0) enable(turn, cell);
  return FOLDED;
}

function takeUp(turn: Turn, cell: TaskCell, task: Task, parent: TaskCell | undefined): TaskCell {
  for (const name of cell.task.dependsOn) {
    const dependents = turn.state.byId.get(name)?.dependents;
    const at = dependents?.indexOf(cell.index) ?? -1;
    if (at >= 0) dependents?.splice(at, 1);
  }
  reopen(turn, cell);
  cell.task = task;
  cell.lastAttempt = cell.attempt + task.attempts - 1;
  cell.unmet = 0;
  cell.parent = parent?.index ?? -1;
  extraOf(turn, cell).origin = undefined;
  return cell;
}
