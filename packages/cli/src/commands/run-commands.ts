import path from "node:path";
import { MnemosyneError } from "@mnemosyne/core";
import type { RunHandle, RunReport } from "@mnemosyne/engine";
import { loadPlan } from "@mnemosyne/plan";
import type { Command } from "commander";
import { wholeNumber } from "../numbers.ts";
import { RunNarrator } from "../runs/progress.ts";
import { followRun, openEngine } from "../runs/run-session.ts";
import type { ModelFlags } from "../runs/model-source.ts";
import { storedModule } from "../runs/stored-module.ts";
import type { Session } from "../session.ts";
import { checkText } from "./plan-text.ts";
import { reportText, runLines } from "./run-text.ts";
import type { Attach } from "./verb.ts";

interface RunOptions extends ModelFlags {
  readonly runId?: string;
  readonly concurrency?: number;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

interface DecideOptions extends ModelFlags {
  readonly detach?: boolean;
}

const MODEL_HELP = "the model's name (else MNEMOSYNE_MODEL, else the config's, else the default)";
const SCRIPT_HELP = "a module or JSON file that plays the model's part";

/** The verbs that carry, watch and decide runs. */
export function addRunCommands(program: Command, attach: Attach): void {
  attach<RunOptions>(
    program
      .command("run")
      .summary("carry out a plan")
      .description("Carries out a plan: YAML, JSON or a module. Exit codes: 0 done, 1 failed, 3 waits, 4 budget, 5 unavailable, 6 cancelled.")
      .argument("<file>", "the plan")
      .option("--run-id <id>", "attach to this run when it has the same plan, else begin it under this name")
      .option("--concurrency <n>", "tasks at a time (default: the plan's, else 4)", wholeNumber)
      .option("--dry-run", "check the plan and show its order; run nothing")
      .option("--model <id>", MODEL_HELP)
      .option("--script <file>", SCRIPT_HELP)
      .option("--record <file>", "write model traffic to a tape, without secrets")
      .option("--yes", "grant the plan's approvals")
      .addHelpText("after", "\nExample:\n  mnemosyne run plan.yaml --json | tail -n 1"),
    runPlan,
  );
  attach<ModelFlags>(
    withModel(
      program
        .command("resume")
        .summary("carry on a run")
        .description("Carries on a run whose process is gone, or attaches to a live one. Completed tasks do not run again.")
        .argument("<run>", "its id"),
    ),
    async (session, options, id = "") => {
      return await withRun(session, options, id, async (run, head) => await followRun(session, run, { from: head }));
    },
  );
  attach(
    program.command("runs").description("Lists runs, newest first.").option("--limit <n>", "default 50", wholeNumber),
    async ({ storage, output }, options: { readonly limit?: number }) => {
      const runs = await (await storage()).journal.listRuns(options);
      output.result({ runs }, runLines(runs));
      return 0;
    },
  );
  attach(
    program.command("show").description("Shows how a run stands.").argument("<run>", "its id"),
    async (session, _options, id = "") =>
      await withRun(session, {}, id, async (run) => {
        const report = await run.report();
        session.output.result(shown(report), reportText(report));
        return 0;
      }),
  );
  attach<{ readonly follow?: boolean; readonly from?: number }>(
    program
      .command("logs")
      .description("Prints a run's events.")
      .argument("<run>", "its id")
      .option("--follow", "go on until the run has finished or waits")
      .option("--from <seq>", "only events after this one", wholeNumber),
    logs,
  );
  addDecisions(program, attach);
}

function addDecisions(program: Command, attach: Attach): void {
  const decision = (name: string, description: string): Command =>
    withModel(program.command(name).description(description).argument("<run>", "the run's id"));
  const detachable = (command: Command): Command => command.option("--detach", "record it only; do not carry the run on");
  attach<DecideOptions>(
    detachable(decision("approve", "Grants what a task waits for, and carries the run on.").argument("<task>", "its id")),
    async (session, options, id = "", task = "") => await decide(session, options, id, (run) => run.approve(task)),
  );
  attach<DecideOptions & { readonly reason?: string }>(
    detachable(
      decision("deny", "Refuses what a task waits for: it fails.").argument("<task>", "its id").option("--reason <text>", "why"),
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
      const given = { ...(force === undefined ? {} : { force }), ...(reason === undefined ? {} : { reason }) };
      return await decide(session, options, id, (run) => run.cancel(given));
    },
  );
  attach<DecideOptions>(
    decision("retry", "Runs a failed, skipped or cancelled task again, and what hangs on it.").argument("<task>", "its id"),
    async (session, options, id = "", task = "") => await decide(session, options, id, (run) => run.retry(task)),
  );
  attach<DecideOptions & { readonly to?: string }>(
    decision("rollback", "Undoes a run: compensates its effects and puts its files back.").option(
      "--to <task>",
      "only what came after this task",
    ),
    async (session, options, id = "") => {
      const code = await decide(session, options, id, (run) =>
        run.rollback(options.to === undefined ? {} : { to: options.to }),
      );
      return await withRun(session, {}, id, async (run) => ((await run.report()).status === "rolledBack" ? 0 : code));
    },
  );
}

function withModel(command: Command): Command {
  return command.option("--model <id>", MODEL_HELP).option("--script <file>", SCRIPT_HELP);
}

async function runPlan(session: Session, options: RunOptions, file = ""): Promise<number> {
  const { output, terminal } = session;
  const loaded = await loadPlan(path.resolve(terminal.cwd, file));
  const wired = await openEngine(session, options);
  try {
    if (options.dryRun === true) {
      const check = wired.engine.checkPlan(loaded);
      output.result(check, checkText(check));
      return check.valid ? 0 : 2;
    }
    if (wired.banner !== undefined) output.note(wired.banner);
    const run = await wired.engine.submit(loaded, {
      signal: terminal.signal,
      ...(options.runId === undefined ? {} : { runId: options.runId }),
      ...(options.concurrency === undefined ? {} : { concurrency: options.concurrency }),
      carry: false,
    });
    return await followRun(session, run, {
      from: 0,
      ...(options.yes === undefined ? {} : { yes: options.yes }),
      ...(options.concurrency === undefined ? {} : { concurrency: options.concurrency }),
    });
  } finally {
    await wired.close();
  }
}

/** Opens a known run and gives the sequence number of its newest event. */
async function withRun(
  session: Session,
  flags: ModelFlags,
  id: string,
  use: (run: RunHandle, head: number) => Promise<number>,
): Promise<number> {
  const record = await (await session.storage()).journal.getRun(id);
  if (record === undefined)
    throw new MnemosyneError("E_RUN_NOT_FOUND", `There is no run '${id}' in this database; 'mnemosyne runs' lists them.`, {
      kind: "notFound",
      path: "run",
    });
  const wired = await openEngine(session, flags);
  try {
    return await use(wired.engine.open(id, await storedModule(record)), record.head);
  } finally {
    await wired.close();
  }
}

async function decide(
  session: Session,
  options: DecideOptions,
  id: string,
  act: (run: RunHandle) => Promise<boolean>,
): Promise<number> {
  return await withRun(session, options, id, async (run, head) => {
    const changed = await act(run);
    if (!changed) session.output.note("Nothing was waiting for that; the run is as it was.");
    if (options.detach === true) {
      const { status, waiting } = await run.report();
      session.output.result({ runId: id, status, changed, waiting }, changed ? "Recorded." : "Nothing changed.");
      return 0;
    }
    return await followRun(session, run, { from: head });
  });
}

async function logs(
  session: Session,
  options: { readonly follow?: boolean; readonly from?: number },
  id = "",
): Promise<number> {
  const { output, terminal } = session;
  return await withRun(session, {}, id, async (run, head) => {
    const narrator = new RunNarrator({ color: output.color });
    for await (const event of run.events({ from: options.from ?? 0, signal: terminal.signal })) {
      if (output.json) output.line(JSON.stringify(event));
      else {
        const told = narrator.lines(event);
        for (const line of told.length === 0 ? [`    ${event.type}`] : told) output.line(line);
      }
      if (options.follow !== true && event.seq >= head) break;
    }
    return 0;
  });
}

/** The report in the form that scripts rely on. */
function shown(report: RunReport): object {
  const { runId, status, name, goal, tasks, usage, ...rest } = report;
  return { runId, status, plan: { name, goal }, tasks, usage, ...rest };
}
