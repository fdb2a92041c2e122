import {
  MnemosyneError,
  type EscalationLevel,
  type Plan,
  type RunFinished,
  type Task,
  type TaskId,
  type TaskStatus,
} from "@mnemosyne/core";
import { waitsForPerson } from "./opening.ts";
import { MACHINE_VERSION, type MachineState } from "./protocol.ts";
import {
  addCell,
  cellAt,
  createState,
  linkCell,
  type EndingGoal,
  type Phase,
  type RunState,
  type Undoing,
} from "./run-state.ts";
import { isEnded, isSettled, type OpenKey, type TaskExtra } from "./task-cell.ts";

/** What of a run belongs to no task. Plain JSON. */
export interface SavedRun {
  readonly version: string;
  readonly at: string;
  readonly phase: Phase;
  readonly paused: boolean;
  readonly inputs: number;
  readonly order: number;
  readonly rollbacks: number;
  readonly judgements: number;
  readonly deadline?: string;
  readonly goal?: EndingGoal;
  readonly undoing?: Omit<Undoing, "to" | "error" | "dueAt"> &
    Partial<Pick<Undoing, "to" | "error" | "dueAt">>;
  readonly finished?: RunFinished;
}

/** One task of a run. Plain JSON. */
export interface SavedTask {
  readonly id: TaskId;
  /** Its place; tasks that were added to the run come after the plan's. */
  readonly index: number;
  /** Definition of a task that was added. */
  readonly task?: Task;
  readonly status: TaskStatus;
  readonly open: OpenKey;
  readonly aborting: boolean;
  readonly attempt: number;
  readonly lastAttempt: number;
  readonly epoch: number;
  readonly reviews: number;
  readonly waits: number;
  readonly level: EscalationLevel;
  readonly started: number;
  readonly ended: number;
  readonly parent?: TaskId;
  readonly extra?: TaskExtra;
}

/** The run's own part of a state, for backends that store state instead of replaying inputs. */
export function saveRun(machine: MachineState): SavedRun {
  const state = machine as RunState;
  return plain({
    version: state.version,
    at: state.at,
    phase: state.phase,
    paused: state.paused,
    inputs: state.inputs,
    order: state.order,
    rollbacks: state.rollbacks,
    judgements: state.judgements,
    deadline: state.deadline,
    goal: state.goal,
    undoing: state.undoing,
    finished: state.finished,
  }) as SavedRun;
}

/** One task's part: to be stored for every task that a step names in `touched`. `undefined` for an unknown id. */
export function saveTask(machine: MachineState, id: string): SavedTask | undefined {
  const state = machine as RunState;
  const cell = state.byId.get(id);
  if (cell === undefined) return undefined;
  return plain({
    id: cell.id,
    index: cell.index,
    task: cell.index < state.plan.tasks.length ? undefined : cell.task,
    status: cell.status,
    open: cell.open,
    aborting: cell.aborting,
    attempt: cell.attempt,
    lastAttempt: cell.lastAttempt,
    epoch: cell.epoch,
    reviews: cell.reviews,
    waits: cell.waits,
    level: cell.level,
    started: cell.started,
    ended: cell.ended,
    parent: cell.parent < 0 ? undefined : cellAt(state, cell.parent).id,
    extra: cell.extra,
  }) as SavedTask;
}

/**
 * The state of which these parts were saved. Tasks that no step ever touched need not be given. Throws `E_CONFLICT`
 * when the parts do not fit the plan, or come from another version of the machine.
 */
export function restoreState(plan: Plan, run: SavedRun, tasks: Iterable<SavedTask>): MachineState {
  if (run.version !== MACHINE_VERSION)
    throw misfit(`version '${run.version}' of the plan machine saved it, and this is '${MACHINE_VERSION}'`);
  const state = createState(plan, MACHINE_VERSION, run.at);
  const saved = [...tasks].toSorted((a, b) => a.index - b.index);
  const added = saved.filter(({ index }) => index >= plan.tasks.length);
  for (const { id, index, task } of added) {
    if (task === undefined || index !== state.cells.length)
      throw misfit(`the task '${id}' that was added to the run is not in its place`);
    addCell(state, task, -1);
  }
  for (const part of saved) restoreTask(state, part);
  relate(state);
  state.phase = run.phase;
  state.paused = run.paused;
  state.inputs = run.inputs;
  state.order = run.order;
  state.rollbacks = run.rollbacks;
  state.judgements = run.judgements;
  state.deadline = run.deadline;
  state.goal = run.goal;
  state.finished = run.finished;
  const { undoing } = run;
  state.undoing =
    undoing === undefined
      ? undefined
      : {
          ...undoing,
          to: undoing.to,
          error: undoing.error,
          dueAt: undoing.dueAt,
          dirty: [...undoing.dirty],
        };
  return state;
}

function restoreTask(state: RunState, part: SavedTask): void {
  const cell = state.cells[part.index];
  if (cell?.id !== part.id) throw misfit(`the plan has no task '${part.id}' at place ${part.index}`);
  cell.status = part.status;
  cell.open = part.open;
  cell.aborting = part.aborting;
  cell.attempt = part.attempt;
  cell.lastAttempt = part.lastAttempt;
  cell.epoch = part.epoch;
  cell.reviews = part.reviews;
  cell.waits = part.waits;
  cell.level = part.level;
  cell.started = part.started;
  cell.ended = part.ended;
  cell.parent = part.parent === undefined ? -1 : (state.byId.get(part.parent)?.index ?? -1);
  if (part.extra !== undefined) {
    cell.extra = { ...part.extra };
    cell.extraChanged = true;
  }
}

/** Everything that follows from the cells: members, counters, who waits for whom, the digest. */
function relate(state: RunState): void {
  state.unfinished = 0;
  for (const cell of state.cells) {
    cell.dependents.length = 0;
    cell.unmet = 0;
    if (!isEnded(cell)) state.unfinished += 1;
    if (cell.status === "failed") state.failed += 1;
    if (cell.open !== "none") {
      if (waitsForPerson(cell)) state.waiting.add(cell.index);
      else state.active += 1;
    }
  }
  // A member comes after its parent, so from the end every member is known to have settled or not before its parent.
  for (const cell of state.cells) {
    const origin = cell.extra?.origin;
    const parent =
      cell.parent >= 0
        ? cellAt(state, cell.parent)
        : origin === undefined
          ? undefined
          : state.byId.get(origin);
    if (parent !== undefined) (parent.members ??= []).push(cell.index);
  }
  for (const cell of state.cells.toReversed())
    if (cell.parent >= 0 && !isSettled(cell)) cellAt(state, cell.parent).children += 1;
  for (const cell of state.cells) {
    if (cell.extra?.element === undefined) linkCell(state, cell);
    state.digest.update(cell);
  }
}

/** JSON without what is not set. */
function plain(value: object): unknown {
  return JSON.parse(JSON.stringify(value));
}

function misfit(reason: string): MnemosyneError {
  return new MnemosyneError("E_CONFLICT", `The saved state does not fit: ${reason}.`, { kind: "conflict" });
}
