import type { Command } from "commander";
import { addPlanNewCommand } from "./plan-new-command.ts";
import type { Attach } from "./verb.ts";

const actions = () => import("./plan-actions.ts");

/** The verbs that check plans. */
export function addPlanCommands(program: Command, attach: Attach): void {
  const plan = program.command("plan").description("Checks plans and shows what they may say.");
  attach(
    plan
      .command("check")
      .description("Checks a plan: faults, order, critical path, vague tasks. Runs nothing.")
      .argument("<file>", "the plan"),
    async (session, options, file) => (await actions()).checkPlan(session, options, file),
  );
  attach(plan.command("schema").description("Prints the JSON Schema of plan files."), async (session) =>
    (await actions()).printSchema(session),
  );
  addPlanNewCommand(plan, attach);
}
