import type { Graph } from "./graph.ts";

/** Does `later` wait, through any number of tasks, for `earlier`? Both are indices. */
export interface ReachabilityQuery {
  readonly earlier: number;
  readonly later: number;
}

/** Steps of one walk before its question is put off to a sweep. */
const WALK_LIMIT = 200;
/** Questions that one sweep over the graph answers. */
const LANES = 32;

/**
 * Answers many questions of order in one go: at first by short walks, the rest 32 at a time by sweeps over the whole
 * graph, so that no question costs more than a 32nd of a sweep.
 */
export function areOrdered(
  graph: Graph,
  order: readonly number[],
  queries: readonly ReachabilityQuery[],
): boolean[] {
  const position = new Int32Array(graph.size);
  for (const [place, index] of order.entries()) position[index] = place;
  const answers: boolean[] = [];
  const open: number[] = [];
  const seen = new Int32Array(graph.size).fill(-1);
  for (const [number, query] of queries.entries()) {
    const answer = walk(graph, position, seen, number, query);
    answers.push(answer === true);
    if (answer === undefined) open.push(number);
  }
  for (let from = 0; from < open.length; from += LANES)
    sweep(graph, order, queries, open.slice(from, from + LANES), answers);
  return answers;
}

/** Walks back from `later`; nothing that stands before `earlier` in the order can lead to it. */
function walk(
  graph: Graph,
  position: Int32Array,
  seen: Int32Array,
  number: number,
  { earlier, later }: ReachabilityQuery,
): boolean | undefined {
  const floor = position[earlier] ?? 0;
  if ((position[later] ?? 0) <= floor) return false;
  const stack = [later];
  let steps = 0;
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    for (let edge = graph.dependencyStart[at] ?? 0; edge < (graph.dependencyStart[at + 1] ?? 0); edge++) {
      const dependency = graph.dependencies[edge] ?? 0;
      if (dependency === earlier) return true;
      if (++steps > WALK_LIMIT) return undefined;
      if (seen[dependency] === number || (position[dependency] ?? 0) < floor) continue;
      seen[dependency] = number;
      stack.push(dependency);
    }
  }
  return false;
}

/** Each lane is a bit that spreads from its `earlier` to all that waits for it. */
function sweep(
  graph: Graph,
  order: readonly number[],
  queries: readonly ReachabilityQuery[],
  numbers: readonly number[],
  answers: boolean[],
): void {
  const reached = new Int32Array(graph.size);
  for (const [lane, number] of numbers.entries()) {
    const earlier = queries[number]?.earlier ?? 0;
    reached[earlier] = (reached[earlier] ?? 0) | (1 << lane);
  }
  for (const index of order) {
    let bits = reached[index] ?? 0;
    for (let edge = graph.dependencyStart[index] ?? 0; edge < (graph.dependencyStart[index + 1] ?? 0); edge++)
      bits |= reached[graph.dependencies[edge] ?? 0] ?? 0;
    reached[index] = bits;
  }
  for (const [lane, number] of numbers.entries()) {
    const later = queries[number]?.later ?? 0;
    answers[number] = ((reached[later] ?? 0) & (1 << lane)) !== 0;
  }
}
