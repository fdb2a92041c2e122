import type { Plan } from "@mnemosyne/core";
import { invalidPlan } from "../invalid-plan.ts";
import { checkPlan } from "../soundness/check-plan.ts";
import { definePlan, isPlanModule, type PlanModule, type PreparedPlan } from "./define-plan.ts";
import type { PlanInput } from "./plan-input.ts";
import { planHash } from "./plan-hash.ts";

/** A plan in any form: as written, as `definePlan` or `loadPlan` gives it, or checked. */
export type PlanSource = PlanInput | PlanModule | Plan;

/**
 * Brings a plan of any form into the one that is run. Throws `E_PLAN_INVALID`. Asynchronous, as reading a plan is, so
 * that every fault comes as a rejection.
 */
export async function preparePlan(source: PlanSource): Promise<PreparedPlan> {
  const module = await Promise.resolve(source).then(moduleOf);
  return { ...module, hash: planHash(module.plan) };
}

function moduleOf(source: PlanSource): PlanModule {
  if (isPlanModule(source)) return source;
  if (!isChecked(source)) return definePlan(source);
  const { findings } = checkPlan(source);
  if (findings.some(({ severity }) => severity === "error")) throw invalidPlan(findings, source.name);
  return { plan: source, functions: {}, compensations: {}, outputs: {} };
}

/** A checked plan's tasks say in `work` what they do; no plan as written has that key. */
function isChecked(source: PlanInput | Plan): source is Plan {
  const tasks: unknown = source.tasks;
  return (
    Array.isArray(tasks) &&
    tasks.length > 0 &&
    tasks.every((task: unknown) => typeof task === "object" && task !== null && "work" in task)
  );
}
