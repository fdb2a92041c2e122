import { MnemosyneError } from "@mnemosyne/core";
import { bytesOf } from "../blobs/libsql-blob-store.ts";
import type { Database } from "../database/database.ts";
import { pause } from "../database/pause.ts";
import { row, run, type Work } from "../database/work.ts";
import { clear, garbageOf } from "./page-garbage.ts";
import { countPages, mergeText, readPage, totalChanges, writePage } from "./scrub-statements.ts";

/** Milliseconds of work in one go, so that neither the event loop nor other writers wait for long. */
const SLICE = 15;
const MERGE_PAGES = 64;

/**
 * Overwrites everything that was ever deleted from a file, wherever SQLite has left it: in the text index, on free
 * pages, between the cells of used ones, in the log. Nothing to do for memory; a server cares for its own files.
 * Throws `E_STORAGE_BUSY` when somebody reads for so long that the log cannot be emptied.
 */
export async function scrub(database: Database): Promise<void> {
  await mergeDeletedText(database);
  const { file } = database;
  if (file === undefined || file.path === ":memory:") return;
  await clearFreePages(database);
  await clearUsedPages(database);
  const end = performance.now() + file.busyTimeout;
  while (!file.emptyLog()) {
    if (performance.now() > end)
      throw new MnemosyneError(
        "E_STORAGE_BUSY",
        "It is gone from every result, but another process reads from the log of the database, which still holds its bytes; call again to finish.",
        { kind: "unavailable" },
      );
    await pause();
  }
}

async function mergeDeletedText(database: Database): Promise<void> {
  for (let pages = -MERGE_PAGES; ; pages = MERGE_PAGES) {
    const step = pages;
    const changes = await database.write(function* (): Work<number> {
      const before = Number((yield* row(totalChanges))?.[0]);
      yield* run(mergeText, { pages: step });
      return Number((yield* row(totalChanges))?.[0]) - before;
    });
    if (changes < 2 && step > 0) return;
    await nextTurn();
  }
}

/** Pages on SQLite's list of free ones: their content means nothing, so it is overwritten as a whole. */
async function clearFreePages(database: Database): Promise<void> {
  let done = false;
  for (let skip = 0; !done;) {
    const from = skip;
    ({ done, skip } = await database.write(() => clearSomeFree(from)));
    await nextTurn();
  }
}

function* clearSomeFree(skip: number): Work<{ readonly done: boolean; readonly skip: number }> {
  const end = performance.now() + SLICE;
  const { reserved } = yield* shape();
  let seen = 0;
  let trunk = (yield* pageAt(1)).readUInt32BE(32);
  while (trunk !== 0) {
    const page = yield* pageAt(trunk);
    const usable = page.length - reserved;
    const count = page.readUInt32BE(4);
    if (clear(page, [{ from: 8 + 4 * count, to: usable }]))
      yield* run(writePage, { page: trunk, data: page });
    for (let index = 0; index < count; index++) {
      seen++;
      if (seen <= skip) continue;
      const leaf = page.readUInt32BE(8 + 4 * index);
      const free = yield* pageAt(leaf);
      if (clear(free, [{ from: 0, to: usable }])) yield* run(writePage, { page: leaf, data: free });
      if (performance.now() > end) return { done: false, skip: seen };
    }
    trunk = page.readUInt32BE(0);
  }
  return { done: true, skip: seen };
}

/** Finds stretches by reading, so that others may write meanwhile, and overwrites them in short transactions. */
async function clearUsedPages(database: Database): Promise<void> {
  let next = 1;
  for (;;) {
    const from = next;
    const found = await database.read(() => findDirty(from));
    if (found.dirty.length > 0)
      await database.write(function* (): Work<void> {
        for (const number of found.dirty) {
          const page = yield* pageAt(number);
          if (clear(page, garbageOf(page, number))) yield* run(writePage, { page: number, data: page });
        }
      });
    if (found.next === undefined) return;
    next = found.next;
    await nextTurn();
  }
}

function* findDirty(from: number): Work<{ readonly dirty: readonly number[]; readonly next?: number }> {
  const end = performance.now() + SLICE;
  const { pages, size } = yield* shape();
  // SQLite keeps the page at one gigabyte for its locks.
  const locks = Math.floor(0x4000_0000 / size) + 1;
  const dirty: number[] = [];
  for (let number = from; number <= pages; number++) {
    if (number === locks) continue;
    const page = yield* pageAt(number);
    if (clear(page, garbageOf(page, number))) dirty.push(number);
    if (performance.now() > end || dirty.length >= 200) return { dirty, next: number + 1 };
  }
  return { dirty };
}

function* shape(): Work<{ readonly pages: number; readonly size: number; readonly reserved: number }> {
  const [pages, size] = (yield* row(countPages)) ?? [];
  const first = yield* pageAt(1);
  return { pages: Number(pages), size: Number(size), reserved: first[20] ?? 0 };
}

/** A copy of a page's bytes. */
function* pageAt(page: number): Work<Buffer> {
  const found = yield* row(readPage, { page });
  return Buffer.from(bytesOf(found?.[0]));
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
