import { Execution } from "./execution.ts";
import { badInput } from "./graph.ts";
import { settingsOf, type ExecutionSettings, type ParallelExecutorOptions } from "./options.ts";
import type { ExecutionResult, TaskSpec } from "./task.ts";

/** Options of one execution. */
export interface ExecuteOptions {
  /** Cancels it: nothing new starts, running tasks get their signal fired and `grace` milliseconds to end. */
  readonly signal?: AbortSignal;
}

/**
 * Runs functions that depend on each other, as many at a time as `concurrency` says, the longest way to the end first.
 * Every execution ends: a task's failure, timeout or cancellation is a fate with its causes, never a rejection and never
 * a hang. (A task without a timeout that never settles is waited for until the execution is cancelled.)
 * Executions of one instance know nothing of each other.
 *
 * @example
 * const executor = new ParallelExecutor({ concurrency: 4 });
 * const { ok, tasks } = await executor.executeParallel([
 *   ["read", readFile, ["a.txt", "utf8"]],
 *   { name: "count", dependsOn: ["read"], run: ({ results }) => String(results["read"]).length },
 * ]);
 */
export class ParallelExecutor {
  readonly #settings: ExecutionSettings;

  /** Throws `E_INPUT` for options that make no sense. */
  constructor(options: ParallelExecutorOptions = {}) {
    this.#settings = settingsOf(options);
  }

  /**
   * Runs the tasks and gives each one's fate. Rejects only with `E_INPUT`, before anything ran: a task without name or
   * function, two tasks of one name, an unknown dependency, or a cycle (named in full, `details.cycle`).
   */
  async executeParallel(tasks: Iterable<TaskSpec>, options: ExecuteOptions = {}): Promise<ExecutionResult> {
    const iterable = tasks as Partial<Iterable<TaskSpec>> | null | undefined;
    if (typeof iterable?.[Symbol.iterator] !== "function")
      throw badInput("tasks", "Tasks are given as an array of [name, fn, args] or { name, run, ... }.");
    return await new Execution([...tasks], this.#settings).run(options.signal);
  }
}
