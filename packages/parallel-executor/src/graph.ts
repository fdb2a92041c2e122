import { MnemosyneError } from "@mnemosyne/core";
import { NameTable } from "./name-table.ts";
import type { TaskDefinition, TaskSpec } from "./task.ts";

/** Tasks and who waits for whom, as arrays of indices. */
export interface TaskGraph {
  readonly size: number;
  readonly names: readonly string[];
  /** How many dependencies each task has. */
  readonly indegree: Int32Array;
  /** Dependencies of task i: `dependencies[dependencyStart[i] .. dependencyStart[i + 1]]`. */
  readonly dependencyStart: Int32Array;
  readonly dependencies: Int32Array;
  /** Dependents of task i, in the same form. */
  readonly dependentStart: Int32Array;
  readonly dependents: Int32Array;
  /** An order in which every task stands after its dependencies. */
  readonly order: Int32Array;
}

/**
 * Reads tasks into a graph. Throws `E_INPUT` for a task without name or function, a name given twice, a dependency that
 * does not exist, and a cycle, which it names in full.
 */
export function buildGraph(specs: readonly TaskSpec[]): TaskGraph {
  const size = specs.length;
  const names: string[] = [];
  const places = new NameTable(names, size);
  let edges = 0;
  for (let index = 0; index < size; index++) {
    const name = nameOf(specs[index], index);
    if (!places.add(name, index))
      throw badInput(`tasks[${index}]`, `Two tasks are called '${name}'; give each its own name.`);
    names.push(name);
    edges += definitionOf(specs[index]!)?.dependsOn?.length ?? 0;
  }
  const indegree = new Int32Array(size);
  const dependencyStart = new Int32Array(size + 1);
  const dependencies = new Int32Array(edges);
  const dependentStart = new Int32Array(size + 1);
  let edge = 0;
  for (let index = 0; index < size; index++) {
    const dependsOn = definitionOf(specs[index]!)?.dependsOn;
    if (dependsOn !== undefined)
      for (const name of dependsOn) {
        const dependency = places.find(name);
        if (dependency === -1)
          throw badInput(
            `tasks[${index}].dependsOn`,
            `Task '${names[index]}' depends on '${name}', and there is no such task.`,
          );
        dependencies[edge++] = dependency;
        dependentStart[dependency + 1]!++;
      }
    dependencyStart[index + 1] = edge;
    indegree[index] = edge - dependencyStart[index]!;
  }
  for (let index = 0; index < size; index++) dependentStart[index + 1]! += dependentStart[index]!;
  const dependents = new Int32Array(edges);
  const free = dependentStart.slice(0, size);
  for (let index = 0; index < size; index++)
    for (let at = dependencyStart[index]!; at < dependencyStart[index + 1]!; at++)
      dependents[free[dependencies[at]!]!++] = index;
  const graph = { size, names, indegree, dependencyStart, dependencies, dependentStart, dependents };
  return { ...graph, order: topologicalOrder(graph) };
}

/** The definition of a task that is not given as a tuple. */
export function definitionOf(spec: TaskSpec): TaskDefinition | undefined {
  return Array.isArray(spec) ? undefined : (spec as TaskDefinition);
}

function nameOf(spec: TaskSpec | undefined, index: number): string {
  const isTuple = Array.isArray(spec);
  const name: unknown = isTuple ? spec[0] : (spec as Partial<TaskDefinition> | null | undefined)?.name;
  const work: unknown = isTuple ? spec[1] : (spec as Partial<TaskDefinition> | null | undefined)?.run;
  if (typeof name !== "string" || name === "")
    throw badInput(`tasks[${index}]`, "A task needs a name: [name, fn, args] or { name, run }.");
  if (typeof work !== "function")
    throw badInput(
      `tasks[${index}]`,
      `Task '${name}' has no function: give [name, fn, args] or { name, run }.`,
    );
  if (isTuple && spec[2] !== undefined && !Array.isArray(spec[2]))
    throw badInput(
      `tasks[${index}]`,
      `The arguments of task '${name}' must be an array: [name, fn, [arg, ...]].`,
    );
  return name;
}

function topologicalOrder(graph: Omit<TaskGraph, "order">): Int32Array {
  const { size, indegree, dependentStart, dependents } = graph;
  const missing = indegree.slice();
  const order = new Int32Array(size);
  let end = 0;
  for (let index = 0; index < size; index++) if (missing[index] === 0) order[end++] = index;
  for (let at = 0; at < end; at++) {
    const index = order[at]!;
    for (let edge = dependentStart[index]!; edge < dependentStart[index + 1]!; edge++) {
      const dependent = dependents[edge]!;
      if (--missing[dependent]! === 0) order[end++] = dependent;
    }
  }
  if (end < size) throw cycleError(graph, missing);
  return order;
}

/** Follows dependencies among the tasks that never became free until one comes again. */
function cycleError(graph: Omit<TaskGraph, "order">, missing: Int32Array): MnemosyneError {
  const { names, dependencyStart, dependencies } = graph;
  const seenAt = new Map<number, number>();
  const path: number[] = [];
  let index = missing.findIndex((count) => count > 0);
  while (!seenAt.has(index)) {
    seenAt.set(index, path.length);
    path.push(index);
    let next = index;
    for (let at = dependencyStart[index]!; at < dependencyStart[index + 1]!; at++)
      if (missing[dependencies[at]!]! > 0) next = dependencies[at]!;
    index = next;
  }
  const members = path.slice(seenAt.get(index)).map((member) => names[member]!);
  const shown = [...members, members[0]].join(" -> ");
  return new MnemosyneError(
    "E_INPUT",
    `Tasks wait for each other in a circle: ${shown}. Take one of these dependencies away.`,
    { kind: "input", path: "tasks", details: { cycle: members } },
  );
}

/** `E_INPUT` at a place. */
export function badInput(path: string, message: string): MnemosyneError {
  return new MnemosyneError("E_INPUT", message, { kind: "input", path });
}
