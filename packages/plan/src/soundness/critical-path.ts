import type { Graph } from "./graph.ts";

/** The heaviest chain of dependencies, as indices in order; the earliest in the plan among equals. */
export function longestPath(
  graph: Graph,
  order: readonly number[],
  weight: (index: number) => number,
): number[] {
  const total = new Float64Array(graph.size);
  const before = new Int32Array(graph.size).fill(-1);
  let last = -1;
  for (const index of order) {
    let best = 0;
    for (
      let edge = graph.dependencyStart[index] ?? 0;
      edge < (graph.dependencyStart[index + 1] ?? 0);
      edge++
    ) {
      const dependency = graph.dependencies[edge] ?? 0;
      const sum = total[dependency] ?? 0;
      if (before[index] === -1 || sum > best) {
        best = sum;
        before[index] = dependency;
      }
    }
    total[index] = best + weight(index);
    if (last < 0 || (total[index] ?? 0) > (total[last] ?? 0)) last = index;
  }
  const path: number[] = [];
  for (let index = last; index >= 0; index = before[index] ?? -1) path.push(index);
  return path.toReversed();
}
