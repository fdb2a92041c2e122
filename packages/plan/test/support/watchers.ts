import {
  digest,
  openCommands,
  restoreState,
  saveRun,
  saveTask,
  snapshot,
  taskState,
  type MachineState,
  type PlanCommand,
  type SavedTask,
  type StampedInput,
  type Step,
} from "@mnemosyne/plan";
import type { Plan, TaskId } from "@mnemosyne/core";
import type { Watcher } from "./world.ts";

function fault(input: StampedInput, what: string): Error {
  return new Error(`${what} (after ${JSON.stringify(input)})`);
}

/** A task is only started when everything that it depends on, with what that added, has completed; a completed one never again. */
export class OrderWatcher implements Watcher {
  readonly #completed = new Set<TaskId>();

  beforeInput(state: MachineState, input: StampedInput): void {
    if (input.type !== "task.started") return;
    const before = taskState(state, input.task);
    this.#wasCompleted = before?.status === "completed";
  }

  #wasCompleted = false;

  afterInput(state: MachineState, input: StampedInput, result: Step): void {
    for (const fact of result.facts) {
      if (fact.type === "task.compensated") this.#completed.delete(fact.task);
      if (fact.type === "task.completed") this.#completed.add(fact.task);
    }
    if (result.stale !== undefined) return;
    if (input.type === "task.completed") this.#completed.add(input.task);
    if (input.type !== "task.started") return;
    if (this.#wasCompleted || this.#completed.has(input.task))
      throw fault(input, "A completed task was started again");
    for (const name of taskState(state, input.task)?.task.dependsOn ?? []) requireSettled(state, name, input);
    const parent = taskState(state, input.task)?.parent;
    const element = taskState(state, input.task)?.element;
    if (element !== undefined && parent !== undefined)
      for (const name of taskState(state, parent)?.task.dependsOn ?? []) requireSettled(state, name, input);
  }
}

function requireSettled(state: MachineState, id: TaskId, input: StampedInput): void {
  const found = taskState(state, id);
  if (found?.status !== "completed")
    throw fault(input, `It was started before '${id}' had completed (${found?.status})`);
  for (const child of found.children) {
    const member = taskState(state, child);
    if (member?.counts === true) requireSettled(state, child, input);
  }
}

/** What steps say is wanted is what the state says is wanted; an input that is stale changes nothing; keys close once. */
export class CommandWatcher implements Watcher {
  readonly #open = new Map<string, PlanCommand>();
  readonly #closed = new Set<string>();
  #before = "";
  #finishes = 0;
  #openings = 1;

  beforeInput(state: MachineState): void {
    this.#before = fingerprint(state);
  }

  afterInput(state: MachineState, input: StampedInput, result: Step): void {
    if (result.stale !== undefined) {
      if (fingerprint(state) !== this.#before)
        throw fault(input, `A stale input changed the state (${result.stale})`);
      return;
    }
    // A finished run only goes on when somebody opens it again.
    if (this.#finishes === this.#openings) this.#openings += 1;
    if (result.closes !== undefined) {
      if (this.#closed.has(result.closes)) throw fault(input, `'${result.closes}' was closed twice`);
      this.#closed.add(result.closes);
      const { closes } = result;
      for (const [key, { type }] of this.#open)
        if (
          closes === key ||
          (closes.startsWith(`${key}:`) && (type === "runTask" || type === "review" || type === "abort"))
        )
          this.#open.delete(key);
    }
    for (const key of result.withdrawn)
      if (!this.#open.delete(key)) throw fault(input, `'${key}' was withdrawn without having been open`);
    for (const command of result.commands)
      if (command.type === "finish") this.#finishes += 1;
      else this.#open.set(command.key, command);
    const { finished } = snapshot(state);
    if (this.#finishes !== (finished === undefined ? this.#openings - 1 : this.#openings))
      throw fault(input, `${this.#finishes} finishes in ${this.#openings} openings`);
    if (finished !== undefined) this.#open.clear();
    const told = [...this.#open.values()].map(({ type, key }) => `${type} ${key}`).toSorted();
    const wanted = openCommands(state)
      .map(({ type, key }) => `${type} ${key}`)
      .toSorted();
    if (told.join("\n") !== wanted.join("\n"))
      throw fault(input, `Told to do ${told.join(", ")} but ${wanted.join(", ")} is open`);
    this.#checkPause(state, input);
  }

  #checkPause(state: MachineState, input: StampedInput): void {
    const { status } = snapshot(state);
    if (status !== "running" && status !== "paused") return;
    const open = openCommands(state).filter(({ key }) => key !== "timer:deadline");
    const people = open.every(
      (command) => command.type === "wait" && (command.kind !== "approval" || command.subject !== undefined),
    );
    if ((status === "paused") !== (people && open.length > 0))
      throw fault(input, `The run is ${status} with ${JSON.stringify(open)} open`);
    if (open.length === 0) throw fault(input, "Nothing is open and the run goes on");
  }
}

/** Attempts and epochs never fall; compensations come in the reverse order of the last starts. */
export class NumberWatcher implements Watcher {
  readonly #last = new Map<TaskId, number>();
  readonly #started: TaskId[] = [];
  #compensated: TaskId[] = [];

  afterInput(state: MachineState, input: StampedInput, result: Step): void {
    if (result.stale !== undefined) return;
    for (const { id, attempt, epoch } of snapshot(state).tasks) {
      const number = attempt * 1000 + epoch;
      if (number < (this.#last.get(id) ?? 0)) throw fault(input, `Attempt or epoch of '${id}' fell`);
      this.#last.set(id, number);
    }
    if (input.type === "task.started") {
      const at = this.#started.indexOf(input.task);
      if (at >= 0) this.#started.splice(at, 1);
      this.#started.push(input.task);
      this.#compensated = [];
    }
    for (const command of result.commands)
      if (command.type === "compensate" && this.#compensated.at(-1) !== command.task) {
        const before = this.#compensated.at(-1);
        if (before !== undefined && this.#started.indexOf(command.task) > this.#started.indexOf(before))
          throw fault(input, `'${command.task}' started after '${before}' and is compensated after it`);
        if (taskState(state, command.task)?.task.compensate === undefined)
          throw fault(input, `'${command.task}' has no compensation`);
        const running = snapshot(state).tasks.filter(
          ({ status }) => status === "running" || status === "reviewing",
        );
        if (running.length > 0)
          throw fault(input, `Compensation began while ${running[0]?.id} was still ${running[0]?.status}`);
        this.#compensated.push(command.task);
      }
    if (result.commands.some(({ type }) => type === "restore")) this.#compensated = [];
  }
}

/** A state that is stored by task and read back is the same state, and goes on in the same way. */
export class SaveWatcher implements Watcher {
  readonly #plan: Plan;
  readonly #tasks = new Map<TaskId, SavedTask>();

  constructor(plan: Plan) {
    this.#plan = plan;
  }

  afterInput(state: MachineState, input: StampedInput, result: Step): void {
    if (result.stale !== undefined) return;
    for (const id of result.touched) {
      const saved = saveTask(state, id);
      if (saved !== undefined) this.#tasks.set(id, saved);
    }
    const read = restoreState(this.#plan, saveRun(state), this.#tasks.values());
    if (fingerprint(read) !== fingerprint(state))
      throw fault(
        input,
        `The state that was read back differs:\n${fingerprint(read)}\n${fingerprint(state)}`,
      );
  }
}

/** Everything that can be seen of a state. */
export function fingerprint(state: MachineState): string {
  return JSON.stringify([
    digest(state),
    snapshot(state),
    openCommands(state),
    snapshot(state).tasks.map(({ id }) => taskState(state, id)),
  ]);
}
