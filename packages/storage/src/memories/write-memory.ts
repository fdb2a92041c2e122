import { MnemosyneError, type MemoryId } from "@mnemosyne/core";
import { call, row, rows, runAll, type Call, type Work } from "../database/work.ts";
import type { Vocabulary } from "../language/vocabulary.ts";
import { changedReferences, newReferences } from "./blob-references.ts";
import type { NewMemory } from "./check-memory.ts";
import { cellsOf, storedOf, type StoredMemory } from "./memory-row.ts";
import {
  dropMemory,
  dropText,
  findKey,
  followingInThread,
  getByRow,
  getMemory,
  indexText,
  insertMemory,
  insertText,
  placeOf,
  previousInThread,
  updateMemory,
} from "./memory-statements.ts";
import { indexed, metaText } from "./search-text.ts";
import { signalsOf } from "./signals.ts";
import { embedderOf, insertion, remix, replacement, type Embedded } from "../vectors/thread-vector.ts";
import { dropStaleVector, dropVector } from "../vectors/vector-statements.ts";

const LAST_PLACE = Number.MAX_SAFE_INTEGER;

/** Inserts a memory (as part of a batch where `stage` is not 0), or gives the id that its idempotency key stands for. */
export function* insertNew(item: NewMemory, stage: number, vocabulary: Vocabulary): Work<MemoryId> {
  const { memory, idempotencyKey } = item;
  if (item.idGiven && (yield* row(getMemory, { uuid: memory.id })) !== undefined)
    throw new MnemosyneError(
      "E_CONFLICT",
      `There is already a memory ${memory.id}; update it or leave the id out.`,
      {
        kind: "conflict",
        path: "id",
      },
    );
  if (idempotencyKey !== undefined) {
    const known = yield* row(findKey, { namespace: memory.namespace, key: idempotencyKey });
    if (known !== undefined) {
      if (known[1] === 1) return known[0] as MemoryId;
      throw new MnemosyneError(
        "E_STORAGE_BUSY",
        `A batch that is not complete yet holds the idempotency key '${idempotencyKey}'; call again.`,
        { kind: "unavailable", path: "idempotencyKey" },
      );
    }
  }
  yield* insert(item, stage, vocabulary);
  return memory.id;
}

/** Inserts a memory whose id and key were looked up already. */
export function* insert(item: NewMemory, stage: number, vocabulary: Vocabulary): Work<void> {
  const { memory, idempotencyKey, pendingRun, embedded } = item;
  const { thread, seq } = memory;
  let place: number | null = null;
  let context = "";
  let vectors: readonly unknown[] = [];
  if (thread !== undefined) {
    const at = { place: seq ?? LAST_PLACE, stage, pendingRun: pendingRun ?? null };
    const before = yield* previous(memory, at, embedded?.embedder ?? 0);
    place = seq ?? before.lastPlace + 1;
    context = before.text;
    vectors = before.vectors;
  }
  yield* runAll([
    call(insertMemory, {
      ...cellsOf(memory),
      signals: signalsOf(memory.content, vocabulary),
      stage,
      thread: thread ?? null,
      place,
      pendingRun: pendingRun ?? null,
      pendingTask: pendingRun === undefined ? null : (memory.provenance.task ?? null),
      idempotencyKey: idempotencyKey ?? null,
    }),
    ...newReferences(memory.metadata),
    ...(embedded === undefined ? [] : [insertion(embedded, vectors)]),
    call(insertText, {
      content: indexed(memory.content, vocabulary),
      context: indexed(context, vocabulary),
      meta: metaText(memory, vocabulary),
    }),
  ]);
}

/** Writes a changed memory to its row and index. */
export function* rewrite(rowId: number, memory: StoredMemory, vocabulary: Vocabulary): Work<void> {
  yield* runAll([
    call(dropStaleVector, { row: rowId, content: memory.content }),
    call(updateMemory, { ...cellsOf(memory), signals: signalsOf(memory.content, vocabulary), row: rowId }),
    ...changedReferences(rowId, memory.metadata),
  ]);
  yield* reindex(rowId, memory, vocabulary);
  yield* reindexFollowing(rowId, memory, vocabulary);
}

/** Deletes a memory's row and index, and its text in the index of those that follow in its thread. */
export function* remove(rowId: number, vocabulary: Vocabulary): Work<void> {
  const found = yield* row(getByRow, { row: rowId });
  if (found === undefined) return;
  const memory = storedOf(found);
  const following = memory.thread === undefined ? [] : yield* follow(rowId, memory);
  yield* runAll(removal(rowId));
  for (const each of following) yield* reindexRow(each, vocabulary);
}

/** The calls that delete a row and its index. */
export function removal(rowId: number): readonly Call[] {
  return [call(dropText, { row: rowId }), call(dropVector, { row: rowId }), call(dropMemory, { row: rowId })];
}

function* reindexFollowing(rowId: number, memory: StoredMemory, vocabulary: Vocabulary): Work<void> {
  if (memory.thread === undefined) return;
  for (const each of yield* follow(rowId, memory)) yield* reindexRow(each, vocabulary);
}

function* follow(rowId: number, memory: StoredMemory): Work<readonly number[]> {
  const place = (yield* row(placeOf, { row: rowId }))?.[1] ?? null;
  if (place === null || memory.thread === undefined) return [];
  const found = yield* rows(followingInThread, {
    namespace: memory.namespace,
    thread: memory.thread,
    place,
  });
  return found.map((each) => Number(each[0]));
}

function* reindexRow(rowId: number, vocabulary: Vocabulary): Work<void> {
  const found = yield* row(getByRow, { row: rowId });
  if (found !== undefined) yield* reindex(rowId, storedOf(found), vocabulary);
}

function* reindex(rowId: number, memory: StoredMemory, vocabulary: Vocabulary): Work<void> {
  let context = "";
  if (memory.thread !== undefined) {
    const before = yield* beforeRow(rowId, memory, yield* embedderOf(rowId));
    context = before.text;
    yield* remix(rowId, before.vectors);
  }
  yield* runAll([
    call(dropText, { row: rowId }),
    call(indexText, {
      row: rowId,
      content: indexed(memory.content, vocabulary),
      context: indexed(context, vocabulary),
      meta: metaText(memory, vocabulary),
    }),
  ]);
}

/**
 * Gives a memory the vector of its content, and those that follow it in its thread their share of it. Gives false where
 * its content is another one by now.
 */
export function* fill(uuid: string, content: string, embedded: Embedded): Work<boolean> {
  const found = (yield* rows(getMemory, { uuid })).find((cells) => storedOf(cells).content === content);
  if (found === undefined) return false;
  const rowId = Number(found[9]);
  const memory = storedOf(found);
  if (memory.thread === undefined) {
    yield* runAll(replacement(rowId, embedded, []));
    return true;
  }
  const before = yield* beforeRow(rowId, memory, embedded.embedder);
  yield* runAll(replacement(rowId, embedded, before.vectors));
  for (const each of yield* follow(rowId, memory)) {
    const by = yield* embedderOf(each);
    if (by !== embedded.embedder) continue;
    const cells = yield* row(getByRow, { row: each });
    if (cells !== undefined) yield* remix(each, (yield* beforeRow(each, storedOf(cells), by)).vectors);
  }
  return true;
}

interface Before {
  readonly text: string;
  readonly lastPlace: number;
  readonly vectors: readonly unknown[];
}

function* beforeRow(rowId: number, memory: StoredMemory, embedder: number): Work<Before> {
  const [, place, stage, pendingRun] = (yield* row(placeOf, { row: rowId })) ?? [];
  const at = {
    place: Number(place),
    stage: Number(stage),
    pendingRun: (pendingRun ?? null) as string | null,
  };
  return yield* previous(memory, at, embedder);
}

/** The text of the three memories before a place of a thread, the last one's place, and an embedder's vectors of them. */
function* previous(
  memory: StoredMemory,
  at: { readonly place: number; readonly stage: number; readonly pendingRun: string | null },
  embedder: number,
): Work<Before> {
  const found = yield* rows(previousInThread, {
    namespace: memory.namespace,
    thread: memory.thread ?? null,
    embedder,
    ...at,
  });
  return {
    text: found
      .map((each) => String(each[0]))
      .toReversed()
      .join("\n"),
    lastPlace: Number(found[0]?.[1] ?? -1),
    vectors: found.map((each) => each[2]),
  };
}
