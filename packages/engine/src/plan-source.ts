import { definePlan, type LoadedPlan, type PlanInput, type PlanModule } from "@mnemosyne/plan";

/** A plan in any of its forms: as written, made by `definePlan`, or read by `loadPlan`. */
export type PlanSource = PlanInput | PlanModule | LoadedPlan;

/** The checked plan with its functions, and the file that it was read from. Throws `E_PLAN_INVALID`. */
export function planOf(source: PlanSource): PlanModule & { readonly path?: string } {
  return "plan" in source ? source : definePlan(source);
}
