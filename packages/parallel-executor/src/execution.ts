import { callTuple, isThenable } from "./call-task.ts";
import { compensate } from "./compensation.ts";
import { asError, cancelledBy, dependencyFailed, stoppedBy, tookTooLong } from "./errors.ts";
import { EventFeed } from "./event-feed.ts";
import { Exclusion } from "./exclusion.ts";
import {
  CANCELLED,
  COMPENSATED,
  COMPLETED,
  FAILED,
  Fates,
  PENDING,
  RETRYING,
  RUNNING,
  SKIPPED,
} from "./fates.ts";
import { buildGraph, definitionOf, type TaskGraph } from "./graph.ts";
import { checkTask, type ExecutionSettings } from "./options.ts";
import { ReadySet } from "./ready-set.ts";
import { nextTry, RetryTimers } from "./retries.ts";
import { Slots, type Slot } from "./slot.ts";
import { TaskRun, type RunWorld } from "./task-run.ts";
import type { ExecutionResult, TaskDefinition, TaskEvent, TaskSpec, TaskTuple } from "./task.ts";
import { rankTasks, type Urgency } from "./urgency.ts";

/** Milliseconds of tasks that end at once after which timers and sockets get their turn. */
const TURN = 10;

/** One execution of a set of tasks. All of its state is its own. */
export class Execution {
  readonly #specs: readonly TaskSpec[];
  readonly #settings: ExecutionSettings;
  readonly #graph: TaskGraph;
  readonly #urgency: Urgency;
  readonly #fates: Fates;
  readonly #world: RunWorld;
  /** Dependencies of each task that have not completed yet. */
  readonly #missing: Int32Array;
  readonly #ready: ReadySet;
  readonly #exclusion: Exclusion | undefined;
  readonly #slots = new Slots(() => this.#newSlot());
  readonly #retries = new RetryTimers();
  readonly #feed: EventFeed;
  readonly #completionOrder: number[] | undefined;
  /** Why running tasks were told to stop. */
  #cancelled: Error | undefined;
  #accepting = true;
  #pumping = false;
  #yielding = false;
  #now = 0;
  #turnBegan = 0;
  #graceTimer: NodeJS.Timeout | undefined;
  #finish: () => void = () => {};

  /** Throws `E_INPUT` for tasks that could never run. */
  constructor(specs: readonly TaskSpec[], settings: ExecutionSettings) {
    this.#specs = specs;
    this.#settings = settings;
    this.#graph = buildGraph(specs);
    for (let index = 0; index < specs.length; index++) {
      const definition = definitionOf(specs[index]!);
      if (definition?.timeout !== undefined || definition?.retries !== undefined)
        checkTask(`tasks[${index}].`, definition);
    }
    this.#urgency = rankTasks(specs, this.#graph);
    this.#exclusion = Exclusion.of(specs, this.#urgency.rankOf);
    this.#fates = new Fates(this.#graph);
    this.#world = { graph: this.#graph, values: this.#fates.values };
    this.#missing = this.#graph.indegree;
    this.#ready = new ReadySet(specs.length);
    this.#completionOrder = settings.policy === "rollback" ? [] : undefined;
    this.#feed = new EventFeed(settings.onEvent, this.#graph.names, this.#fates);
  }

  /** Runs everything; never rejects for a task's failure. */
  async run(signal: AbortSignal | undefined): Promise<ExecutionResult> {
    const cancel = (): void => this.#cancel(cancelledBy(signal?.reason));
    signal?.addEventListener("abort", cancel, { once: true });
    try {
      await new Promise<void>((resolve) => {
        this.#finish = resolve;
        if (signal?.aborted === true) cancel();
        else this.#begin();
      });
      if (this.#completionOrder !== undefined && !this.#fates.allCompleted())
        await this.#compensate(this.#completionOrder);
    } finally {
      signal?.removeEventListener("abort", cancel);
      clearTimeout(this.#graceTimer);
    }
    return resultOf(this.#fates, this.#feed.error);
  }

  #begin(): void {
    this.#now = this.#turnBegan = performance.now();
    const { rankOf } = this.#urgency;
    for (let index = 0; index < this.#missing.length; index++)
      if (this.#missing[index] === 0) this.#ready.add(rankOf[index]!);
    this.#pump();
  }

  /** Starts what may start. Tasks that end at once come back here by the loop, never by recursion. */
  #pump(): void {
    if (this.#pumping || this.#yielding) return;
    this.#pumping = true;
    const { concurrency } = this.#settings;
    const { taskAt } = this.#urgency;
    const slots = this.#slots;
    while (this.#accepting && slots.running < concurrency) {
      if (this.#now - this.#turnBegan > TURN) {
        this.#yieldTurn();
        break;
      }
      const rank = this.#ready.take();
      if (rank === -1) break;
      const task = taskAt[rank]!;
      if (
        this.#fates.state[task] === PENDING &&
        (this.#exclusion === undefined || this.#exclusion.acquire(task))
      )
        this.#start(task);
      else this.#wakeWaiters(task);
    }
    this.#pumping = false;
    if (this.#fates.unsettled === 0) this.#finish();
  }

  #yieldTurn(): void {
    this.#yielding = true;
    setImmediate(() => {
      this.#yielding = false;
      this.#now = this.#turnBegan = performance.now();
      this.#pump();
    });
  }

  #wakeWaiters(task: number): void {
    if (this.#exclusion === undefined) return;
    for (const waiter of this.#exclusion.wake(task, (index) => this.#fates.state[index] === PENDING))
      this.#ready.add(this.#urgency.rankOf[waiter]!);
  }

  #start(task: number): void {
    const fates = this.#fates;
    const spec = this.#specs[task]!;
    const attempt = fates.attempts[task]! + 1;
    fates.state[task] = RUNNING;
    fates.attempts[task] = attempt;
    if (attempt === 1) fates.times[task] = this.#now;
    const slot = this.#slots.take(task);
    if (this.#feed.open) this.#feed.tell("task.started", task);
    let value: unknown;
    try {
      const definition = Array.isArray(spec) ? undefined : (spec as TaskDefinition);
      const limit = definition?.timeout ?? this.#settings.timeout;
      if (limit !== undefined) slot.timer = setTimeout(() => this.#timeOut(slot, limit), limit);
      if (definition === undefined) value = callTuple(spec as TaskTuple);
      else {
        slot.run = new TaskRun(this.#world, task, attempt);
        if (this.#cancelled !== undefined) slot.run.abort(this.#cancelled);
        value = definition.run(slot.run);
      }
      if (isThenable(value)) {
        Promise.resolve(value).then(slot.fulfilled, slot.rejected);
        return;
      }
    } catch (error) {
      slot.rejected(error);
      return;
    }
    slot.fulfilled(value);
  }

  #newSlot(): Slot {
    const slot: Slot = {
      task: -1,
      active: false,
      run: undefined,
      timer: undefined,
      fulfilled: (value) => {
        if (!this.#slots.free(slot)) return;
        this.#leave(slot.task);
        this.#complete(slot.task, value);
        this.#pump();
      },
      rejected: (error) => {
        if (!this.#slots.free(slot)) return;
        this.#leave(slot.task);
        this.#fail(slot.task, asError(error, this.#graph.names[slot.task]!));
        this.#pump();
      },
    };
    return slot;
  }

  /** A task no longer runs: its resources are free. */
  #leave(task: number): void {
    this.#now = performance.now();
    if (this.#exclusion === undefined) return;
    this.#exclusion.release(task);
    this.#wakeWaiters(task);
  }

  /** Leaves a running task behind: whatever it still does, nobody hears of it. */
  #leaveBehind(slot: Slot, reason: Error): void {
    slot.run?.abort(reason);
    this.#slots.abandon(slot);
    this.#leave(slot.task);
    this.#fail(slot.task, reason);
  }

  #timeOut(slot: Slot, limit: number): void {
    this.#leaveBehind(slot, tookTooLong(this.#graph.names[slot.task]!, limit));
    this.#pump();
  }

  #complete(task: number, value: unknown): void {
    const fates = this.#fates;
    fates.values[task] = value;
    if (fates.attempts[task]! > 1) fates.errors.delete(task);
    this.#settle(task, COMPLETED, "task.completed");
    this.#completionOrder?.push(task);
    const { dependentStart, dependents } = this.#graph;
    const { rankOf } = this.#urgency;
    const missing = this.#missing;
    const end = dependentStart[task + 1]!;
    for (let edge = dependentStart[task]!; edge < end; edge++) {
      const dependent = dependents[edge]!;
      if (--missing[dependent]! === 0 && fates.state[dependent] === PENDING)
        this.#ready.add(rankOf[dependent]!);
    }
  }

  #fail(task: number, error: Error): void {
    // What fails after it was told to stop has obeyed.
    if (this.#cancelled !== undefined)
      return this.#settle(task, CANCELLED, "task.cancelled", this.#cancelled);
    const policy = definitionOf(this.#specs[task]!)?.retries ?? this.#settings.retries;
    const next =
      policy === undefined || !this.#accepting
        ? error
        : nextTry(policy, error, this.#fates.attempts[task]!, this.#settings.random);
    if (typeof next === "number") return this.#tryAgain(task, error, next);
    this.#settle(task, FAILED, "task.failed", next);
    this.#skipDependents(task, next);
    if (this.#settings.policy !== "continue" && this.#accepting) this.#stop(task, next);
  }

  #tryAgain(task: number, error: Error, delay: number): void {
    this.#fates.state[task] = RETRYING;
    this.#fates.errors.set(task, error);
    this.#retries.wait(task, delay, () => {
      this.#fates.state[task] = PENDING;
      this.#ready.add(this.#urgency.rankOf[task]!);
      this.#now = performance.now();
      this.#pump();
    });
    this.#feed.tell("task.retried", task, error, delay);
  }

  #skipDependents(failed: number, error: Error): void {
    const { dependentStart, dependents, names } = this.#graph;
    const stack = [failed];
    let skipped: Error | undefined;
    for (let task = stack.pop(); task !== undefined; task = stack.pop())
      for (let edge = dependentStart[task]!; edge < dependentStart[task + 1]!; edge++) {
        const dependent = dependents[edge]!;
        if (this.#fates.state[dependent] !== PENDING) continue;
        skipped ??= dependencyFailed(names[failed]!, error);
        this.#fates.blame(dependent, task);
        this.#settle(dependent, SKIPPED, "task.skipped", skipped);
        stack.push(dependent);
      }
  }

  /** Policies `stop` and `rollback`: a failure ends it for what has not begun, and with `rollback` for what runs. */
  #stop(failed: number, error: Error): void {
    const { policy } = this.#settings;
    const reason = stoppedBy(this.#graph.names[failed]!, policy, error);
    this.#dropUnstarted(reason, failed);
    for (const task of this.#retries.drop())
      this.#settle(task, FAILED, "task.failed", this.#fates.errors.get(task));
    if (policy === "rollback") this.#abortRunning(reason);
  }

  #cancel(error: Error): void {
    if (this.#cancelled !== undefined) return;
    this.#dropUnstarted(error);
    for (const task of this.#retries.drop()) this.#settle(task, CANCELLED, "task.cancelled", error);
    this.#abortRunning(error);
    this.#pump();
  }

  #dropUnstarted(reason: Error, failed?: number): void {
    this.#accepting = false;
    const { state } = this.#fates;
    for (let task = 0; task < state.length; task++) {
      if (state[task] !== PENDING) continue;
      if (failed !== undefined) this.#fates.blame(task, failed);
      this.#settle(task, CANCELLED, "task.cancelled", reason);
    }
  }

  #abortRunning(reason: Error): void {
    this.#cancelled = reason;
    const running = this.#slots.active();
    if (running.length === 0) return;
    this.#graceTimer = setTimeout(() => {
      for (const slot of this.#slots.active()) this.#leaveBehind(slot, reason);
      this.#pump();
    }, this.#settings.grace);
    for (const slot of running) slot.run?.abort(reason);
  }

  async #compensate(completionOrder: readonly number[]): Promise<void> {
    for (const task of completionOrder.toReversed()) {
      const definition = definitionOf(this.#specs[task]!);
      if (definition?.compensate === undefined) continue;
      const limit = definition.timeout ?? this.#settings.timeout;
      const error = await compensate(definition, this.#fates.values[task], limit);
      if (error === undefined) {
        this.#fates.state[task] = COMPENSATED;
        this.#feed.tell("task.compensated", task);
      } else {
        this.#fates.errors.set(task, error);
        this.#feed.tell("compensation.failed", task, error);
      }
    }
  }

  #settle(task: number, state: number, type: TaskEvent["type"], error?: Error): void {
    this.#fates.settle(task, state, this.#now, error);
    if (this.#feed.open) this.#feed.tell(type, task, error);
  }
}

/** A table of many names costs more than the tasks it tells of: it is made when it is looked at. */
function resultOf(fates: Fates, eventError: Error | undefined): ExecutionResult {
  let tasks: ExecutionResult["tasks"] | undefined;
  return {
    ok: fates.allCompleted(),
    get tasks() {
      tasks ??= fates.outcomes();
      return tasks;
    },
    ...(eventError === undefined ? {} : { eventError }),
  };
}
