import { existsSync } from "node:fs";
import type { Json } from "@mnemosyne/core";
import type { StoredPlan } from "@mnemosyne/engine";
import { loadPlan, type PlanFunctions } from "@mnemosyne/plan";

/** The functions of a run's plan, read again from the module that it was loaded from. Undefined for plans without any. */
export async function storedModule(record: { readonly plan: Json }): Promise<PlanFunctions | undefined> {
  const { plan, source } = record.plan as unknown as StoredPlan;
  const hasFunctions = plan.tasks.some(
    ({ work, compensate }) =>
      work.kind === "function" || (compensate !== undefined && "function" in compensate),
  );
  if (!hasFunctions || source === undefined || !existsSync(source)) return undefined;
  return await loadPlan(source);
}
