import type { Plan, TaskWork } from "@mnemosyne/core";
import type { Urgency, Weigh } from "./urgency.ts";

/** A task in the work graph. */
export interface WorkNode {
  readonly task: string;
  readonly kind: TaskWork["kind"];
  /** Longest way from a task without dependencies, from 0. */
  readonly level: number;
  /** Weight of the longest way to the end, itself included; without weights, the number of tasks on it. */
  readonly remaining: number;
  /** Whether it lies on a longest way through the plan: a delay here delays the whole. */
  readonly critical: boolean;
}

/** `to` depends on `from`. */
export interface WorkEdge {
  readonly from: string;
  readonly to: string;
}

/** A plan as a graph, for faces that draw it. */
export interface WorkGraph {
  /** In the plan's order. */
  readonly nodes: readonly WorkNode[];
  readonly edges: readonly WorkEdge[];
  /** Tasks by level: those of one level do not depend on each other. */
  readonly levels: readonly (readonly string[])[];
}

/** The work graph of a sound plan. */
export function workGraph(plan: Plan, { remaining }: Urgency, weigh: Weigh): WorkGraph {
  const ahead = waysTo(plan, weigh);
  let longest = 0;
  for (const left of remaining.values()) longest = Math.max(longest, left);
  // Weights are added up from both ends, so sums that mean the same may differ in the last digits.
  const almost = longest * (1 - 1e-9);
  const levels: string[][] = [];
  const nodes = plan.tasks.map((task): WorkNode => {
    const { level, weight } = ahead.get(task.id) ?? { level: 0, weight: 0 };
    const left = remaining.get(task.id) ?? 0;
    (levels[level] ??= []).push(task.id);
    return { task: task.id, kind: task.work.kind, level, remaining: left, critical: weight + left >= almost };
  });
  const edges = plan.tasks.flatMap((task) => task.dependsOn.map((from) => ({ from, to: task.id })));
  return { nodes, edges, levels };
}

/** The longest ways from the plan's beginning to each task, itself left out. */
function waysTo(plan: Plan, weigh: Weigh): Map<string, { level: number; weight: number }> {
  const ways = new Map(plan.tasks.map((task) => [task.id as string, { level: 0, weight: 0 }]));
  const open = new Map(plan.tasks.map((task) => [task.id as string, task.dependsOn.length]));
  const dependents = new Map<string, string[]>(plan.tasks.map((task) => [task.id, []]));
  for (const task of plan.tasks) for (const before of task.dependsOn) dependents.get(before)?.push(task.id);
  const ready = plan.tasks.filter((task) => task.dependsOn.length === 0).map((task): string => task.id);
  for (const id of ready) {
    const way = ways.get(id);
    if (way === undefined) continue;
    for (const after of dependents.get(id) ?? []) {
      const next = ways.get(after);
      if (next === undefined) continue;
      next.level = Math.max(next.level, way.level + 1);
      next.weight = Math.max(next.weight, way.weight + weigh(id));
      const left = (open.get(after) ?? 0) - 1;
      open.set(after, left);
      if (left === 0) ready.push(after);
    }
  }
  return ways;
}
