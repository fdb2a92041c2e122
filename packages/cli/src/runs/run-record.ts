import { MnemosyneError, type Journal } from "@mnemosyne/core";

/** What the journal knows of a run. */
export type KnownRun = NonNullable<Awaited<ReturnType<Journal["getRun"]>>>;

/** The run of this id; `E_RUN_NOT_FOUND` where there is none. */
export async function runRecord(journal: Journal, runId: string): Promise<KnownRun> {
  const record = await journal.getRun(runId);
  if (record !== undefined) return record;
  throw new MnemosyneError(
    "E_RUN_NOT_FOUND",
    `There is no run '${runId}' in this database; 'mnemosyne runs' lists them.`,
    { kind: "notFound", path: "run" },
  );
}
