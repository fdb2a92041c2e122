import type { Command } from "commander";
import type { Attach } from "./verb.ts";

const actions = () => import("./plan-new-action.ts");

/** The verb that lets a model write a plan. */
export function addPlanNewCommand(plan: Command, attach: Attach): void {
  attach(
    plan
      .command("new")
      .description(
        "Lets a model take a prompt through spec, test plan and plan. Writes four files that trace to each other.",
      )
      .argument("<prompt>", "what is wanted")
      .option("--out <dir>", "where the files go (else plans/NAME)")
      .option("--skip <a,b>", "phases to leave out: spec, fullSpec, plan")
      .option("--force", "overwrite files that are there")
      .option("--model <id>", "the model")
      .option("--script <file>", "a script plays the model's part"),
    async (session, options, prompt) => (await actions()).newPlan(session, options, prompt),
  );
}
