import { MnemosyneError, isMnemosyneError } from "@mnemosyne/core";
import type { Database } from "../database/database.ts";
import { call, row, rows, run, runAll, type Call, type Work } from "../database/work.ts";
import { dropStagedChanges } from "./change-statements.ts";
import { dropStagedLinks } from "./link-statements.ts";
import {
  batchRows,
  dropBatch,
  getBatch,
  openBatch,
  replacedRows,
  restoreReplaced,
  setBatchState,
  staleBatches,
  touchBatch,
} from "./memory-statements.ts";
import { removals } from "./write-memory.ts";

/** Milliseconds after which a batch that nobody touches was left behind by a process that died. */
const ABANDONED_AFTER = 60_000;
/** So many items are prepared at once. */
const PREPARED_ITEMS = 500;

/** Need not wait for the disk: the commit that publishes does, for everything before it. */
const CHUNK = { full: false, long: true } as const;

/** How the items of a batch are written. */
export interface BatchWork<Item, Result> {
  /** Gets the batch's number as the stage of its rows. */
  readonly writeOne: (item: Item, stage: number) => Work<Result>;
  /** Called when somebody may have written since the last item. */
  readonly changed: () => void;
  /** Called with each item once, some at a time, before it is written. */
  readonly prepare: (items: readonly Item[]) => Promise<void>;
  /** Calls for the commit that makes the batch visible. */
  readonly finish: () => readonly Call[];
}

/**
 * Writes any number of items so that all of them become visible at once: in chunks whose rows are hidden, then by one
 * small commit, which `finish` may add calls to. When anything fails, nothing is left.
 */
export async function writeBatch<Item, Result>(
  database: Database,
  items: readonly Item[],
  { writeOne, changed, prepare, finish }: BatchWork<Item, Result>,
): Promise<readonly Result[]> {
  await dropStaleBatches(database);
  const batch = await database.write(openedBatch);
  const results: Result[] = [];
  const options = { ...CHUNK, changed };
  let prepared = 0;
  try {
    while (results.length < items.length) {
      const from = results.length;
      while (from + 2 * PREPARED_ITEMS > prepared && prepared < items.length) {
        await prepare(items.slice(prepared, prepared + PREPARED_ITEMS));
        prepared += PREPARED_ITEMS;
      }
      const chunk = items.slice(from, prepared);
      results.push(
        ...(await database.write(() => writeChunk(batch, chunk, writeOne, database.longest), options)),
      );
    }
    await publish(database, batch, finish());
  } catch (error) {
    await giveUp(database, batch);
    throw error;
  }
  await dropReplaced(database, batch);
  return results;
}

/** Removes what dead processes have left of their batches. */
export async function dropStaleBatches(database: Database): Promise<void> {
  for (const [id, state] of await database.read(() => rows(staleBatches, { age: ABANDONED_AFTER }))) {
    const batch = Number(id);
    if (state === "published") await dropReplaced(database, batch);
    else await abandon(database, batch);
  }
}

function* openedBatch(): Work<number> {
  return Number((yield* row(openBatch))?.[0]);
}

function* writeChunk<Item, Result>(
  batch: number,
  items: readonly Item[],
  writeOne: (item: Item, stage: number) => Work<Result>,
  longest: number,
): Work<readonly Result[]> {
  if ((yield* run(touchBatch, { batch })) === 0) throw lost();
  const end = performance.now() + longest;
  const results: Result[] = [];
  for (const item of items) {
    results.push(yield* writeOne(item, batch));
    if (performance.now() > end) break;
  }
  return results;
}

async function publish(database: Database, batch: number, calls: readonly Call[]): Promise<void> {
  try {
    await database.write(function* (): Work<void> {
      if ((yield* run(setBatchState, { batch, state: "published", was: "open" })) === 0) throw lost();
      yield* runAll(calls);
    });
  } catch (error) {
    if (!isMnemosyneError(error) || error.code !== "E_COMMIT_UNKNOWN") throw error;
    // The batch's row tells what became of the commit.
    const stands = await database.read(() => row(getBatch, { batch }));
    if (stands?.[0] !== "published") throw error;
  }
}

async function giveUp(database: Database, batch: number): Promise<void> {
  try {
    await abandon(database, batch);
  } catch {
    // The caller gets the error that came first. What is left is hidden, and the next batch or opening removes it.
  }
}

async function abandon(database: Database, batch: number): Promise<void> {
  await database.write(function* (): Work<void> {
    yield* run(setBatchState, { batch, state: "abandoned", was: "open" });
  });
  const stands = await database.read(() => row(getBatch, { batch }));
  if (stands?.[0] !== "abandoned") return;
  let from: number | undefined = Number(stands[1]);
  while (from !== undefined) {
    const start: number = from;
    from = await database.write(function* (): Work<number | undefined> {
      const found = (yield* rows(batchRows, { from: start, batch })).map(([id]) => Number(id));
      for (const each of removals(found)) yield* runAll([each]);
      return found.length === 0 ? undefined : Number(found.at(-1)) + 1;
    }, CHUNK);
  }
  for (let restored = 1; restored > 0;)
    restored = await database.write(() => run(restoreReplaced, { stage: -batch }));
  await database.write(() => runAll([call(dropStagedChanges, { batch }), call(dropStagedLinks, { batch })]));
  await database.write(() => run(dropBatch, { batch }));
}

/** Deletes the rows that a published batch has replaced, then the batch's own row. */
async function dropReplaced(database: Database, batch: number): Promise<void> {
  for (;;) {
    const left = await database.write(function* (): Work<number> {
      const found = (yield* rows(replacedRows, { stage: -batch })).map(([id]) => Number(id));
      for (const each of removals(found)) yield* runAll([each]);
      if (found.length === 0) yield* run(dropBatch, { batch });
      return found.length;
    }, CHUNK);
    if (left === 0) return;
  }
}

function lost(): MnemosyneError {
  return new MnemosyneError(
    "E_STORAGE",
    "The batch made no progress for so long that another process gave it up; nothing of it was stored. Store it again.",
    { kind: "unavailable" },
  );
}
