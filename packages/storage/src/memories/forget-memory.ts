import {
  MnemosyneError,
  type ChangeNote,
  type Memory,
  type MemoryId,
  type MemoryInput,
} from "@mnemosyne/core";
import { row, runAll, type Work } from "../database/work.ts";
import type { Vocabulary } from "../language/vocabulary.ts";
import { lastForgotten } from "./change-statements.ts";
import { changeCall, recordOf } from "./changes.ts";
import { checkImported } from "./import-memories.ts";
import { keyOf } from "./record-statements.ts";
import { storedOf, toMemory } from "./memory-row.ts";
import { getMemory, getVisible } from "./memory-statements.ts";
import { rewritten, writable } from "./update-memory.ts";
import { insertNew, remove } from "./write-memory.ts";

/** Removes a memory from every result and keeps it in its history. Gives whether it was there. */
export function* forgetMemory(
  uuid: MemoryId,
  note: ChangeNote,
  now: number,
  vocabulary: Vocabulary,
): Work<boolean> {
  const found = yield* writable(uuid);
  if (found === undefined) return false;
  const stored = storedOf(found);
  const rowId = Number(found[9]);
  const key = (yield* row(keyOf, { row: rowId }))?.[0];
  yield* remove(rowId, vocabulary);
  const before = { ...recordOf(stored), ...(typeof key === "string" ? { idempotencyKey: key } : {}) };
  yield* runAll([
    changeCall({ ...note, change: "forgotten", uuid, version: stored.version, at: now, before }),
  ]);
  return (stored.expiresAt ?? Infinity) > now;
}

/** Brings back what was forgotten, archived or superseded. */
export function* restoreMemory(
  uuid: MemoryId,
  note: ChangeNote,
  now: number,
  vocabulary: Vocabulary,
): Work<Memory> {
  const found = yield* writable(uuid);
  if (found !== undefined) {
    const stored = storedOf(found);
    if (stored.archivedAt === undefined && stored.supersededBy === undefined) throw nothingToRestore(uuid);
    const wanted = { ...stored, archivedAt: undefined, supersededBy: undefined, supersededAt: undefined };
    const fields = ["archivedAt", "supersededBy"].filter((field) =>
      Object.entries(stored).some(([key, value]) => key === field && value !== undefined),
    );
    return yield* rewritten(
      Number(found[9]),
      stored,
      wanted,
      { ...note, change: "restored", fields, now },
      vocabulary,
    );
  }
  const last = yield* row(lastForgotten, { uuid });
  const record =
    last === undefined ? undefined : (JSON.parse(String(last[0])) as MemoryInput & { id?: string });
  // A change that kept a whole record is the forgetting; a row that is hidden belongs to a batch.
  if (record?.id !== uuid || (yield* row(getMemory, { uuid })) !== undefined) throw nothingToRestore(uuid);
  const version = Number(last?.[1]) + 1;
  const item = checkImported({ ...record, updatedAt: new Date(now), version } as MemoryInput, 0, true, now);
  yield* insertNew({ ...item, idGiven: false }, 0, vocabulary);
  yield* runAll([changeCall({ ...note, change: "restored", uuid, version, at: now, before: {} })]);
  const restored = yield* row(getVisible, { uuid });
  if (restored === undefined)
    throw new MnemosyneError(
      "E_CONFLICT",
      `Another memory holds the idempotency key of ${uuid} now; forget that one first.`,
      { kind: "conflict", path: "id" },
    );
  return toMemory(storedOf(restored));
}

function nothingToRestore(uuid: MemoryId): MnemosyneError {
  return new MnemosyneError(
    "E_MEMORY_NOT_FOUND",
    `Memory ${uuid} was not forgotten, archived or superseded, or its history is gone; there is nothing to bring back.`,
    { kind: "notFound", path: "id" },
  );
}
