import type { Database } from "../database/database.ts";
import { call, row, rows, run, runAll, type Work } from "../database/work.ts";
import type { Vocabulary } from "../language/vocabulary.ts";
import { dropChanges } from "../memories/change-statements.ts";
import { dropUses } from "../memories/erase-statements.ts";
import { dropLinksOf } from "../memories/link-statements.ts";
import { remove } from "../memories/write-memory.ts";
import {
  bodiesAfter,
  countChanges,
  countObservations,
  danglingLinks,
  dropLinks,
  dropLooseBlob,
  dropObservations,
  dropOldChanges,
  dropPayloads,
  endedRuns,
  expiredMemories,
  looseBlobs,
  now,
  payloadsOf,
} from "./maintenance-statements.ts";
import type { PruneResult } from "./maintenance.ts";

const DAY = 86_400_000;
/** Milliseconds of one transaction of several removals. */
const SLICE = 15;

/** What is to be pruned. */
export interface Pruning {
  readonly observations: number | false;
  readonly history: number | false;
  readonly dryRun: boolean;
  readonly signal: AbortSignal | undefined;
  readonly vocabulary: Vocabulary;
}

/** Removes what is too old or unreferenced, in short transactions. Stopped half-way, it has done what it has done. */
export async function prune(database: Database, pruning: Pruning): Promise<PruneResult> {
  const clock = Number((await database.read(() => row(now)))?.[0]);
  const runs = await pruneRuns(database, clock, pruning);
  const changes = await pruneChanges(database, clock, pruning);
  const expiredMemories = await pruneExpired(database, clock, pruning);
  const links = await pruneLinks(database, pruning);
  const blobs = await pruneBlobs(database, pruning);
  return { ...runs, changes, expiredMemories, links, ...blobs };
}

async function pruneRuns(
  database: Database,
  clock: number,
  { observations, dryRun, signal }: Pruning,
): Promise<{ readonly observations: number; readonly payloads: number }> {
  let removed = 0;
  let payloads = 0;
  if (observations === false) return { observations: 0, payloads: 0 };
  for (let after = 0; ;) {
    const values = { after, before: clock - observations * DAY };
    const found = await database.read(() => row(endedRuns, values));
    if (found === undefined) break;
    const [id, head] = [Number(found[0]), Number(found[1])];
    after = id;
    if (dryRun) removed += Number((await database.read(() => row(countObservations, { run: id })))?.[0]);
    else {
      removed += await repeated(signal, () =>
        database.write(() => run(dropObservations, { run: id }), LATER),
      );
      payloads += await releasePayloads(database, id, head, signal);
    }
  }
  return { observations: removed, payloads };
}

/** Lets go of the payloads that only the removed observations named. */
async function releasePayloads(
  database: Database,
  id: number,
  head: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  const held = new Set(
    (await database.read(() => rows(payloadsOf, { run: id }))).map(([hash]) => String(hash)),
  );
  for (let after = 0; held.size > 0;) {
    signal?.throwIfAborted();
    const from = after;
    const page = await database.read(() => rows(bodiesAfter, { run: id, after: from }));
    for (const [, body] of page)
      for (const [hash] of String(body).matchAll(/\b[0-9a-f]{64}\b/g)) held.delete(hash);
    const last = page.at(-1);
    if (last === undefined) break;
    after = Number(last[0]);
    await nextTurn();
  }
  let released = 0;
  const hashes = [...held];
  for (let from = 0; from < hashes.length; from += 20) {
    const some = JSON.stringify(hashes.slice(from, from + 20));
    released += await database.write(() => run(dropPayloads, { run: id, head, hashes: some }), LATER);
  }
  return released;
}

async function pruneChanges(database: Database, clock: number, pruning: Pruning): Promise<number> {
  const { history, dryRun, signal } = pruning;
  if (history === false) return 0;
  const values = { before: clock - history * DAY };
  if (dryRun) return Number((await database.read(() => row(countChanges, values)))?.[0]);
  return repeated(signal, () => database.write(() => run(dropOldChanges, values), LATER));
}

async function pruneExpired(database: Database, clock: number, pruning: Pruning): Promise<number> {
  const { dryRun, signal, vocabulary } = pruning;
  let removed = 0;
  for (let after = 0; ;) {
    signal?.throwIfAborted();
    const from = after;
    const values = { after: from, now: clock, limit: 100 };
    const page = dryRun
      ? await database.read(() => rows(expiredMemories, values))
      : await database.write(function* (): Work<readonly (readonly unknown[])[]> {
          const end = performance.now() + SLICE;
          const done: (readonly unknown[])[] = [];
          for (const each of yield* rows(expiredMemories, values)) {
            const uuid = String(each[1]);
            yield* remove(Number(each[0]), vocabulary);
            yield* runAll([
              call(dropChanges, { uuid }),
              call(dropLinksOf, { uuid }),
              call(dropUses, { uuid }),
            ]);
            done.push(each);
            if (performance.now() > end) break;
          }
          return done;
        }, LATER);
    removed += page.length;
    const last = page.at(-1);
    if (last === undefined) return removed;
    after = Number(last[0]);
    await nextTurn();
  }
}

async function pruneLinks(database: Database, { dryRun, signal }: Pruning): Promise<number> {
  let removed = 0;
  for (let after = 0; ;) {
    signal?.throwIfAborted();
    const from = after;
    const [last, ids] = (await database.read(() => row(danglingLinks, { after: from }))) ?? [];
    if (last === null || last === undefined) return removed;
    after = Number(last);
    if (ids !== "[]")
      removed += dryRun
        ? (JSON.parse(String(ids)) as unknown[]).length
        : await database.write(() => run(dropLinks, { ids: String(ids) }), LATER);
    await nextTurn();
  }
}

/** What nothing refers to is decided again under the write lock: somebody may have begun to refer to it. */
async function pruneBlobs(
  database: Database,
  { dryRun, signal }: Pruning,
): Promise<{ readonly blobs: number; readonly blobBytes: number }> {
  let blobs = 0;
  let blobBytes = 0;
  for (let after = 0; ;) {
    signal?.throwIfAborted();
    const from = after;
    const page = await database.read(() => rows(looseBlobs, { after: from }));
    const last = page.at(-1);
    if (last === undefined) return { blobs, blobBytes };
    after = Number(last[0]);
    for (const [id, size] of page) {
      const gone = dryRun ? 1 : await database.write(() => run(dropLooseBlob, { id: Number(id) }), LATER);
      blobs += gone;
      blobBytes += gone * Number(size);
    }
    await nextTurn();
  }
}

/** Need not wait for the disk: what is lost with the power is pruned again. */
const LATER = { full: false } as const;

async function repeated(signal: AbortSignal | undefined, step: () => Promise<number>): Promise<number> {
  for (let sum = 0; ;) {
    signal?.throwIfAborted();
    const done = await step();
    if (done === 0) return sum;
    sum += done;
    await nextTurn();
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
