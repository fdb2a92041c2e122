import type { TaskGraph } from "./graph.ts";
import { recordOf } from "./record.ts";
import type { TaskOutcome, TaskStatus } from "./task.ts";

/** Where a task stands: waiting for dependencies, a turn or its next try; running; or one of the final states. */
export const PENDING = 0;
export const RETRYING = 1;
export const RUNNING = 2;
export const COMPLETED = 3;
export const FAILED = 4;
export const SKIPPED = 5;
export const CANCELLED = 6;
export const COMPENSATED = 7;

const NAMES: Readonly<Record<number, TaskStatus>> = {
  [COMPLETED]: "completed",
  [FAILED]: "failed",
  [SKIPPED]: "skipped",
  [CANCELLED]: "cancelled",
  [COMPENSATED]: "compensated",
};
const LONGEST_CHAIN = 32;

/** Each task's state as it goes, in arrays: made once for an execution, whatever its tasks use. */
export class Fates {
  readonly state: Uint8Array;
  readonly values: unknown[] = [];
  readonly attempts: Int32Array;
  /** When its first try began; from its end on, how long it took. */
  readonly times: Float64Array;
  readonly errors = new Map<number, Error>();
  /** Tasks whose fate is open. */
  unsettled: number;
  readonly #graph: TaskGraph;
  /** The task because of which another did not run, and the one at the end of that chain. */
  readonly #nearest = new Map<number, number>();
  readonly #root = new Map<number, number>();

  constructor(graph: TaskGraph) {
    this.#graph = graph;
    this.unsettled = graph.size;
    this.state = new Uint8Array(graph.size);
    // Filled now: values come in any order, and an array with large gaps turns into a slow table.
    for (let index = 0; index < graph.size; index++) this.values.push(undefined);
    this.attempts = new Int32Array(graph.size);
    this.times = new Float64Array(graph.size);
  }

  /** A task's fate is known, at this time. */
  settle(task: number, state: number, now: number, error: Error | undefined): void {
    this.state[task] = state;
    this.times[task] = now - this.times[task]!;
    this.unsettled--;
    if (error !== undefined) this.errors.set(task, error);
  }

  allCompleted(): boolean {
    return this.state.every((state) => state === COMPLETED);
  }

  /** Notes that a task does not run because of another. */
  blame(task: number, nearest: number): void {
    this.#nearest.set(task, nearest);
    this.#root.set(task, this.#root.get(nearest) ?? nearest);
  }

  /** All fates by name, in the order the tasks were given. */
  outcomes(): Record<string, TaskOutcome> {
    const { names, size } = this.#graph;
    return recordOf(
      size,
      (index) => names[index]!,
      (index) => this.#outcome(index),
    );
  }

  #outcome(index: number): TaskOutcome {
    const attempts = this.attempts[index]!;
    if (this.state[index] === COMPLETED && !this.errors.has(index))
      return { status: "completed", value: this.values[index], attempts, durationMs: this.times[index]! };
    const error = this.errors.get(index);
    const causes = this.#causes(index);
    const finished = this.state[index] === COMPLETED || this.state[index] === COMPENSATED;
    return {
      status: NAMES[this.state[index]!]!,
      ...(finished ? { value: this.values[index] } : {}),
      ...(error === undefined ? {} : { error }),
      ...(causes === undefined ? {} : { causes }),
      attempts,
      ...(attempts > 0 ? { durationMs: this.times[index]! } : {}),
    };
  }

  #causes(index: number): readonly string[] | undefined {
    const { names } = this.#graph;
    const root = this.#root.get(index);
    if (root === undefined) return undefined;
    const chain: string[] = [];
    for (let at = this.#nearest.get(index); at !== undefined && at !== root; at = this.#nearest.get(at)) {
      if (chain.length === LONGEST_CHAIN - 1) break;
      chain.push(names[at]!);
    }
    return [...chain, names[root]!];
  }
}
