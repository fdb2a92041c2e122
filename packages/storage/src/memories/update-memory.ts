import { MnemosyneError, type ChangeNote, type Memory, type MemoryId, type Trust } from "@mnemosyne/core";
import { row, runAll, type Row, type Work } from "../database/work.ts";
import { inputError } from "../input.ts";
import type { Vocabulary } from "../language/vocabulary.ts";
import { changeCall, fieldsBefore } from "./changes.ts";
import { checkWhole } from "./check-memory.ts";
import { storedOf, toMemory, type StoredMemory } from "./memory-row.ts";
import { getVisible } from "./memory-statements.ts";
import { rewrite } from "./write-memory.ts";

/** A change of a memory that was checked. */
export interface Update {
  readonly uuid: MemoryId;
  readonly changes: Partial<StoredMemory>;
  readonly version: number | undefined;
  readonly note: ChangeNote;
  readonly now: number;
}

/** Changes the named fields and writes down how they were. */
export function* updateMemory(update: Update, vocabulary: Vocabulary): Work<Memory> {
  const { uuid, changes, version, now } = update;
  const { rowId, stored } = yield* present(uuid, now);
  if (version !== undefined && version !== stored.version)
    throw new MnemosyneError(
      "E_VERSION_CONFLICT",
      `Memory ${uuid} is at version ${stored.version}, not ${version}; read it again and decide.`,
      { kind: "conflict", path: "version", details: { id: uuid, version: stored.version } },
    );
  const changed = yield* lowerTrust({
    ...stored,
    ...changes,
    ...(changes.supersededBy === undefined ? {} : { supersededAt: now }),
    ...trustAfter(stored, changes),
  });
  checkWhole(changed);
  if (changes.supersededBy !== undefined) yield* checkSuccessor(uuid, changes.supersededBy, now);
  const change = changes.supersededBy === undefined ? "updated" : "superseded";
  return yield* rewritten(
    rowId,
    stored,
    changed,
    { ...update.note, change, fields: Object.keys(changes), now },
    vocabulary,
  );
}

/** Writes a memory as it is to be, its version raised, and the change that led there. */
export function* rewritten(
  rowId: number,
  stored: StoredMemory,
  wanted: StoredMemory,
  by: ChangeNote & {
    readonly change: "updated" | "superseded" | "merged" | "archived" | "restored";
    readonly fields: readonly string[];
    readonly now: number;
  },
  vocabulary: Vocabulary,
): Work<Memory> {
  const { fields, now, ...change } = by;
  const changed = {
    ...wanted,
    version: stored.version + 1,
    updatedAt: Math.max(now, stored.updatedAt),
  };
  yield* rewrite(rowId, changed, vocabulary);
  yield* runAll([
    changeCall({
      ...change,
      uuid: stored.id,
      version: changed.version,
      at: now,
      before: fieldsBefore(stored, trustFields(stored, changed, fields)),
    }),
  ]);
  return toMemory(changed);
}

/** The row of a memory that has not expired. Throws `E_MEMORY_NOT_FOUND`. */
export function* present(
  uuid: MemoryId,
  now: number,
): Work<{ readonly rowId: number; readonly stored: StoredMemory }> {
  const found = yield* writable(uuid);
  const stored = found === undefined ? undefined : storedOf(found);
  if (found === undefined || stored === undefined || (stored.expiresAt ?? Infinity) <= now)
    throw new MnemosyneError("E_MEMORY_NOT_FOUND", `There is no memory ${uuid}.`, {
      kind: "notFound",
      path: "id",
    });
  return { rowId: Number(found[9]), stored };
}

/** The visible row of an id, unless an import is about to replace it. */
export function* writable(uuid: MemoryId): Work<Row | undefined> {
  const found = yield* row(getVisible, { uuid });
  if (found === undefined || Number(found[8]) >= 0) return found;
  throw new MnemosyneError(
    "E_STORAGE_BUSY",
    `An import that is not complete yet replaces memory ${uuid}; call again.`,
    { kind: "unavailable", path: "id" },
  );
}

const ORDER: readonly Trust[] = ["claimed", "observed", "verified"];

/** A memory with its trust lowered to the lowest of its sources; a source that is not there is no more than a claim. */
export function* lowerTrust(memory: StoredMemory): Work<StoredMemory> {
  let { trust } = memory;
  for (const source of memory.provenance.sources ?? []) {
    const found = yield* row(getVisible, { uuid: source.toLowerCase() });
    const other = found === undefined ? "claimed" : storedOf(found).trust;
    if (ORDER.indexOf(other) < ORDER.indexOf(trust)) trust = other;
  }
  return trust === memory.trust ? memory : { ...memory, trust };
}

/** What was verified is the statement: another content is a claim until it is checked. */
function trustAfter(stored: StoredMemory, changes: Partial<StoredMemory>): Partial<StoredMemory> {
  const { content, trust } = changes;
  const other = content !== undefined && content !== stored.content;
  return other && trust === undefined && stored.trust === "verified" ? { trust: "claimed" } : {};
}

function trustFields(
  stored: StoredMemory,
  changed: StoredMemory,
  fields: readonly string[],
): readonly string[] {
  return stored.trust === changed.trust || fields.includes("trust") ? fields : [...fields, "trust"];
}

/** The successor must be there, and must not itself be superseded by the memory, however many steps away. */
function* checkSuccessor(uuid: MemoryId, successor: MemoryId, now: number): Work<void> {
  let at: MemoryId | undefined = successor;
  for (let steps = 0; at !== undefined && steps < 1000; steps++) {
    if (at === uuid) throw inputError("supersededBy", "is superseded by the memory itself");
    const found: Row | undefined = yield* row(getVisible, { uuid: at });
    const stored: StoredMemory | undefined = found === undefined ? undefined : storedOf(found);
    if (steps === 0 && (stored === undefined || (stored.expiresAt ?? Infinity) <= now))
      throw new MnemosyneError(
        "E_MEMORY_NOT_FOUND",
        `There is no memory ${successor} to supersede ${uuid}.`,
        {
          kind: "notFound",
          path: "supersededBy",
        },
      );
    at = stored?.supersededBy;
  }
}
