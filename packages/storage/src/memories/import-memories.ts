import {
  MnemosyneError,
  type ImportConflict,
  type ImportRecord,
  type MemoryId,
  type MemoryInput,
} from "@mnemosyne/core";
import { call, row, rows, run, runAll, type Call, type Work } from "../database/work.ts";
import { checkInteger, inputError } from "../input.ts";
import type { Vocabulary } from "../language/vocabulary.ts";
import { changeCall, fieldsBefore } from "./changes.ts";
import { checkId, checkMemory, checkTime, type NewMemory } from "./check-memory.ts";
import { getLink, putLink } from "./link-statements.ts";
import { checkLink, endOf, heldByBatch, linkCells, type NewLink } from "./links.ts";
import { storedOf, type StoredMemory, type Writable } from "./memory-row.ts";
import { getVersions, markReplaced } from "./memory-statements.ts";
import type { ThreadTails } from "./thread-tails.ts";
import { insert, insertNew, removals } from "./write-memory.ts";

/** One checked record of an import. */
export type ImportItem = { readonly memory: NewMemory } | { readonly link: NewLink; readonly index: number };

/** Checks a record: a memory, or a link. Throws `E_INPUT`. */
export function checkRecord(
  record: ImportRecord,
  index: number,
  keepTrust: boolean,
  now: number,
): ImportItem {
  const { link } = (record ?? {}) as { readonly link?: unknown };
  if (link === undefined) return { memory: checkImported(record as MemoryInput, index, keepTrust, now) };
  if (typeof link !== "object" || link === null) throw inputError(`[${index}].link`, "must be an object");
  return { link: checkLink(link as Parameters<typeof checkLink>[0], `[${index}].link.`, now), index };
}

/** Checks a memory of an import. What `export` gave keeps its version and what only the store itself sets. */
export function checkImported(
  record: MemoryInput,
  index: number,
  keepTrust: boolean,
  now: number,
): NewMemory {
  const path = `[${index}].`;
  const lowers = !keepTrust && (record?.trust === "verified" || record?.trust === "observed");
  const lowered: MemoryInput = lowers ? { ...record, trust: "claimed" } : record;
  const checked = checkMemory(lowered, path, now);
  return { ...checked, memory: { ...checked.memory, ...ownFields(record, path) } };
}

/** The fields of an exported memory that `store` does not take. */
function ownFields(record: object, path: string): Partial<StoredMemory> {
  const given = record as Readonly<Record<string, unknown>>;
  const fields: Partial<Writable<StoredMemory>> = {};
  const whole = (name: string, most: number): number => checkInteger(given[name], path + name, 1, most);
  const time = (name: string): number => checkTime(given[name], path + name);
  if (given["version"] !== undefined) fields.version = whole("version", Number.MAX_SAFE_INTEGER);
  if (given["updatedAt"] !== undefined) fields.updatedAt = time("updatedAt");
  if (given["derivedImportance"] !== undefined) fields.derivedImportance = whole("derivedImportance", 10);
  if (given["archivedAt"] !== undefined) fields.archivedAt = time("archivedAt");
  if (given["supersededBy"] !== undefined) {
    fields.supersededBy = checkId(given["supersededBy"], `${path}supersededBy`);
    // When it was superseded is its last change, or before that.
    fields.supersededAt = fields.updatedAt ?? Date.now();
  }
  return fields;
}

/** Throws `E_INPUT` for an unknown way. */
export function checkConflictMode(mode: ImportConflict | undefined): ImportConflict {
  if (mode === undefined) return "refuse";
  if (mode === "refuse" || mode === "skip" || mode === "replace") return mode;
  throw inputError("onConflict", "must be 'refuse', 'skip' or 'replace'");
}

/** How records are stored. */
export interface ImportMode {
  readonly onConflict: ImportConflict;
  readonly now: number;
  readonly vocabulary: Vocabulary;
  /** Takes the calls that must wait until the batch is published. */
  readonly later: (key: string, call: Call) => void;
}

/** Stores one record as part of a batch (stage 0: in one transaction with all others). Gives whether it was stored; else it was skipped. */
export function importOne(
  item: ImportItem,
  stage: number,
  mode: ImportMode,
  tails: ThreadTails,
): Work<boolean> {
  return "link" in item
    ? importLink(item.link, item.index, stage, mode)
    : importMemory(item.memory, stage, mode, tails);
}

function* importMemory(
  item: NewMemory,
  stage: number,
  { onConflict, now, vocabulary }: ImportMode,
  tails: ThreadTails,
): Work<boolean> {
  const { memory } = item;
  const known = item.idGiven ? yield* rows(getVersions, { uuid: memory.id }) : [];
  if (known.some((cells) => Number(cells[8]) > 0 && Number(cells[8]) !== stage && cells[10] === 0))
    throw new MnemosyneError(
      "E_STORAGE_BUSY",
      `Another batch that is not complete yet stores memory ${memory.id}; call again.`,
      { kind: "unavailable", path: "id" },
    );
  const ours = known.find((cells) => Number(cells[8]) === stage);
  const current = ours ?? known.find((cells) => Number(cells[8]) >= 0);
  if (current === undefined) {
    const stored = yield* insertNew({ ...item, idGiven: false }, stage, vocabulary, tails);
    return stored === memory.id;
  }
  const before = storedOf(current);
  if (before.content === memory.content || onConflict === "skip") return false;
  if (onConflict === "refuse") throw differs("memory", memory.id);
  const rowId = Number(current[9]);
  tails.forget();
  if (stage === 0 || ours !== undefined) yield* runAll(removals([rowId]));
  else if ((yield* run(markReplaced, { row: rowId, stage: -stage, was: Number(current[8]) })) === 0)
    throw new MnemosyneError("E_INTERNAL", `Memory ${memory.id} changed while it was being replaced.`, {
      kind: "internal",
    });
  yield* insert(item, stage, vocabulary);
  yield* runAll([
    changeCall({
      change: "replaced",
      stage,
      uuid: memory.id,
      version: memory.version,
      at: now,
      reason: "an import brought another content",
      before: fieldsBefore(before, [
        "content",
        "summary",
        "importance",
        "type",
        "tags",
        "keywords",
        "version",
      ]),
    }),
  ]);
  return true;
}

function* importLink(link: NewLink, index: number, stage: number, mode: ImportMode): Work<boolean> {
  yield* endOf(link.from, stage, `[${index}].link.from`);
  yield* endOf(link.to, stage, `[${index}].link.to`);
  const known = yield* row(getLink, { from: link.from, to: link.to, type: link.type });
  if (known === undefined) {
    yield* runAll([call(putLink, linkCells(link, stage))]);
    return true;
  }
  const ours = Number(known[8]) === stage;
  if (!ours && known[9] === 0) throw heldByBatch(link);
  if (known[3] === link.strength || mode.onConflict === "skip") return false;
  if (mode.onConflict === "refuse") throw differs("link", `${link.from} ${link.type} ${link.to}`);
  const replacing = call(putLink, linkCells(link, stage));
  if (ours) yield* runAll([replacing]);
  else mode.later(`${link.from} ${link.to} ${link.type}`, replacing);
  return true;
}

function differs(what: string, id: MemoryId | string): MnemosyneError {
  return new MnemosyneError(
    "E_CONFLICT",
    `There is already a ${what} ${id} with another ${what === "link" ? "strength" : "content"}; import with 'skip' or 'replace'.`,
    { kind: "conflict", path: "id", details: { id } },
  );
}
