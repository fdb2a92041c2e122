import { definitionOf } from "./graph.ts";
import type { TaskSpec } from "./task.ts";

/** Who holds which resource, and who waits for it, most urgent first. */
export class Exclusion {
  readonly #needs: readonly (readonly number[] | undefined)[];
  readonly #held: Uint8Array;
  readonly #waiting: number[][];
  readonly #rankOf: Int32Array;

  private constructor(
    needs: readonly (readonly number[] | undefined)[],
    resources: number,
    rankOf: Int32Array,
  ) {
    this.#needs = needs;
    this.#held = new Uint8Array(resources);
    this.#waiting = Array.from({ length: resources }, () => []);
    this.#rankOf = rankOf;
  }

  /** `undefined` when no task names a resource. */
  static of(specs: readonly TaskSpec[], rankOf: Int32Array): Exclusion | undefined {
    if (!specs.some((spec) => (definitionOf(spec)?.resources?.length ?? 0) > 0)) return undefined;
    const ids = new Map<string, number>();
    const idOf = (name: string): number => {
      const id = ids.get(name) ?? ids.size;
      ids.set(name, id);
      return id;
    };
    const needs = specs.map((spec) => {
      const names = definitionOf(spec)?.resources;
      return names === undefined || names.length === 0 ? undefined : [...new Set(names)].map(idOf);
    });
    return new Exclusion(needs, ids.size, rankOf);
  }

  /** Takes all that the task needs, or none and lets it wait for one of them. */
  acquire(task: number): boolean {
    const needs = this.#needs[task];
    if (needs === undefined) return true;
    const busy = needs.find((resource) => this.#held[resource] === 1);
    if (busy !== undefined) {
      this.#push(this.#waiting[busy]!, task);
      return false;
    }
    for (const resource of needs) this.#held[resource] = 1;
    return true;
  }

  /** Gives back what the task held. */
  release(task: number): void {
    for (const resource of this.#needs[task] ?? []) this.#held[resource] = 0;
  }

  /** For each free resource of this task: the most urgent that waits for it and still wants to run, taken off its list. */
  *wake(task: number, wanted: (task: number) => boolean): Iterable<number> {
    for (const resource of this.#needs[task] ?? []) {
      if (this.#held[resource] === 1) continue;
      let waiter = this.#pop(this.#waiting[resource]!);
      while (waiter !== undefined && !wanted(waiter)) waiter = this.#pop(this.#waiting[resource]!);
      if (waiter !== undefined) yield waiter;
    }
  }

  #push(heap: number[], task: number): void {
    let at = heap.push(task) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#rankOf[heap[parent]!]! <= this.#rankOf[task]!) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = task;
  }

  #pop(heap: number[]): number | undefined {
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && this.#rankOf[heap[child + 1]!]! < this.#rankOf[heap[child]!]!) child++;
      if (this.#rankOf[heap[child]!]! >= this.#rankOf[last]!) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}
