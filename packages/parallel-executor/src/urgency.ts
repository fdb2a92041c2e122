import { badInput, definitionOf, type TaskGraph } from "./graph.ts";
import type { TaskSpec } from "./task.ts";

/** A fixed order of urgency: rank 0 starts first among tasks that could start. */
export interface Urgency {
  readonly rankOf: Int32Array;
  readonly taskAt: Int32Array;
}

/** Orders tasks by priority, then by the longest way from their start to the end of everything, then as given. */
export function rankTasks(specs: readonly TaskSpec[], graph: TaskGraph): Urgency {
  const estimates = estimatesOf(specs);
  const priorities = prioritiesOf(specs);
  const ways = longestWays(graph, estimates);
  const taskAt =
    estimates === undefined && priorities === undefined
      ? countingOrder(ways)
      : Int32Array.from(ways.keys()).toSorted(
          (a, b) => (priorities?.[b] ?? 0) - (priorities?.[a] ?? 0) || ways[b]! - ways[a]! || a - b,
        );
  const rankOf = new Int32Array(graph.size);
  for (let rank = 0; rank < taskAt.length; rank++) rankOf[taskAt[rank]!] = rank;
  return { rankOf, taskAt };
}

function longestWays(graph: TaskGraph, estimates: Float64Array | undefined): Float64Array | Int32Array {
  const { size, order, dependentStart, dependents } = graph;
  const ways = estimates === undefined ? new Int32Array(size) : new Float64Array(size);
  for (let at = size - 1; at >= 0; at--) {
    const index = order[at]!;
    let longest = 0;
    for (let edge = dependentStart[index]!; edge < dependentStart[index + 1]!; edge++) {
      const way = ways[dependents[edge]!]!;
      if (way > longest) longest = way;
    }
    ways[index] = longest + (estimates === undefined ? 1 : estimates[index]!);
  }
  return ways;
}

/** Indices by falling way, where ways are whole numbers from 1 to their count. */
function countingOrder(ways: Int32Array | Float64Array): Int32Array {
  let most = 0;
  for (const way of ways) if (way > most) most = way;
  const start = new Int32Array(most + 2);
  for (const way of ways) start[most - way + 1]!++;
  for (let at = 0; at <= most; at++) start[at + 1]! += start[at]!;
  const order = new Int32Array(ways.length);
  for (let index = 0; index < ways.length; index++) order[start[most - ways[index]!]!++] = index;
  return order;
}

function estimatesOf(specs: readonly TaskSpec[]): Float64Array | undefined {
  let sum = 0;
  let count = 0;
  for (let index = 0; index < specs.length; index++) {
    const estimate = definitionOf(specs[index]!)?.estimate;
    if (estimate === undefined) continue;
    if (!Number.isFinite(estimate) || estimate < 0)
      throw badInput(
        `tasks[${index}].estimate`,
        `An estimate is a number of milliseconds from 0 on, not ${estimate}.`,
      );
    sum += estimate;
    count++;
  }
  if (count === 0) return undefined;
  return Float64Array.from(specs, (spec) => definitionOf(spec)?.estimate ?? sum / count);
}

function prioritiesOf(specs: readonly TaskSpec[]): Float64Array | undefined {
  let any = false;
  for (let index = 0; index < specs.length; index++) {
    const priority = definitionOf(specs[index]!)?.priority;
    if (priority === undefined) continue;
    if (!Number.isFinite(priority))
      throw badInput(`tasks[${index}].priority`, `A priority is a number, not ${priority}.`);
    any = true;
  }
  return any ? Float64Array.from(specs, (spec) => definitionOf(spec)?.priority ?? 0) : undefined;
}
