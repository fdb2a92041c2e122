import type {
  Condition,
  EscalationLevel,
  ErrorRecord,
  RunStatus,
  Task,
  TaskId,
  TaskStatus,
  WaitingFor,
} from "@mnemosyne/core";
import { waitingList } from "./conclusion.ts";
import { DEADLINE_KEY, judgeKey } from "./keys.ts";
import { openCommandOf, waitingFor } from "./opening.ts";
import type { MachineSnapshot, MachineState, PlanCommand } from "./protocol.ts";
import { cellAt, deadlineCounts, type RunState } from "./run-state.ts";
import { digestOf } from "./step.ts";
import { needsReview, type TaskCell } from "./task-cell.ts";
import { hasEffects, openUndoCommand, outcomeOf, undoQueue } from "./undo.ts";

/** A task of a run as it stands. */
export interface TaskState {
  readonly id: TaskId;
  readonly task: Task;
  readonly status: TaskStatus;
  readonly attempt: number;
  /** The current execution of the attempt; 0: not claimed yet. */
  readonly epoch: number;
  readonly escalation: EscalationLevel;
  /** An abort was asked for and it has not ended yet. */
  readonly aborting: boolean;
  /** What it does has to be judged or merged before it counts. */
  readonly needsReview: boolean;
  readonly parent?: TaskId;
  /** Whether what depends on the parent waits for it. */
  readonly counts: boolean;
  /** Tasks that it added, or its `forEach` instances. */
  readonly children: readonly TaskId[];
  /** Which element a `forEach` instance has. */
  readonly element?: { readonly index: number; readonly hash: string };
  /** What it waits for. */
  readonly waiting?: WaitingFor;
  /** Subject of the approval that it has. */
  readonly approved?: string;
  /** When its next attempt is due. */
  readonly dueAt?: string;
  readonly error?: ErrorRecord;
  readonly skipped?: "condition" | "dependency";
}

/** What a task's completion has to say for the tasks that look at its output. */
export interface OutputNeeds {
  readonly when: readonly { readonly task: TaskId; readonly condition: Condition }[];
  readonly forEach: readonly TaskId[];
}

/** The digest of a state: equal states have equal digests, in every process. 16 hex digits. */
export function digest(machine: MachineState): string {
  return digestOf(machine as RunState);
}

/** The run's status; paused: everything that is left waits for a person. */
export function runStatus(machine: MachineState): RunStatus {
  const state = machine as RunState;
  if (state.finished !== undefined) return state.finished.status;
  if (state.phase === "pending") return "pending";
  return state.paused ? "paused" : "running";
}

/** Everything that is still wanted, in plan order: what a backend has to take up after a restart. Empty when finished. */
export function openCommands(machine: MachineState): PlanCommand[] {
  const state = machine as RunState;
  if (state.phase === "finished" || state.phase === "pending") return [];
  const commands: PlanCommand[] = [];
  if (state.deadline !== undefined && deadlineCounts(state))
    commands.push({ type: "timer", key: DEADLINE_KEY, dueAt: state.deadline });
  for (const cell of state.cells) {
    const command = openCommandOf(cell);
    if (command !== undefined) commands.push(command);
  }
  if (state.undoing !== undefined) commands.push(openUndoCommand(state, state.undoing));
  if (state.phase === "judging") commands.push({ type: "judge", key: judgeKey(state) });
  return commands;
}

/** A readable copy of a run's state. */
export function snapshot(machine: MachineState): MachineSnapshot {
  const state = machine as RunState;
  return {
    status: runStatus(state),
    tasks: state.cells.map((cell) => ({
      id: cell.id,
      status: cell.status,
      attempt: cell.attempt,
      epoch: cell.epoch,
      escalation: cell.level,
      ...parentOf(state, cell),
    })),
    waiting: waitingList(state),
    inputs: state.inputs,
    ...(state.finished === undefined ? {} : { finished: state.finished }),
  };
}

/** One task as it stands; `undefined` for an id that the run does not have. */
export function taskState(machine: MachineState, id: string): TaskState | undefined {
  const state = machine as RunState;
  const cell = state.byId.get(id);
  if (cell === undefined) return undefined;
  const { extra } = cell;
  return {
    id: cell.id,
    task: cell.task,
    status: cell.status,
    attempt: cell.attempt,
    epoch: cell.epoch,
    escalation: cell.level,
    aborting: cell.aborting,
    needsReview: needsReview(cell),
    ...parentOf(state, cell),
    counts: cell.parent >= 0,
    children: (cell.members ?? []).map((index) => cellAt(state, index).id),
    ...(cell.open === "wait" ? { waiting: waitingFor(cell) } : {}),
    ...(extra?.element === undefined ? {} : { element: extra.element }),
    ...(extra?.approved === undefined ? {} : { approved: extra.approved }),
    ...(extra?.dueAt === undefined ? {} : { dueAt: extra.dueAt }),
    ...(extra?.error === undefined ? {} : { error: extra.error }),
    ...(extra?.skipped === undefined ? {} : { skipped: extra.skipped }),
  };
}

/** What the `task.completed` of a task has to carry: the conditions and lists that dependents take from its output. */
export function outputNeeds(machine: MachineState, id: string): OutputNeeds {
  const state = machine as RunState;
  const when: { readonly task: TaskId; readonly condition: Condition }[] = [];
  const forEach: TaskId[] = [];
  for (const index of state.byId.get(id)?.dependents ?? []) {
    const { task } = cellAt(state, index);
    if (task.when?.task === id) when.push({ task: task.id, condition: task.when });
    if (task.forEach === id) forEach.push(task.id);
  }
  return { when, forEach };
}

/** What a rollback would do. */
export interface RollbackScope {
  /** Tasks whose compensations would run, in this order. */
  readonly compensate: readonly { readonly task: TaskId; readonly outcome: "completed" | "unknown" }[];
  /** Every task that was begun and would be undone, in plan order. */
  readonly undone: readonly TaskId[];
  /** Tasks that stay as they are: those that had completed when `to` did. */
  readonly kept: readonly TaskId[];
}

/** What a rollback of the whole run, or of what came after the task `to`, would undo now. */
export function rollbackScope(machine: MachineState, to?: string): RollbackScope {
  const state = machine as RunState;
  const place = to === undefined ? 0 : (state.byId.get(to)?.ended ?? 0);
  return {
    compensate: undoQueue(state, place).map((cell) => ({ task: cell.id, outcome: outcomeOf(cell) })),
    undone: state.cells.filter((cell) => hasEffects(cell, place)).map(({ id }) => id),
    kept: state.cells.filter(({ ended }) => ended > 0 && ended <= place).map(({ id }) => id),
  };
}

/**
 * Why a task was skipped: the chain of task ids from the one that failed, or whose condition was false, down to it.
 * The task alone where it was not skipped; empty for an unknown id.
 */
export function pathTo(machine: MachineState, id: string): readonly TaskId[] {
  const state = machine as RunState;
  const cell = state.byId.get(id);
  if (cell === undefined) return [];
  const [cause] = cell.extra?.causes ?? [];
  if (cell.status !== "skipped" || cause === undefined) return [cell.id];
  const cameFrom = new Map<TaskId, TaskId | undefined>([[cell.id, undefined]]);
  const queue: TaskCell[] = [cell];
  for (let head = 0; head < queue.length; head++) {
    const current = queue[head] as TaskCell;
    if (current.id === cause) return chainFrom(cameFrom, cause);
    const before = [
      ...current.task.dependsOn,
      ...membersOfDependencies(state, current),
      ...originOf(state, current),
    ];
    for (const name of before) {
      const next = state.byId.get(name);
      if (next === undefined || cameFrom.has(next.id)) continue;
      cameFrom.set(next.id, current.id);
      queue.push(next);
    }
  }
  return [cause, cell.id];
}

function chainFrom(cameFrom: ReadonlyMap<TaskId, TaskId | undefined>, first: TaskId): TaskId[] {
  const path: TaskId[] = [];
  for (let at: TaskId | undefined = first; at !== undefined; at = cameFrom.get(at)) path.push(at);
  return path;
}

function membersOfDependencies(state: RunState, cell: TaskCell): readonly TaskId[] {
  return cell.task.dependsOn.flatMap((name) =>
    (state.byId.get(name)?.members ?? []).map((index) => cellAt(state, index).id),
  );
}

function originOf(state: RunState, cell: TaskCell): readonly TaskId[] {
  return cell.parent < 0 ? [] : [cellAt(state, cell.parent).id];
}

function parentOf(state: RunState, cell: TaskCell): { readonly parent?: TaskId } {
  if (cell.parent >= 0) return { parent: cellAt(state, cell.parent).id };
  return cell.extra?.origin === undefined ? {} : { parent: cell.extra.origin };
}
