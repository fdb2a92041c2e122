import { MnemosyneError, type LinkOptions, type MemoryId, type MemoryLink } from "@mnemosyne/core";
import { call, row, rows, runAll, type Row, type Work } from "../database/work.ts";
import { inputError, show } from "../input.ts";
import { changeCall, checkNote, type Change } from "./changes.ts";
import { checkId, checkTime, checkType } from "./check-memory.ts";
import { dropLink, findEnd, getLink, linksBetween, putLink } from "./link-statements.ts";

/** A link that may be stored. */
export interface NewLink {
  readonly from: MemoryId;
  readonly to: MemoryId;
  readonly type: string;
  readonly strength: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly by: string | undefined;
  readonly reason: string | undefined;
}

/** Checks every field of a link; `path` begins the paths of errors. Throws `E_INPUT`. */
export function checkLink(
  link: {
    readonly from: string;
    readonly to: string;
    readonly createdAt?: Date | string;
    readonly updatedAt?: Date | string;
  } & LinkOptions,
  path: string,
  now: number,
): NewLink {
  const from = checkId(link.from, `${path}from`);
  const to = checkId(link.to, `${path}to`);
  if (from === to) throw inputError(`${path}to`, "is the memory itself; a link joins two");
  const { strength = 1 } = link;
  if (typeof strength !== "number" || !(strength > 0 && strength <= 1))
    throw inputError(`${path}strength`, `must be above 0 and at most 1, not ${show(strength)}`);
  const createdAt = link.createdAt === undefined ? now : checkTime(link.createdAt, `${path}createdAt`);
  const note = checkNote(link);
  return {
    from,
    to,
    type: link.type === undefined ? "related" : checkType(link.type, `${path}type`),
    strength,
    createdAt,
    updatedAt: link.updatedAt === undefined ? createdAt : checkTime(link.updatedAt, `${path}updatedAt`),
    by: note.by,
    reason: note.reason,
  };
}

/** Stores a link, or gives the one of its type another strength. */
export function* storeLink(link: NewLink): Work<MemoryLink> {
  const version = yield* endOf(link.from, 0, "from");
  yield* endOf(link.to, 0, "to");
  const known = yield* row(getLink, { from: link.from, to: link.to, type: link.type });
  if (known !== undefined && known[9] === 0) throw heldByBatch(link);
  yield* runAll([call(putLink, linkCells(link, 0)), changeCall(linkChange(link, "linked", version, known))]);
  return linkOf(there(yield* row(getLink, { from: link.from, to: link.to, type: link.type })));
}

/** Removes the links of a type (undefined: all) from one memory to another. Gives their number. */
export function* removeLinks(
  from: MemoryId,
  to: MemoryId,
  type: string | undefined,
  note: { readonly by?: string; readonly reason?: string },
  now: number,
): Work<number> {
  const found = yield* rows(linksBetween, { from, to, type: type ?? null });
  const version = Number((yield* row(findEnd, { uuid: from, stage: 0, now }))?.[0] ?? 0);
  for (const cells of found)
    yield* runAll([
      call(dropLink, { from, to, type: String(cells[2]) }),
      changeCall({ ...note, change: "unlinked", uuid: from, version, at: now, before: linkJson(cells) }),
    ]);
  return found.length;
}

/** The version of a memory that a link is to join. Throws `E_MEMORY_NOT_FOUND`. */
export function* endOf(uuid: MemoryId, stage: number, path: string): Work<number> {
  const found = yield* row(findEnd, { uuid, stage, now: Date.now() });
  if (found !== undefined) return Number(found[0]);
  throw new MnemosyneError("E_MEMORY_NOT_FOUND", `There is no memory ${uuid} to link.`, {
    kind: "notFound",
    path,
  });
}

/** The values of a link's columns. */
export function linkCells(link: NewLink, stage: number) {
  return { ...link, stage, by: link.by ?? null, reason: link.reason ?? null };
}

/** The error for a link that an import is about to store. */
export function heldByBatch(link: NewLink): MnemosyneError {
  return new MnemosyneError(
    "E_STORAGE_BUSY",
    `An import that is not complete yet stores the link from ${link.from} to ${link.to}; call again.`,
    { kind: "unavailable", path: "from" },
  );
}

function linkChange(link: NewLink, change: "linked", version: number, known: Row | undefined): Change {
  return {
    change,
    uuid: link.from,
    version,
    at: link.updatedAt,
    before: known === undefined ? { to: link.to, type: link.type, strength: null } : linkJson(known),
    ...(link.by === undefined ? {} : { by: link.by }),
    ...(link.reason === undefined ? {} : { reason: link.reason }),
  };
}

function linkJson(cells: Row) {
  return { to: String(cells[1]), type: String(cells[2]), strength: Number(cells[3]) };
}

/** The link of a row (source, target, type, strength, created_at, updated_at, by, reason). */
export function linkOf([from, to, type, strength, createdAt, updatedAt, by, reason]: Row): MemoryLink {
  return {
    from: from as MemoryId,
    to: to as MemoryId,
    type: String(type),
    strength: Number(strength),
    createdAt: new Date(Number(createdAt)),
    updatedAt: new Date(Number(updatedAt)),
    ...(by === null || by === undefined ? {} : { by: String(by) }),
    ...(reason === null || reason === undefined ? {} : { reason: String(reason) }),
  };
}

function there(cells: Row | undefined): Row {
  if (cells !== undefined) return cells;
  throw new MnemosyneError("E_INTERNAL", "A link that was just written is not there.", { kind: "internal" });
}
