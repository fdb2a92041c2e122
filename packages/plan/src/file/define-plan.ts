import type { Plan, Task } from "@mnemosyne/core";
import { invalidPlan } from "../invalid-plan.ts";
import { checkForm } from "./form-check.ts";
import { normaliseTask, type TaskDefaults } from "./normalise.ts";
import { checkPlanData } from "./parse-plan.ts";
import type { PlanFunctions, PlanInput, TaskInput } from "./plan-input.ts";

/** A plan with the functions that its tasks name: what a plan module exports by default. */
export interface PlanModule extends PlanFunctions {
  readonly plan: Plan;
}

/** A plan that is ready to run. */
export interface PreparedPlan extends PlanModule {
  /** Hash of the plan, see `planHash`. */
  readonly hash: string;
  /** Absolute path of the file that it came from. */
  readonly path?: string;
}

/**
 * A plan written in TypeScript or JavaScript, checked as a file is; tasks may be functions. Throws `E_PLAN_INVALID`.
 * The workspace stays as written (default `.`): `loadPlan` makes it absolute.
 *
 * @example
 * export default definePlan({
 *   version: 1,
 *   tasks: [{ id: "count", function: () => 3 }, { id: "show", dependsOn: ["count"], run: "cat $MNEMOSYNE_INPUTS" }],
 * });
 */
export function definePlan(input: PlanInput): PlanModule {
  const name = input.name ?? "plan";
  const { normal, findings } = checkPlanData(input, "module", name);
  if (normal === undefined) throw invalidPlan(findings, name);
  return normal;
}

/**
 * One task with every default filled in, for tasks that are added to a run (`spawn`). Its form is checked; whether it
 * fits the run is checked when it is added. Functions are not possible there. Throws `E_PLAN_INVALID`.
 */
export function defineTask(input: TaskInput, plan?: Pick<Plan, "sandbox">): Task {
  const { value, findings } = checkForm({ version: 1, tasks: [input] }, "file");
  const [task] = value?.tasks ?? [];
  if (task === undefined) throw invalidPlan(findings, typeof input.id === "string" ? input.id : "task");
  const defaults: TaskDefaults = {
    gates: ["facts", "noTodos", "completeness"].map((gate) => ({ gate, with: {} })),
    sandbox: plan?.sandbox ?? "preferred",
  };
  return normaliseTask(task, defaults);
}

/** Whether a module's default export was made by {@link definePlan}. */
export function isPlanModule(value: unknown): value is PlanModule {
  return (
    typeof value === "object" &&
    value !== null &&
    "plan" in value &&
    "functions" in value &&
    "compensations" in value &&
    "outputs" in value
  );
}
