import { MnemosyneError, type MemoryId } from "@mnemosyne/core";
import { call, row, rows, runAll, type Call, type Work } from "../database/work.ts";
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

const LAST_PLACE = Number.MAX_SAFE_INTEGER;

/** Inserts a memory (as part of a batch where `stage` is not 0), or gives the id that its idempotency key stands for. */
export function* insertNew(item: NewMemory, stage: number): Work<MemoryId> {
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
  yield* insert(item, stage);
  return memory.id;
}

/** Inserts a memory whose id and key were looked up already. */
export function* insert(item: NewMemory, stage: number): Work<void> {
  const { memory, idempotencyKey, pendingRun } = item;
  const { thread, seq } = memory;
  let place: number | null = null;
  let context = "";
  if (thread !== undefined) {
    const before = yield* previous(memory, seq ?? LAST_PLACE, stage, pendingRun ?? null);
    place = seq ?? before.lastPlace + 1;
    context = before.text;
  }
  yield* runAll([
    call(insertMemory, {
      ...cellsOf(memory),
      stage,
      thread: thread ?? null,
      place,
      pendingRun: pendingRun ?? null,
      pendingTask: pendingRun === undefined ? null : (memory.provenance.task ?? null),
      idempotencyKey: idempotencyKey ?? null,
    }),
    call(insertText, { content: indexed(memory.content), context: indexed(context), meta: metaText(memory) }),
  ]);
}

/** Writes a changed memory to its row and index. */
export function* rewrite(rowId: number, memory: StoredMemory): Work<void> {
  yield* runAll([call(updateMemory, { ...cellsOf(memory), row: rowId })]);
  yield* reindex(rowId, memory);
  yield* reindexFollowing(rowId, memory);
}

/** Deletes a memory's row and index, and its text in the index of those that follow in its thread. */
export function* remove(rowId: number): Work<void> {
  const found = yield* row(getByRow, { row: rowId });
  if (found === undefined) return;
  const memory = storedOf(found);
  const following = memory.thread === undefined ? [] : yield* follow(rowId, memory);
  yield* runAll(removal(rowId));
  for (const each of following) yield* reindexRow(each);
}

/** The calls that delete a row and its index. */
export function removal(rowId: number): readonly Call[] {
  return [call(dropText, { row: rowId }), call(dropMemory, { row: rowId })];
}

function* reindexFollowing(rowId: number, memory: StoredMemory): Work<void> {
  if (memory.thread === undefined) return;
  for (const each of yield* follow(rowId, memory)) yield* reindexRow(each);
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

function* reindexRow(rowId: number): Work<void> {
  const found = yield* row(getByRow, { row: rowId });
  if (found !== undefined) yield* reindex(rowId, storedOf(found));
}

function* reindex(rowId: number, memory: StoredMemory): Work<void> {
  let context = "";
  const stands = yield* row(placeOf, { row: rowId });
  if (stands !== undefined && memory.thread !== undefined) {
    const [, place, stage, pendingRun] = stands;
    context = (yield* previous(memory, Number(place), Number(stage), pendingRun as string | null)).text;
  }
  yield* runAll([
    call(dropText, { row: rowId }),
    call(indexText, {
      row: rowId,
      content: indexed(memory.content),
      context: indexed(context),
      meta: metaText(memory),
    }),
  ]);
}

/** The text of the three memories before a place of a thread, and the last one's place. */
function* previous(
  memory: StoredMemory,
  place: number,
  stage: number,
  pendingRun: string | null,
): Work<{ readonly text: string; readonly lastPlace: number }> {
  const found = yield* rows(previousInThread, {
    namespace: memory.namespace,
    thread: memory.thread ?? null,
    place,
    stage,
    pendingRun,
  });
  return {
    text: found
      .map((each) => String(each[0]))
      .toReversed()
      .join("\n"),
    lastPlace: Number(found[0]?.[1] ?? -1),
  };
}
