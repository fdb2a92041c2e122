import path from "node:path";
import { isMnemosyneError, type PlanCheck, type PlanFinding } from "@mnemosyne/core";
import { loadPlan, planJsonSchema } from "@mnemosyne/plan";
import type { Command } from "commander";
import { openEngine } from "../runs/run-session.ts";
import type { Session } from "../session.ts";
import { checkText } from "./plan-text.ts";
import type { Attach } from "./verb.ts";

/** The verbs that check plans. */
export function addPlanCommands(program: Command, attach: Attach): void {
  const plan = program.command("plan").description("Checks plans and shows what they may say.");
  attach(
    plan
      .command("check")
      .description("Checks a plan: faults, order, critical path, vague tasks. Runs nothing.")
      .argument("<file>", "the plan"),
    checkPlan,
  );
  attach(plan.command("schema").description("Prints the JSON Schema of plan files."), async ({ output }) => {
    output.line(JSON.stringify(planJsonSchema(), undefined, output.json ? undefined : 2));
    return await Promise.resolve(0);
  });
}

async function checkPlan(session: Session, _options: unknown, file = ""): Promise<number> {
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

async function checkFile(
  file: string,
  engine: { checkPlan(plan: Awaited<ReturnType<typeof loadPlan>>): PlanCheck },
): Promise<PlanCheck> {
  try {
    return engine.checkPlan(await loadPlan(file));
  } catch (error) {
    if (!isMnemosyneError(error) || error.code !== "E_PLAN_INVALID" || !Array.isArray(error.details)) throw error;
    // A file that is no plan at all is the answer to the question, not a failure of the check.
    return { valid: false, order: [], criticalPath: [], findings: error.details as unknown as PlanFinding[] };
  }
}
