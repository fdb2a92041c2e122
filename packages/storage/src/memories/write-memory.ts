import { MnemosyneError, type MemoryId } from "@mnemosyne/core";
import { call, row, rows, runAll, type Call, type Work } from "../database/work.ts";
import type { Vocabulary } from "../language/vocabulary.ts";
import { changedReferences, newReferences } from "./blob-references.ts";
import type { NewMemory } from "./check-memory.ts";
import { cellsOf, newRowOf, storedOf, type StoredMemory } from "./memory-row.ts";
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
import type { Before, ThreadTails } from "./thread-tails.ts";
import { toCell } from "../vectors/quantized.ts";
import { embedderOf, insertion, remix, replacement, type Embedded } from "../vectors/thread-vector.ts";
import { dropStaleVector, dropVector } from "../vectors/vector-statements.ts";

const LAST_PLACE = Number.MAX_SAFE_INTEGER;
/** So many characters of a memory are context of those after it, as {@link previousInThread} cuts it. */
const TAKEN = 1000;

/** Inserts a memory (as part of a batch where `stage` is not 0), or gives the id that its idempotency key stands for. */
export function* insertNew(
  item: NewMemory,
  stage: number,
  vocabulary: Vocabulary,
  tails?: ThreadTails,
): Work<MemoryId> {
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
  yield* insert(item, stage, vocabulary, tails);
  return memory.id;
}

/** Inserts a memory whose id and key were looked up already. */
export function* insert(
  item: NewMemory,
  stage: number,
  vocabulary: Vocabulary,
  tails?: ThreadTails,
): Work<void> {
  const { memory, idempotencyKey, pendingRun, embedded } = item;
  const { content, thread, seq } = memory;
  const text = indexed(content, vocabulary);
  let place: number | null = null;
  let before: readonly Before[] = [];
  if (thread !== undefined) {
    const view = { pendingRun, embedder: embedded?.embedder ?? 0 };
    const at = { stage, pendingRun: pendingRun ?? null };
    before =
      tails?.endOf(memory, view) ??
      (yield* previous(memory, { ...at, place: LAST_PLACE }, view.embedder, vocabulary));
    const last = before[0]?.place ?? -1;
    place = seq ?? last + 1;
    if (place <= last) {
      before = yield* previous(memory, { ...at, place }, view.embedder, vocabulary);
      tails?.insert(memory);
    } else {
      const start = content.length > TAKEN ? indexed(content.slice(0, TAKEN), vocabulary) : text;
      const own = embedded?.own;
      const vector = own === undefined ? null : toCell(own);
      tails?.append(memory, view, { place, text: start, vector }, before);
    }
  }
  yield* runAll([
    call(
      insertMemory,
      newRowOf(memory, {
        signals: signalsOf(content, vocabulary),
        stage,
        place,
        pendingRun,
        idempotencyKey,
      }),
    ),
    ...newReferences(memory.metadata),
    ...(embedded === undefined ? [] : [insertion(embedded, vectorsOf(before))]),
    call(insertText, { content: text, context: contextOf(before), meta: metaText(memory, vocabulary) }),
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
  yield* runAll(removals([rowId]));
  for (const each of following) yield* reindexRow(each, vocabulary);
}

/**
 * The calls that delete rows and their index. The index first, of all of them: a trigger, which the others have, makes it
 * write what it holds in memory to the file.
 */
export function removals(rowIds: readonly number[]): readonly Call[] {
  return [dropText, dropVector, dropMemory].flatMap((drop) => rowIds.map((row) => call(drop, { row })));
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
    const before = yield* beforeRow(rowId, memory, yield* embedderOf(rowId), vocabulary);
    context = contextOf(before);
    yield* remix(rowId, vectorsOf(before));
  }
  yield* runAll([
    call(dropText, { row: rowId }),
    call(indexText, {
      row: rowId,
      content: indexed(memory.content, vocabulary),
      context,
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
  yield* runAll(replacement(rowId, embedded, vectorsOf(before)));
  for (const each of yield* follow(rowId, memory)) {
    const by = yield* embedderOf(each);
    if (by !== embedded.embedder) continue;
    const cells = yield* row(getByRow, { row: each });
    if (cells === undefined) continue;
    yield* remix(each, vectorsOf(yield* beforeRow(each, storedOf(cells), by)));
  }
  return true;
}

function* beforeRow(
  rowId: number,
  memory: StoredMemory,
  embedder: number,
  vocabulary?: Vocabulary,
): Work<readonly Before[]> {
  const [, place, stage, pendingRun] = (yield* row(placeOf, { row: rowId })) ?? [];
  const at = {
    place: Number(place),
    stage: Number(stage),
    pendingRun: (pendingRun ?? null) as string | null,
  };
  return yield* previous(memory, at, embedder, vocabulary);
}

/** The three memories before a place of a thread, the nearest first, with an embedder's vectors of them. Without a vocabulary their texts are as written. */
function* previous(
  memory: StoredMemory,
  at: { readonly place: number; readonly stage: number; readonly pendingRun: string | null },
  embedder: number,
  vocabulary?: Vocabulary,
): Work<readonly Before[]> {
  const found = yield* rows(previousInThread, {
    namespace: memory.namespace,
    thread: memory.thread ?? null,
    embedder,
    ...at,
  });
  return found.map(([text, place, vector]) => ({
    place: Number(place),
    text: vocabulary === undefined ? String(text) : indexed(String(text), vocabulary),
    vector,
  }));
}

/** What stands in the index's second column: what was said before, the oldest first. */
function contextOf(before: readonly Before[]): string {
  return before
    .map(({ text }) => text)
    .toReversed()
    .join("\n");
}

function vectorsOf(before: readonly Before[]): readonly unknown[] {
  return before.map(({ vector }) => vector);
}
