import path from "node:path";
import { toErrorRecord, type ErrorRecord } from "@mnemosyne/core";
import type { OrchestrationEngine, RunHandle, RunReport, WorkReport } from "@mnemosyne/engine";
import { loadPlan } from "@mnemosyne/plan";
import { RunNarrator } from "../runs/progress.ts";
import { followRun, openEngine } from "../runs/run-session.ts";
import type { ModelFlags } from "../runs/model-source.ts";
import { runRecord } from "../runs/run-record.ts";
import { storedModule } from "../runs/stored-module.ts";
import type { Session } from "../session.ts";
import { Interrupted } from "../terminal.ts";
import { checkText } from "./plan-text.ts";
import { editText, notUndoneText, reportText, rollbackText } from "./run-text.ts";

/** Flags of `run`. */
export interface RunOptions extends ModelFlags {
  readonly runId?: string;
  readonly concurrency?: number;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly detach?: boolean;
}

/** Flags of `worker`. */
export interface WorkerOptions extends ModelFlags {
  readonly concurrency?: number;
  readonly untilIdle?: boolean;
}

/** Flags of the verbs that decide. */
export interface DecideOptions extends ModelFlags {
  readonly detach?: boolean;
}

/** Flags of `logs`. */
export interface LogsOptions {
  readonly follow?: boolean;
  readonly from?: number;
}

/** Carries out a plan's file. */
export async function runPlan(session: Session, options: RunOptions, file = ""): Promise<number> {
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
    if (options.detach === true) {
      const { runId, status } = await run.report();
      output.result(
        { runId, status },
        `${runId} is begun; 'mnemosyne worker' or 'resume ${runId}' works on it.`,
      );
      return 0;
    }
    return await followRun(session, run, {
      from: 0,
      ...(options.yes === undefined ? {} : { yes: options.yes }),
      ...(options.concurrency === undefined ? {} : { concurrency: options.concurrency }),
    });
  } finally {
    await wired.close();
  }
}

/** Works on the database's runs until it is interrupted. */
export async function work(session: Session, options: WorkerOptions): Promise<number> {
  const { output, terminal } = session;
  const wired = await openEngine(session, options);
  if (wired.banner !== undefined) output.note(wired.banner);
  try {
    await wired.engine.work({
      signal: terminal.signal,
      load: storedModule,
      onReport: (report) => {
        const told = toldOf(report);
        if (output.json) output.line(JSON.stringify(told));
        else
          output.line(
            `${told.runId}  ${told.status}${told.error === undefined ? "" : `: ${told.error.message}`}`,
          );
      },
      ...(options.concurrency === undefined ? {} : { concurrency: options.concurrency }),
      ...(options.untilIdle === undefined ? {} : { untilIdle: options.untilIdle }),
    });
  } finally {
    await wired.close();
  }
  const { reason } = terminal.signal;
  return reason instanceof Interrupted ? reason.exitCode : 0;
}

function toldOf(report: WorkReport): {
  readonly runId: string;
  readonly status: string;
  readonly error?: ErrorRecord;
} {
  const { runId } = report;
  if ("error" in report) return { runId, status: "left", error: toErrorRecord(report.error) };
  const { outcome } = report;
  if (outcome.outcome === "paused") return { runId, status: "paused" };
  return { runId, status: outcome.status, ...(outcome.error === undefined ? {} : { error: outcome.error }) };
}

/** Flags of `resume`. */
export interface ResumeOptions extends ModelFlags {
  readonly plan?: string;
  readonly undoRemoved?: boolean;
  readonly dryRun?: boolean;
}

/** Carries on a run, or attaches to a live one; with another plan where one is given. */
export async function resume(session: Session, options: ResumeOptions, id = ""): Promise<number> {
  const { output, terminal } = session;
  const { plan: file, dryRun, undoRemoved } = options;
  if (file === undefined)
    return await withRun(
      session,
      options,
      id,
      async (run, head) => await followRun(session, run, { from: head }),
    );
  const loaded = await loadPlan(path.resolve(terminal.cwd, file));
  return await withRun(session, options, id, async (_run, head, engine) => {
    const edit = await engine.editPlan(id, loaded, {
      ...(dryRun === undefined ? {} : { dryRun }),
      ...(undoRemoved === undefined ? {} : { undoRemoved }),
    });
    if (dryRun === true) {
      output.result(edit, editText(edit));
      return 0;
    }
    // Under --json stdout carries events only; the event plan.edited says what is kept.
    for (const line of editText(edit).split("\n")) output.note(line);
    return await followRun(session, engine.open(id, loaded), { from: head });
  });
}

/** Shows how a run stands. */
export async function show(session: Session, _options: unknown, id = ""): Promise<number> {
  return await withRun(session, {}, id, async (run) => {
    const report = await run.report();
    session.output.result(shown(report), reportText(report));
    return 0;
  });
}

/** Undoes a run; done is success here, although the run has failed its purpose. */
export async function rollback(
  session: Session,
  options: DecideOptions & { readonly to?: string; readonly dryRun?: boolean },
  id = "",
): Promise<number> {
  const { output } = session;
  const to = options.to === undefined ? {} : { to: options.to };
  const previewed = await withRun(session, options, id, async (run) => {
    const preview = await run.previewRollback(to);
    if (options.dryRun === true) output.result(preview, rollbackText(preview));
    // What stays as it is, said before anything is done.
    else for (const each of preview.cannotUndo) output.note(notUndoneText(each));
    return 0;
  });
  if (options.dryRun === true) return previewed;
  const code = await decide(session, options, id, (run) => run.rollback(to));
  return await withRun(session, {}, id, async (run) =>
    (await run.report()).status === "rolledBack" ? 0 : code,
  );
}

/** Opens a known run and gives the sequence number of its newest event. */
async function withRun(
  session: Session,
  flags: ModelFlags,
  id: string,
  use: (run: RunHandle, head: number, engine: OrchestrationEngine) => Promise<number>,
): Promise<number> {
  const record = await runRecord((await session.storage()).journal, id);
  const wired = await openEngine(session, flags);
  try {
    return await use(wired.engine.open(id, await storedModule(record)), record.head, wired.engine);
  } finally {
    await wired.close();
  }
}

/** Records a decision and carries the run on, unless it is only to be recorded. */
export async function decide(
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
      session.output.result(
        { runId: id, status, changed, waiting },
        changed ? "Recorded." : "Nothing changed.",
      );
      return 0;
    }
    return await followRun(session, run, { from: head });
  });
}

/** Prints a run's events. */
export async function logs(session: Session, options: LogsOptions, id = ""): Promise<number> {
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
