import { MnemosyneError, type Plan } from "@mnemosyne/core";
import { checkPlan } from "../soundness/check-plan.ts";
import { invalidPlan } from "../invalid-plan.ts";
import { MACHINE_VERSION, type Step } from "./protocol.ts";
import { createState } from "./run-state.ts";

/**
 * The state of a run that has not begun; `run.started` opens its first tasks. Throws `E_PLAN_INVALID` for a plan that
 * is not sound.
 */
export function start(plan: Plan, at = "1970-01-01T00:00:00.000Z"): Step {
  if (Number.isNaN(Date.parse(at)))
    throw new MnemosyneError("E_INPUT", `'${at}' is not an ISO 8601 time.`, { kind: "input", path: "at" });
  const { findings } = checkPlan(plan);
  if (findings.some(({ severity }) => severity === "error")) throw invalidPlan(findings, plan.name);
  return {
    state: createState(plan, MACHINE_VERSION, at),
    commands: [],
    withdrawn: [],
    touched: [],
    facts: [],
  };
}
