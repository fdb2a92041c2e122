import { Option, type Command } from "commander";
import { wholeNumber } from "../numbers.ts";
import type { ContextOptions, SkillsOptions } from "./context-actions.ts";
import type {
  ApplyOptions,
  ExportOptions,
  ImportOptions,
  RevertOptions,
  ShowOptions,
} from "./playbook-actions.ts";
import type { Attach } from "./verb.ts";

const actions = () => import("./context-actions.ts");
const playbooks = () => import("./playbook-actions.ts");

/** The verbs that show what an agent would be given, what was learnt, and what a run may still spend. */
export function addContextCommands(program: Command, attach: Attach): void {
  const task = new Option("--task <text>", "what is to be done").makeOptionMandatory();
  attach<ContextOptions>(
    program
      .command("context")
      .description(
        "Puts the context for a task together: memories, lessons, skills and files within a budget.",
      )
      .addOption(task)
      .option("--budget <tokens>", "tokens that it may have in all (default 8000)", wholeNumber)
      .option("--files <glob...>", "files to choose from, relative to this folder")
      .option("--model <id>", "count for this model, to the upper end of the estimate")
      .option("--trust-skills", "show the project's skills as advice, not as information")
      .addHelpText(
        "after",
        '\nExample:\n  mnemosyne context --task "fix the date parser" --budget 4000 --files "src/**/*.ts"',
      ),
    async (session, options) => (await actions()).showContext(session, options),
  );
  attach<SkillsOptions>(
    program
      .command("skills")
      .description("Names the skills that fit a task, with their relevance and the words that it rests on.")
      .addOption(task)
      .option("--all", "also those below 0.60"),
    async (session, options) => (await actions()).showSkills(session, options),
  );
  attach(
    program
      .command("budget")
      .description(
        "Shows a run's budget: what is settled, reserved and left of each account, and every call.",
      )
      .argument("<run>", "the run's id"),
    async (session, _options, run = "") => (await actions()).showBudget(session, run),
  );
  addPlaybookCommands(program, attach);
}

function format(): Option {
  return new Option(
    "--format <name>",
    "ace: text of the ACE project; skillbook: JSON of agentic-context-engine",
  )
    .choices(["ace", "skillbook"])
    .default("ace");
}

function addPlaybookCommands(program: Command, attach: Attach): void {
  const playbook = program
    .command("playbook")
    .description("What was learnt: strategies that change by small deltas only, each with its evidence.");
  attach<ShowOptions>(
    playbook
      .command("show")
      .description("Shows a namespace's playbook, or its changes.")
      .option("--at <version>", "as it was at that version", wholeNumber)
      .option("--history", "its changes instead"),
    async (session, options) => (await playbooks()).showPlaybook(session, options),
  );
  attach<ApplyOptions>(
    playbook
      .command("apply")
      .description("Applies a JSON file of deltas, all or none.")
      .argument("<file>", 'a list of deltas, or {"deltas":[...],"version":n}; - for standard input')
      .option("--refine", "then merge what says the same"),
    async (session, options, file) => (await playbooks()).applyPlaybook(session, options, file),
  );
  attach<RevertOptions>(
    playbook
      .command("revert")
      .description("Takes back one change, or all of a run.")
      .option("--change <version>", "the change that led to this version", wholeNumber)
      .option("--run <id>", "all changes of this run"),
    async (session, options) => (await playbooks()).revertPlaybook(session, options),
  );
  attach<ExportOptions>(
    playbook
      .command("export")
      .description("Writes a playbook in a public format.")
      .addOption(format())
      .option("--out <file>", "write to a file instead of standard output"),
    async (session, options) => (await playbooks()).exportPlaybook(session, options),
  );
  attach<ImportOptions>(
    playbook
      .command("import")
      .description("Adds the items of a playbook in a public format. What is there already is left as it is.")
      .argument("<file>", "the file; - for standard input")
      .addOption(format()),
    async (session, options, file) => (await playbooks()).importPlaybook(session, options, file),
  );
}
