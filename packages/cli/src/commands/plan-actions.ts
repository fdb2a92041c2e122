import path from "node:path";
import { isMnemosyneError, type PlanCheck, type PlanFinding } from "@mnemosyne/core";
import type { OrchestrationEngine } from "@mnemosyne/engine";
import { loadPlan, planJsonSchema } from "@mnemosyne/plan";
import { openEngine } from "../runs/run-session.ts";
import type { Session } from "../session.ts";
import { checkText } from "./plan-text.ts";

/** Checks a plan's file with what the config plugs in. */
export async function checkPlan(session: Session, _options: unknown, file = ""): Promise<number> {
  const { output, terminal } = session;
  const wired = await openEngine(session);
  try {
    const check = await checkFile(path.resolve(terminal.cwd, file), wired.engine);
    output.result(check, checkText(check));
    return check.valid ? 0 : 2;
  } finally {
    await wired.close();
  }
}

/** Prints the JSON Schema of plan files. */
export function printSchema({ output }: Session): number {
  output.line(JSON.stringify(planJsonSchema(), undefined, output.json ? undefined : 2));
  return 0;
}

async function checkFile(file: string, engine: OrchestrationEngine): Promise<PlanCheck> {
  try {
    return engine.checkPlan(await loadPlan(file));
  } catch (error) {
    if (!isMnemosyneError(error) || error.code !== "E_PLAN_INVALID" || !Array.isArray(error.details))
      throw error;
    // A file that is no plan at all is the answer to the question, not a failure of the check.
    return { valid: false, order: [], criticalPath: [], findings: error.details as unknown as PlanFinding[] };
  }
}
