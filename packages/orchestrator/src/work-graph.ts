import type { Plan, TaskWork } from "@mnemosyne/core";
import { urgencyOf } from "./urgency.ts";

/** A task in the work graph. */
export interface WorkNode {
  readonly task: string;
  readonly kind: TaskWork["kind"];
  /** Longest way from a task without dependencies, from 0. */
  readonly level: number;
  /** Tasks on the longest way to the end, itself included. */
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
export function workGraph(plan: Plan): WorkGraph {
  const { remaining } = urgencyOf(plan);
  const level = levelsOf(plan);
  let longest = 0;
  for (const left of remaining.values()) longest = Math.max(longest, left);
  const levels: string[][] = [];
  const nodes = plan.tasks.map((task): WorkNode => {
    const depth = level.get(task.id) ?? 0;
    const left = remaining.get(task.id) ?? 1;
    (levels[depth] ??= []).push(task.id);
    return {
      task: task.id,
      kind: task.work.kind,
      level: depth,
      remaining: left,
      critical: depth + left === longest,
    };
  });
  const edges = plan.tasks.flatMap((task) => task.dependsOn.map((from) => ({ from, to: task.id })));
  return { nodes, edges, levels };
}

function levelsOf(plan: Plan): Map<string, number> {
  const level = new Map<string, number>();
  const open = new Map(plan.tasks.map((task) => [task.id as string, task.dependsOn.length]));
  const dependents = new Map<string, string[]>(plan.tasks.map((task) => [task.id, []]));
  for (const task of plan.tasks) for (const before of task.dependsOn) dependents.get(before)?.push(task.id);
  const ready = plan.tasks.filter((task) => task.dependsOn.length === 0).map((task): string => task.id);
  for (const id of ready) {
    const depth = level.get(id) ?? 0;
    level.set(id, depth);
    for (const after of dependents.get(id) ?? []) {
      level.set(after, Math.max(level.get(after) ?? 0, depth + 1));
      const left = (open.get(after) ?? 0) - 1;
      open.set(after, left);
      if (left === 0) ready.push(after);
    }
  }
  return level;
}
