import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import type { RunSignal } from "@mnemosyne/core";
import { renderRunHtml, startDashboard } from "@mnemosyne/dashboard";
import type { OrchestrationEngine, RunHandle } from "@mnemosyne/engine";
import { openEngine } from "../runs/run-session.ts";
import { runRecord } from "../runs/run-record.ts";
import { storedModule } from "../runs/stored-module.ts";
import type { Session } from "../session.ts";

/** Flags of `dashboard`. */
export interface DashboardFlags {
  readonly port?: number;
  readonly open?: boolean;
  readonly viewOnly?: boolean;
}

/** Serves the page until the command is interrupted. */
export async function serveDashboard(session: Session, flags: DashboardFlags): Promise<number> {
  const { output, terminal } = session;
  const storage = await session.storage();
  const wired = flags.viewOnly === true ? undefined : await openEngine(session);
  try {
    await using dashboard = await startDashboard({
      journal: storage.journal,
      memories: storage,
      ...(flags.port === undefined ? {} : { port: flags.port }),
      ...(wired === undefined ? {} : { actions: actionsOf(session, wired.engine) }),
    });
    const address = dashboard.address(wired === undefined ? "view" : "act");
    output.result(
      { url: address, origin: dashboard.origin, tokenFile: dashboard.tokenFile },
      `${address}\nOpens one browser, once. Tokens for programs: ${dashboard.tokenFile}. Ctrl-C ends it.`,
    );
    if (flags.open === true) openBrowser(address);
    await new Promise<void>((resolve) => {
      if (terminal.signal.aborted) resolve();
      else terminal.signal.addEventListener("abort", () => resolve(), { once: true });
    });
    throw terminal.signal.reason;
  } finally {
    await wired?.close();
  }
}

/** Writes a run into one HTML file. */
export async function writeRunHtml(session: Session, runId: string, file: string): Promise<number> {
  const { journal } = await session.storage();
  const target = path.resolve(session.terminal.cwd, file);
  await writeFile(target, await renderRunHtml({ journal, runId }));
  session.output.result({ runId, file: target }, `Written: ${target}. Look at it before you share it.`);
  return 0;
}

/** Decisions of the page, recorded and carried on here where no live process holds the run. */
function actionsOf(session: Session, engine: OrchestrationEngine) {
  return {
    async signal(runId: string, signal: RunSignal): Promise<boolean> {
      const record = await runRecord((await session.storage()).journal, runId);
      const run = engine.open(runId, await storedModule(record));
      const changed = await decide(run, signal);
      // How it ends stands in the journal, which the page follows.
      if (changed)
        run.carry().catch((error: unknown) => session.output.note(`Run ${runId}: ${String(error)}`));
      return changed;
    },
  };
}

async function decide(run: RunHandle, signal: RunSignal): Promise<boolean> {
  switch (signal.type) {
    case "approval.granted":
      return await run.approve(signal.task, signal);
    case "approval.denied":
      return await run.deny(signal.task, signal);
    case "question.answered":
      return await run.answer(signal.task, signal.text, signal);
    case "run.cancelled":
      return await run.cancel(signal);
    case "retry.requested":
      return await run.retry(signal.task, signal);
    case "rollback.requested":
      return await run.rollback(signal);
    default:
      // The page adds no tasks.
      return false;
  }
}

function openBrowser(address: string): void {
  const opener = process.platform === "darwin" ? "open" : "xdg-open";
  const child = spawn(opener, [address], { stdio: "ignore", detached: true });
  // The address is printed; whoever has no such program opens it by hand.
  child.on("error", () => {});
  child.unref();
}
