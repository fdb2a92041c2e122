import type { Plan, Scheduler, StartableTask, TaskId } from "@mnemosyne/core";
import type { PlanCommand } from "@mnemosyne/plan";

/** The command that a task's work may begin. */
export type RunTask = Extract<PlanCommand, { readonly type: "runTask" }>;

interface Entry {
  readonly command: RunTask;
  readonly place: number;
  readonly arrival: number;
}

/** So many more than are free are shown to the scheduler at first: some may collide with what runs. */
const MARGIN = 32;

/**
 * Tasks that may start, the most urgent first. Choosing costs as much as there are free places, not as much as there
 * are tasks, unless many collide.
 */
export class StartQueue {
  readonly #scheduler: Scheduler;
  readonly #plan: Plan;
  readonly #known = new Map<string, Entry>();
  /** A heap; entries that are not known any more are dropped when they come up. */
  readonly #heap: Entry[] = [];
  #arrivals = 0;

  constructor(scheduler: Scheduler, plan: Plan) {
    this.#scheduler = scheduler;
    this.#plan = plan;
  }

  get size(): number {
    return this.#known.size;
  }

  get(key: string): RunTask | undefined {
    return this.#known.get(key)?.command;
  }

  /** Adds a task, or replaces its command of the same key. */
  add(command: RunTask): void {
    const place = this.#scheduler.urgency?.(this.#plan, command.task) ?? this.#arrivals;
    const entry = { command, place, arrival: this.#arrivals++ };
    this.#known.set(command.key, entry);
    this.#push(entry);
  }

  delete(key: string): void {
    this.#known.delete(key);
  }

  clear(): void {
    this.#known.clear();
    this.#heap.length = 0;
  }

  /** Those to start now, at most `free`; they stay in the queue until they are deleted. */
  choose(
    free: number,
    running: () => readonly StartableTask[],
    resources: (task: TaskId) => StartableTask,
  ): readonly RunTask[] {
    if (free <= 0 || this.#known.size === 0) return [];
    const seen: Entry[] = [];
    let chosen: readonly RunTask[] = [];
    for (let wanted = free + MARGIN; ; wanted *= 4) {
      while (seen.length < wanted) {
        const entry = this.#pop();
        if (entry === undefined) break;
        if (this.#known.get(entry.command.key) === entry) seen.push(entry);
      }
      const byTask = new Map(seen.map(({ command }) => [command.task as string, command]));
      const startable = [...byTask.keys()].map((task) => resources(task as TaskId));
      chosen = this.#scheduler
        .select(this.#plan, startable, running(), free)
        .flatMap((task) => byTask.get(task) ?? []);
      if (chosen.length >= free || seen.length < wanted) break;
    }
    for (const entry of seen) this.#push(entry);
    return chosen;
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = heap[up] as Entry;
      if (!before(entry, parent)) break;
      heap[at] = parent;
      at = up;
    }
    heap[at] = entry;
  }

  #pop(): Entry | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let down = 2 * at + 1;
      if (down >= heap.length) break;
      if (down + 1 < heap.length && before(heap[down + 1] as Entry, heap[down] as Entry)) down += 1;
      const child = heap[down] as Entry;
      if (!before(child, last)) break;
      heap[at] = child;
      at = down;
    }
    heap[at] = last;
    return first;
  }
}

function before(a: Entry, b: Entry): boolean {
  return a.place < b.place || (a.place === b.place && a.arrival < b.arrival);
}
