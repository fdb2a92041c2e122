import type { TaskGraph } from "./graph.ts";
import { recordOf } from "./record.ts";
import type { TaskContext } from "./task.ts";

/** What all tries of an execution share. */
export interface RunWorld {
  readonly graph: TaskGraph;
  /** What the tasks gave, by index. */
  readonly values: readonly unknown[];
}

/** What one try of a task sees. Signal and results are made when they are read. */
export class TaskRun implements TaskContext {
  readonly attempt: number;
  readonly #world: RunWorld;
  readonly #task: number;
  /** The signal's controller once it is read; before that the reason it would be aborted with. */
  #abortion: AbortController | Error | undefined;

  constructor(world: RunWorld, task: number, attempt: number) {
    this.#world = world;
    this.#task = task;
    this.attempt = attempt;
  }

  get name(): string {
    return this.#world.graph.names[this.#task]!;
  }

  get signal(): AbortSignal {
    if (this.#abortion instanceof AbortController) return this.#abortion.signal;
    const controller = new AbortController();
    if (this.#abortion !== undefined) controller.abort(this.#abortion);
    this.#abortion = controller;
    return controller.signal;
  }

  get results(): Readonly<Record<string, unknown>> {
    const { graph, values } = this.#world;
    const start = graph.dependencyStart[this.#task]!;
    return recordOf(
      graph.dependencyStart[this.#task + 1]! - start,
      (at) => graph.names[graph.dependencies[start + at]!]!,
      (at) => values[graph.dependencies[start + at]!],
    );
  }

  /** Fires the signal, now or as soon as anybody reads it. */
  abort(reason: Error): void {
    if (this.#abortion instanceof AbortController) this.#abortion.abort(reason);
    else this.#abortion ??= reason;
  }
}
