import type { Command } from "commander";
import type { Attach } from "./verb.ts";

const actions = () => import("./review-action.ts");

/** The verb that reviews a folder without a plan. */
export function addReviewCommand(program: Command, attach: Attach): void {
  attach(
    program
      .command("review")
      .description(
        "Judges what changed in a folder, with the gates that tasks have. No plan, engine or database.",
      )
      .option("--workspace <dir>", "the folder, in a git repository or not", ".")
      .option(
        "--base <rev>",
        "what changes count from (else HEAD if something is not committed, the merge base with upstream, the empty tree)",
      )
      .option("--report <file>", "a report in Markdown whose claims are looked up")
      .option("--gates <a,b>", "gates, by name (else all but intent)")
      .option("--test-command <line>", "runs the tests (else what the project's files say)")
      .option("--format <format>", "text, json, sarif or github")
      .option("--model <id>", "the model of the gate intent")
      .option("--script <file>", "a script plays the model's part"),
    async (session, options) => (await actions()).review(session, options),
  );
}
