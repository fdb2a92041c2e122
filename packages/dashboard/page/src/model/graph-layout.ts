import { graphlib, layout } from "@dagrejs/dagre";

/** A task's place in the picture. */
export interface NodePlace {
  readonly id: string;
  readonly x: number;
  readonly y: number;
}

/** A dependency's line, as points. */
export interface EdgePlace {
  readonly from: string;
  readonly to: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

/** The whole picture. */
export interface GraphPlace {
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly NodePlace[];
  readonly edges: readonly EdgePlace[];
}

/** Width and height of a task's box. */
export const BOX = { width: 188, height: 52 } as const;

/** Above so many tasks the columns are laid out without crossing reduction, which takes too long. */
const MOST_FOR_DAGRE = 250;

interface Vertex {
  readonly id: string;
  readonly dependsOn: readonly string[];
}

/** Places tasks from left to right in the order of their dependencies. */
export function layoutGraph(tasks: readonly Vertex[]): GraphPlace {
  return tasks.length > MOST_FOR_DAGRE ? columns(tasks) : byDagre(tasks);
}

function byDagre(tasks: readonly Vertex[]): GraphPlace {
  const graph = new graphlib.Graph();
  graph.setGraph({ rankdir: "LR", nodesep: 18, ranksep: 54, marginx: 16, marginy: 16 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { id } of tasks) graph.setNode(id, { ...BOX });
  for (const { id, dependsOn } of tasks)
    for (const before of dependsOn) if (graph.hasNode(before)) graph.setEdge(before, id);
  layout(graph);
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number };
  return {
    width,
    height,
    nodes: graph.nodes().map((id: string) => {
      const { x, y } = graph.node(id) as { x: number; y: number };
      return { id, x, y };
    }),
    edges: graph.edges().map(({ v, w }: { readonly v: string; readonly w: string }) => ({
      from: v,
      to: w,
      points: (graph.edge({ v, w }) as { points: readonly { x: number; y: number }[] }).points,
    })),
  };
}

function columns(tasks: readonly Vertex[]): GraphPlace {
  const known = new Map(tasks.map((task) => [task.id, task]));
  const rank = new Map<string, number>();
  // Plans are checked: there is no cycle, and a task's dependencies end the walk.
  const rankOf = (id: string): number => {
    const stack = [id];
    while (stack.length > 0) {
      const top = stack.at(-1) ?? "";
      const before = (known.get(top)?.dependsOn ?? []).filter((one) => known.has(one));
      const open = before.filter((one) => !rank.has(one));
      if (open.length > 0) stack.push(...open);
      else {
        rank.set(top, Math.max(-1, ...before.map((one) => rank.get(one) ?? 0)) + 1);
        stack.pop();
      }
    }
    return rank.get(id) ?? 0;
  };
  const filled = new Map<number, number>();
  const nodes = tasks.map(({ id }): NodePlace => {
    const column = rankOf(id);
    const row = filled.get(column) ?? 0;
    filled.set(column, row + 1);
    return {
      id,
      x: 16 + BOX.width / 2 + column * (BOX.width + 54),
      y: 16 + BOX.height / 2 + row * (BOX.height + 12),
    };
  });
  const at = new Map(nodes.map((node) => [node.id, node]));
  const edges = tasks.flatMap(({ id, dependsOn }) =>
    dependsOn.flatMap((before): readonly EdgePlace[] => {
      const from = at.get(before);
      const to = at.get(id);
      if (from === undefined || to === undefined) return [];
      const points = [
        { x: from.x + BOX.width / 2, y: from.y },
        { x: to.x - BOX.width / 2, y: to.y },
      ];
      return [{ from: before, to: id, points }];
    }),
  );
  const rows = Math.max(1, ...filled.values());
  return {
    width: 32 + filled.size * (BOX.width + 54) - 54,
    height: 32 + rows * (BOX.height + 12) - 12,
    nodes,
    edges,
  };
}
