import { MnemosyneError, type Journal } from "@mnemosyne/core";
import { openEngine } from "../runs/run-session.ts";
import { runRecord } from "../runs/run-record.ts";
import { storedModule } from "../runs/stored-module.ts";
import type { Session } from "../session.ts";
import { keyInput } from "../watch/key-input.ts";
import { watchRun } from "../watch/watch-run.ts";
import { logs } from "./run-actions.ts";

/** Watches a run until it has ended or the watcher leaves. */
export async function watch(session: Session, id: string | undefined): Promise<number> {
  const { journal } = await session.storage();
  const runId = id ?? (await newest(journal));
  const record = await runRecord(journal, runId);
  if (session.output.json || session.terminal.stdout.isTTY !== true)
    return await logs(session, { follow: true }, runId);
  const wired = await openEngine(session);
  try {
    const run = wired.engine.open(runId, await storedModule(record));
    return await watchRun(session, run, keyInput(session.terminal));
  } finally {
    await wired.close();
  }
}

async function newest(journal: Journal): Promise<string> {
  const [live] = await journal.listRuns({ limit: 1, status: ["pending", "running", "paused"] });
  const [last] = live === undefined ? await journal.listRuns({ limit: 1 }) : [live];
  if (last === undefined)
    throw new MnemosyneError(
      "E_RUN_NOT_FOUND",
      "There is no run in this database yet; 'mnemosyne run PLAN' begins one.",
      { kind: "notFound", path: "run" },
    );
  return last.runId;
}
