import type { Plan, PlanCheck, PlanFinding } from "@mnemosyne/core";
import { longestPath } from "./critical-path.ts";
import { checkEnvironment, type PlanEnvironment } from "./environment.ts";
import { buildGraph, orderTasks, type Graph } from "./graph.ts";
import { checkOverlaps } from "./overlaps.ts";
import { checkReferences, type ReferringTask } from "./references.ts";

/** What a check may know beside the plan. */
export interface CheckOptions extends PlanEnvironment {
  /** How long, or how heavy, a task is, for the critical path. Default: 1 each. */
  readonly weights?: Readonly<Record<string, number>>;
}

/** Most names of a cycle that a message shows. */
const SHOWN_OF_CYCLE = 200;

/**
 * Checks a plan before anything runs: ids, dependencies, cycles, `when` and `forEach`, tasks whose `writes` overlap
 * without an order; with an environment also the names of agents, gates and tools, the model and a bound on its cost.
 * Gives the order of the tasks and the critical path too. Never throws.
 */
export function checkPlan(plan: Plan, options: CheckOptions = {}): PlanCheck {
  const { order, graph, findings: faults } = checkTasks(plan.tasks);
  const findings = [...faults, ...planRemarks(plan), ...checkEnvironment(plan, options)];
  const { weights } = options;
  const weight = (index: number): number => {
    const given = weights?.[graph.ids[index] ?? ""];
    return given === undefined || !(given >= 0) ? 1 : given;
  };
  return {
    valid: findings.every(({ severity }) => severity !== "error"),
    order: order.map((index) => graph.ids[index] ?? ""),
    criticalPath: longestPath(graph, order, weight).map((index) => graph.ids[index] ?? ""),
    findings,
  };
}

/** The checks that only need the tasks' ids and what they refer to. */
export function checkTasks(tasks: readonly ReferringTask[]): {
  readonly graph: Graph;
  readonly order: readonly number[];
  readonly findings: PlanFinding[];
} {
  const graph = buildGraph(tasks);
  const findings = checkReferences(tasks, graph);
  const { order, cycles } = orderTasks(graph);
  for (const cycle of cycles) {
    // A self-dependency has its own finding.
    if (cycle.length < 3) continue;
    const [first = 0] = cycle;
    findings.push({
      severity: "error",
      rule: "cycle",
      path: `tasks[${first}].dependsOn`,
      message: `These tasks wait for each other in a circle: ${nameCycle(graph, cycle)}.`,
      fix: "Remove one of these dependencies.",
    });
  }
  const overlaps = cycles.length === 0 ? checkOverlaps(tasks, graph, order) : [];
  return { graph, order, findings: [...findings, ...overlaps] };
}

function nameCycle(graph: Graph, cycle: readonly number[]): string {
  const names = cycle.map((index) => graph.ids[index] ?? "");
  if (names.length <= SHOWN_OF_CYCLE) return names.join(" -> ");
  const half = SHOWN_OF_CYCLE / 2;
  return `${names.slice(0, half).join(" -> ")} -> (${names.length - SHOWN_OF_CYCLE} more) -> ${names.slice(-half).join(" -> ")}`;
}

function planRemarks(plan: Plan): PlanFinding[] {
  if (plan.finalGates.length === 0 || plan.successCriteria.length > 0 || plan.goal !== "") return [];
  return [
    {
      severity: "warning",
      rule: "noCriteria",
      path: "finalGates",
      message: "The final gates judge the run, but the plan names neither a goal nor success criteria.",
      fix: "Say in 'successCriteria' what has to hold in the end.",
    },
  ];
}
