import type { MemoryId, RunEventBody } from "@mnemosyne/core";
import type { Database } from "../database/database.ts";
import { call, row, rows, run, runAll, type Work } from "../database/work.ts";
import { undoMerge } from "../evolution/undo-merge.ts";
import type { Vocabulary } from "../language/vocabulary.ts";
import { scrub } from "../maintenance/scrub.ts";
import { dropChanges } from "./change-statements.ts";
import {
  dropBlob,
  dropBlobsById,
  dropChangesById,
  dropMerge,
  dropQuotingItems,
  dropUses,
  formerTexts,
  listRunRows,
  mergesOf,
  ownBlobs,
  quotingBlobs,
  quotingChanges,
  quotingEvents,
  quotingPlaybookChanges,
  rewriteEvent,
  rewritePlaybookChange,
  stripMerged,
  supersededByIt,
} from "./erase-statements.ts";
import { dropLinksOf } from "./link-statements.ts";
import { storedOf } from "./memory-row.ts";
import { getVisible } from "./memory-statements.ts";
import { present, rewritten, writable } from "./update-memory.ts";
import { remove } from "./write-memory.ts";

/** A shorter text says too little: what contains it need not quote the memory. */
const LEAST_QUOTE = 8;

/**
 * Erases every trace of a memory: first what quotes it, then itself, then its bytes. When it fails half-way, calling it
 * again goes on. Gives whether there was a trace of it.
 */
export async function eraseMemory(
  database: Database,
  uuid: MemoryId,
  vocabulary: Vocabulary,
): Promise<boolean> {
  const texts = await database.read(() => textsOf(uuid));
  const quotes = texts.length === 0 ? [uuid] : texts;
  for (const quote of quotes) {
    const values = { uuid, text: quote, escaped: JSON.stringify(quote).slice(1, -1) };
    if (texts.length > 0) {
      await inPages(database, quotingChanges, dropChangesById, values);
      await inPages(database, quotingBlobs, dropBlobsById, values);
      await database.write(() => eraseFromPlaybooks(quote, values.escaped));
    }
    await eraseFromEvents(database, values);
  }
  const found = await database.write(() => eraseRecord(uuid, vocabulary, Date.now()));
  await scrub(database);
  return found;
}

/** What may be quoted: the memory's contents and summaries, those that it had before too. */
function* textsOf(uuid: MemoryId): Work<readonly string[]> {
  const texts = new Set<string>();
  const found = yield* row(getVisible, { uuid });
  if (found !== undefined) {
    const { content, summary } = storedOf(found);
    texts.add(content).add(summary);
  }
  for (const [content, summary] of yield* rows(formerTexts, { uuid }))
    for (const text of [content, summary]) if (typeof text === "string") texts.add(text);
  return [...texts].filter((text) => text.length >= LEAST_QUOTE);
}

interface Quote {
  readonly [name: string]: string;
  readonly uuid: string;
  readonly text: string;
  readonly escaped: string;
}

/** Looks through a table a page at a time and drops what was found. */
async function inPages(
  database: Database,
  find: typeof quotingBlobs,
  drop: typeof dropBlobsById,
  values: Quote,
): Promise<void> {
  for (let after = 0; ;) {
    const from = after;
    const [last, ids] = (await database.read(() => row(find, { ...values, after: from }))) ?? [];
    if (last === null || last === undefined) return;
    if (ids !== "[]") await database.write(() => run(drop, { ids: String(ids) }));
    after = Number(last);
  }
}

/** Takes the texts out of what runs have observed. What runs are replayed from never holds them. */
async function eraseFromEvents(database: Database, values: Quote): Promise<void> {
  for (const [runRow] of await database.read(() => rows(listRunRows))) {
    const where = { run: Number(runRow), uuid: values.uuid, escaped: values.escaped };
    const found = await database.read(() => rows(quotingEvents, where));
    if (found.length === 0) continue;
    await database.write(() =>
      runAll(
        found.map(([seq, body]) => {
          const event = JSON.parse(String(body)) as RunEventBody & { readonly id?: string };
          const erased =
            event.type === "memory.stored" && event.id === values.uuid ? { ...event, summary: "" } : event;
          return call(rewriteEvent, {
            run: where.run,
            seq: Number(seq),
            body: JSON.stringify(without(erased, values.text)),
          });
        }),
      ),
    );
  }
}

function* eraseFromPlaybooks(text: string, escaped: string): Work<void> {
  yield* run(dropQuotingItems, { escaped });
  for (const [namespace, version, body] of yield* rows(quotingPlaybookChanges, { escaped }))
    yield* run(rewritePlaybookChange, {
      namespace: String(namespace),
      version: Number(version),
      body: JSON.stringify(without(JSON.parse(String(body)), text)),
    });
}

/** A value with a text cut out of all its strings. */
function without(value: unknown, text: string): unknown {
  if (typeof value === "string") return value.split(text).join("");
  if (Array.isArray(value)) return value.map((item) => without(item, text));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, without(item, text)]));
}

function* eraseRecord(uuid: MemoryId, vocabulary: Vocabulary, now: number): Work<boolean> {
  const merges = yield* rows(mergesOf, { uuid });
  for (const [id, survivor, version, , holds] of merges) {
    if (holds === 1) yield* undoMerge(Number(id), { reason: "a part of it was erased" }, now, vocabulary);
    yield* runAll([
      call(stripMerged, { survivor: String(survivor), version: Number(version) - 1 }),
      call(dropMerge, { id: Number(id) }),
    ]);
  }
  for (const [each] of yield* rows(supersededByIt, { uuid })) {
    const { rowId, stored } = yield* present(each as MemoryId, 0);
    const wanted = { ...stored, supersededBy: undefined, supersededAt: undefined };
    const by = { change: "restored", reason: "what superseded it was erased", fields: [], now } as const;
    yield* rewritten(rowId, stored, wanted, by, vocabulary);
  }
  const found = yield* writable(uuid);
  if (found !== undefined) {
    const rowId = Number(found[9]);
    const blobs = yield* rows(ownBlobs, { row: rowId });
    yield* remove(rowId, vocabulary);
    yield* runAll(blobs.map(([hash]) => call(dropBlob, { hash: String(hash) })));
  }
  yield* runAll([call(dropLinksOf, { uuid }), call(dropUses, { uuid })]);
  return (yield* run(dropChanges, { uuid })) > 0 || found !== undefined;
}
