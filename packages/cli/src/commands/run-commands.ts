import type { RunHandle } from "@mnemosyne/engine";
import type { Command } from "commander";
import { wholeNumber } from "../numbers.ts";
import type { Session } from "../session.ts";
import type { DecideOptions, LogsOptions, ResumeOptions, RunOptions, WorkerOptions } from "./run-actions.ts";
import { runLines } from "./run-text.ts";
import type { Attach } from "./verb.ts";

/** What carries runs is loaded when a verb needs it: looking things up has to start fast. */
const actions = () => import("./run-actions.ts");

const MODEL_HELP = "the model's name (else MNEMOSYNE_MODEL, else the config's, else the default)";
const SCRIPT_HELP = "a module or JSON file that plays the model's part";

/** The verbs that carry, watch and decide runs. */
export function addRunCommands(program: Command, attach: Attach): void {
  attach<RunOptions>(
    program
      .command("run")
      .summary("carry out a plan")
      .description(
        "Carries out a plan: YAML, JSON or a module. Exit codes: 0 done, 1 failed, 3 waits, 4 budget, 5 unavailable, 6 cancelled.",
      )
      .argument("<file>", "the plan")
      .option("--run-id <id>", "attach to this run when it has the same plan, else begin it under this name")
      .option("--concurrency <n>", "tasks at a time (default: the plan's, else 4)", wholeNumber)
      .option("--dry-run", "check the plan and show its order; run nothing")
      .option("--model <id>", MODEL_HELP)
      .option("--script <file>", SCRIPT_HELP)
      .option("--record <file>", "write model traffic to a tape, without secrets")
      .option("--yes", "grant the plan's approvals")
      .option("--detach", "begin it only; a worker carries it out")
      .addHelpText("after", "\nExample:\n  mnemosyne run plan.yaml --json | tail -n 1"),
    async (session, options, file) => (await actions()).runPlan(session, options, file),
  );
  attach<WorkerOptions>(
    withModel(
      program
        .command("worker")
        .summary("work on the database's runs")
        .description(
          "Works on runs that nobody works on: begun with --detach, woken by a decision or a timer, or left by a process that died. Start as many as you like.",
        )
        .option("--concurrency <n>", "runs at a time (default 4)", wholeNumber)
        .option("--until-idle", "end when there is nothing more to do"),
    ),
    async (session, options) => (await actions()).work(session, options),
  );
  attach<ResumeOptions>(
    withModel(
      program
        .command("resume")
        .summary("carry on a run")
        .description(
          "Carries on a run whose process is gone, or attaches to a live one. Completed tasks do not run again.",
        )
        .argument("<run>", "its id")
        .option("--plan <file>", "go on with this plan: finished tasks that it does not change stay")
        .option("--undo-removed", "compensate finished tasks that the new plan does not have")
        .option("--dry-run", "with --plan: show what stays and what runs, and why"),
    ),
    async (session, options, id) => (await actions()).resume(session, options, id),
  );
  attach(
    program
      .command("runs")
      .description("Lists runs, newest first.")
      .option("--limit <n>", "default 50", wholeNumber),
    async ({ storage, output }, options: { readonly limit?: number }) => {
      const runs = await (await storage()).journal.listRuns(options);
      output.result({ runs }, runLines(runs));
      return 0;
    },
  );
  attach<{ readonly html?: string }>(
    program
      .command("show")
      .description("Shows how a run stands.")
      .argument("<run>", "its id")
      .option("--html <file>", "write the run into one HTML file, to share"),
    async (session, options, id = "") =>
      options.html === undefined
        ? await (await actions()).show(session, options, id)
        : await (await import("./dashboard-actions.ts")).writeRunHtml(session, id, options.html),
  );
  attach<LogsOptions>(
    program
      .command("logs")
      .description("Prints a run's events.")
      .argument("<run>", "its id")
      .option("--follow", "go on until the run has finished or waits")
      .option("--from <seq>", "only events after this one", wholeNumber),
    async (session, options, id) => (await actions()).logs(session, options, id),
  );
  addDecisions(program, attach);
}

function detachable(command: Command): Command {
  return command.option("--detach", "record it only; do not carry the run on");
}

function addDecisions(program: Command, attach: Attach): void {
  const decision = (name: string, description: string): Command =>
    withModel(program.command(name).description(description).argument("<run>", "the run's id"));
  attach<DecideOptions>(
    detachable(
      decision("approve", "Grants what a task waits for, and carries the run on.").argument(
        "<task>",
        "its id",
      ),
    ),
    async (session, options, id = "", task = "") =>
      await decide(session, options, id, (run) => run.approve(task)),
  );
  attach<DecideOptions & { readonly reason?: string }>(
    detachable(
      decision("deny", "Refuses what a task waits for: it fails.")
        .argument("<task>", "its id")
        .option("--reason <text>", "why"),
    ),
    async (session, options, id = "", task = "") =>
      await decide(session, options, id, (run) =>
        run.deny(task, options.reason === undefined ? {} : { reason: options.reason }),
      ),
  );
  attach<DecideOptions & { readonly question?: string }>(
    detachable(
      decision("answer", "Answers a task's question, and carries the run on.")
        .argument("<task>", "its id")
        .argument("<text>", "the answer")
        .option("--question <id>", "which question, where there are several"),
    ),
    async (session, options, id = "", task = "", text = "") =>
      await decide(session, options, id, (run) =>
        run.answer(task, text, options.question === undefined ? {} : { question: options.question }),
      ),
  );
  attach<DecideOptions & { readonly force?: boolean; readonly reason?: string }>(
    decision("cancel", "Stops a run. Running work is ended; nothing is undone.")
      .option("--force", "interrupt a rollback too; what stands is listed")
      .option("--reason <text>", "why"),
    async (session, options, id = "") => {
      const { force, reason } = options;
      const given = {
        ...(force === undefined ? {} : { force }),
        ...(reason === undefined ? {} : { reason }),
      };
      return await decide(session, options, id, (run) => run.cancel(given));
    },
  );
  attach<DecideOptions>(
    decision("retry", "Runs a failed, skipped or cancelled task again, and what hangs on it.").argument(
      "<task>",
      "its id",
    ),
    async (session, options, id = "", task = "") =>
      await decide(session, options, id, (run) => run.retry(task)),
  );
  attach<DecideOptions & { readonly to?: string; readonly dryRun?: boolean }>(
    decision("rollback", "Undoes a run: compensates its effects and puts its files back.")
      .option("--to <task>", "only what came after this task")
      .option("--dry-run", "show what would be done, and what cannot be undone"),
    async (session, options, id) => (await actions()).rollback(session, options, id),
  );
}

async function decide(
  session: Session,
  options: DecideOptions,
  id: string,
  act: (run: RunHandle) => Promise<boolean>,
): Promise<number> {
  return await (await actions()).decide(session, options, id, act);
}

function withModel(command: Command): Command {
  return command.option("--model <id>", MODEL_HELP).option("--script <file>", SCRIPT_HELP);
}
