/** What of a task makes the graph. */
export interface GraphTask {
  readonly id: string;
  readonly dependsOn: readonly string[];
}

/** A plan's dependencies as indices: tasks by number, edges in flat arrays. */
export interface Graph {
  readonly size: number;
  readonly ids: readonly string[];
  /** First index of each id. */
  readonly byId: ReadonlyMap<string, number>;
  /** Dependencies of task `i` are `dependencies[dependencyStart[i] .. dependencyStart[i + 1])`. */
  readonly dependencyStart: Int32Array;
  readonly dependencies: Int32Array;
  readonly dependentStart: Int32Array;
  readonly dependents: Int32Array;
}

/** The order of a graph, or the cycles that keep it from having one. */
export interface GraphOrder {
  /** Indices, dependencies first; among those that could come next the first in the plan. Empty when there is a cycle. */
  readonly order: readonly number[];
  /** One cycle for each knot: `a, b, a` means that a depends on b and b on a. */
  readonly cycles: readonly (readonly number[])[];
}

/** Builds the graph; dependencies that do not exist are left out. */
export function buildGraph(tasks: readonly GraphTask[]): Graph {
  const size = tasks.length;
  const byId = new Map<string, number>();
  for (const [index, { id }] of tasks.entries()) if (!byId.has(id)) byId.set(id, index);
  const dependencyStart = new Int32Array(size + 1);
  const found: number[] = [];
  const dependentCount = new Int32Array(size + 1);
  for (const [index, { dependsOn }] of tasks.entries()) {
    for (const name of dependsOn) {
      const dependency = byId.get(name);
      if (dependency === undefined) continue;
      found.push(dependency);
      dependentCount[dependency] = (dependentCount[dependency] ?? 0) + 1;
    }
    dependencyStart[index + 1] = found.length;
  }
  const dependencies = Int32Array.from(found);
  const dependentStart = new Int32Array(size + 1);
  for (let index = 0; index < size; index++)
    dependentStart[index + 1] = (dependentStart[index] ?? 0) + (dependentCount[index] ?? 0);
  const dependents = new Int32Array(found.length);
  const next = dependentStart.slice();
  for (let index = 0; index < size; index++)
    for (let edge = dependencyStart[index] ?? 0; edge < (dependencyStart[index + 1] ?? 0); edge++) {
      const dependency = dependencies[edge] ?? 0;
      dependents[next[dependency] ?? 0] = index;
      next[dependency] = (next[dependency] ?? 0) + 1;
    }
  return {
    size,
    ids: tasks.map(({ id }) => id),
    byId,
    dependencyStart,
    dependencies,
    dependentStart,
    dependents,
  };
}

/** Orders a graph, dependencies first and otherwise as the plan has it; or names its cycles. */
export function orderTasks(graph: Graph): GraphOrder {
  const unmet = new Int32Array(graph.size);
  const ready = new SmallestFirst(graph.size);
  for (let index = 0; index < graph.size; index++) {
    const count = (graph.dependencyStart[index + 1] ?? 0) - (graph.dependencyStart[index] ?? 0);
    unmet[index] = count;
    if (count === 0) ready.push(index);
  }
  const order: number[] = [];
  for (let index = ready.pop(); index >= 0; index = ready.pop()) {
    order.push(index);
    for (let edge = graph.dependentStart[index] ?? 0; edge < (graph.dependentStart[index + 1] ?? 0); edge++) {
      const dependent = graph.dependents[edge] ?? 0;
      const left = (unmet[dependent] ?? 0) - 1;
      unmet[dependent] = left;
      if (left === 0) ready.push(dependent);
    }
  }
  if (order.length === graph.size) return { order, cycles: [] };
  return { order: [], cycles: findCycles(graph, unmet) };
}

/** Walks from each task that could not be ordered along unordered dependencies until a walk meets itself. */
function findCycles(graph: Graph, unmet: Int32Array): number[][] {
  const walk = new Int32Array(graph.size);
  const cycles: number[][] = [];
  let number = 0;
  for (let start = 0; start < graph.size; start++) {
    if ((unmet[start] ?? 0) === 0 || walk[start] !== 0) continue;
    number += 1;
    const path: number[] = [];
    let at = start;
    while (at >= 0 && walk[at] === 0) {
      walk[at] = number;
      path.push(at);
      at = unorderedDependency(graph, unmet, at);
    }
    if (at >= 0 && walk[at] === number) cycles.push([...path.slice(path.indexOf(at)), at]);
  }
  return cycles;
}

/** Every unordered task has one: else it would have been ordered. */
function unorderedDependency(graph: Graph, unmet: Int32Array, index: number): number {
  for (let edge = graph.dependencyStart[index] ?? 0; edge < (graph.dependencyStart[index + 1] ?? 0); edge++) {
    const dependency = graph.dependencies[edge] ?? 0;
    if ((unmet[dependency] ?? 0) > 0) return dependency;
  }
  return -1;
}

/** A binary heap of task indices. */
class SmallestFirst {
  readonly #items: Int32Array;
  #length = 0;

  constructor(capacity: number) {
    this.#items = new Int32Array(capacity + 1);
  }

  push(item: number): void {
    const items = this.#items;
    let at = this.#length++;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if ((items[above] ?? 0) <= item) break;
      items[at] = items[above] ?? 0;
      at = above;
    }
    items[at] = item;
  }

  /** The smallest, or -1. */
  pop(): number {
    if (this.#length === 0) return -1;
    const items = this.#items;
    const top = items[0] ?? -1;
    const last = items[--this.#length] ?? 0;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= this.#length) break;
      if (below + 1 < this.#length && (items[below + 1] ?? 0) < (items[below] ?? 0)) below += 1;
      if ((items[below] ?? 0) >= last) break;
      items[at] = items[below] ?? 0;
      at = below;
    }
    items[at] = last;
    return top;
  }
}
