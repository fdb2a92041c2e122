import type { ErrorRecord, Plan, RunFinished, Task, TaskId } from "@mnemosyne/core";
import { TaskDigest } from "./digest.ts";
import type { Turn } from "./turn.ts";
import { createCell, isSettled, type TaskCell } from "./task-cell.ts";

/** Where a run stands. */
export type Phase =
  /** Not begun: `run.started` is still to come. */
  | "pending"
  | "running"
  /** A task has failed for good: nothing new starts, what runs ends by itself. */
  | "stopping"
  /** What runs was asked to stop; the goal comes when all of it has ended. */
  | "ending"
  /** Compensations, then the files. */
  | "undoing"
  /** The final gates look at the whole. */
  | "judging"
  | "finished";

/** What comes when everything that was aborted has ended. */
export interface EndingGoal {
  readonly status: "failed" | "cancelled" | "rolledBack";
  /** Undo, up to what came after `to`. */
  readonly undo: boolean;
  readonly to?: TaskId;
  /** Why, for the result. */
  readonly error?: ErrorRecord;
}

/** A rollback under way. */
export interface Undoing {
  readonly to: TaskId | undefined;
  readonly error: ErrorRecord | undefined;
  /** Completions up to this place stay. */
  readonly kept: number;
  /** Indices of the tasks to compensate, in this order. */
  readonly queue: readonly number[];
  position: number;
  /** Tries of the current one. */
  tries: number;
  /** Set while the current one waits for its next try. */
  dueAt: string | undefined;
  restoring: boolean;
  readonly dirty: string[];
}

/** A run's state: one mutable object, changed in place by `step` only. */
export interface RunState {
  readonly version: string;
  plan: Plan;
  readonly cells: TaskCell[];
  readonly byId: Map<string, TaskCell>;
  readonly digest: TaskDigest;
  /** Indices of tasks that wait for a person. */
  readonly waiting: Set<number>;
  /** Latest time seen, ISO 8601. */
  at: string;
  phase: Phase;
  paused: boolean;
  /** Inputs folded. */
  inputs: number;
  /** Counts claims, completions and failures. */
  order: number;
  /** Open keys of tasks that will be closed without a person. */
  active: number;
  /** Tasks that have not ended. */
  unfinished: number;
  failed: number;
  deadline: string | undefined;
  goal: EndingGoal | undefined;
  undoing: Undoing | undefined;
  /** Rollbacks, and judgements of the whole, so far: they number the keys. */
  rollbacks: number;
  judgements: number;
  finished: RunFinished | undefined;
  /** Of the step that is being taken, or was taken last. */
  turn: Turn | undefined;
}

/** The state of a plan that was checked, before its `run.started`. */
export function createState(plan: Plan, version: string, at: string): RunState {
  const state: RunState = {
    version,
    plan,
    cells: [],
    byId: new Map(),
    digest: new TaskDigest(plan.tasks.length),
    waiting: new Set(),
    at,
    phase: "pending",
    paused: false,
    inputs: 0,
    order: 0,
    active: 0,
    unfinished: 0,
    failed: 0,
    deadline: undefined,
    goal: undefined,
    undoing: undefined,
    rollbacks: 0,
    judgements: 0,
    finished: undefined,
    turn: undefined,
  };
  for (const task of plan.tasks) addCell(state, task, -1);
  for (const cell of state.cells) linkCell(state, cell);
  return state;
}

/** Appends a task; its dependencies are linked by {@link linkCell} when all cells exist. */
export function addCell(state: RunState, task: Task, parent: number): TaskCell {
  const cell = createCell(state.cells.length, task, parent);
  state.cells.push(cell);
  state.byId.set(cell.id, cell);
  state.digest.add(cell);
  state.unfinished += 1;
  return cell;
}

/** Enters a cell with the tasks that it depends on and counts those that are not settled. */
export function linkCell(state: RunState, cell: TaskCell): void {
  for (const name of cell.task.dependsOn) {
    const dependency = state.byId.get(name);
    if (dependency === undefined) continue;
    const { dependents } = dependency;
    const last = dependents.at(-1);
    dependents.push(cell.index);
    // In plan order always, so that what follows does not depend on when a task was linked.
    if (last !== undefined && last > cell.index) dependents.sort((a, b) => a - b);
    if (!isSettled(dependency)) cell.unmet += 1;
  }
}

/** The cell at an index that is known to exist. */
export function cellAt(state: RunState, index: number): TaskCell {
  return state.cells[index] as TaskCell;
}

/** Part of the digest that belongs to no task. */
export function runDigestText(state: RunState): string {
  const undoing = state.undoing;
  return [
    state.version,
    state.phase,
    state.paused,
    state.inputs,
    state.order,
    state.cells.length,
    state.deadline,
    state.rollbacks,
    state.judgements,
    JSON.stringify(state.goal),
    undoing === undefined
      ? ""
      : [undoing.position, undoing.tries, undoing.dueAt, undoing.restoring, ...undoing.dirty].join(","),
    state.finished?.status,
  ].join("|");
}

/** Whether the run's deadline is open: while there is work, never for a rollback. */
export function deadlineCounts(state: RunState): boolean {
  const { phase, deadline } = state;
  return deadline !== undefined && (phase === "running" || phase === "stopping" || phase === "judging");
}
