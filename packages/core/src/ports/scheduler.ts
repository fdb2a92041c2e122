import type { Plan } from "../plan/plan.ts";

/** A task that could start. */
export interface StartableTask {
  readonly task: string;
  readonly reads: readonly string[];
  readonly writes: readonly string[] | undefined;
}

/** A fault or remark of a plan. */
export interface PlanFinding {
  /** `error` keeps the plan from running. */
  readonly severity: "error" | "warning";
  /** Stable name, e.g. `cycle`. */
  readonly rule: string;
  /** Where, e.g. `tasks[2].dependsOn[0]`. */
  readonly path: string;
  readonly message: string;
  /** What to do. */
  readonly fix?: string;
  /** Place in the plan file, from 1, where the file's format tells. */
  readonly line?: number;
  readonly column?: number;
}

/** What a check of a plan found. */
export interface PlanCheck {
  readonly valid: boolean;
  /** Tasks in an order that respects every dependency. Empty when there is a cycle. */
  readonly order: readonly string[];
  readonly criticalPath: readonly string[];
  readonly findings: readonly PlanFinding[];
}

/** Decides what runs next. The orchestrator implements it. */
export interface Scheduler {
  check(plan: Plan): PlanCheck;
  /** Which of the startable tasks to start now, most urgent first, at most `free` of them and none that collides with a running one. */
  select(
    plan: Plan,
    startable: readonly StartableTask[],
    running: readonly StartableTask[],
    free: number,
  ): readonly string[];
  /**
   * Place of a task in the plan's order of urgency, from 0. Where it is given, a long backlog is kept in that order and
   * `select` sees only its beginning.
   */
  urgency?(plan: Plan, task: string): number;
}
