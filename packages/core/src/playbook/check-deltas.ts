import { MnemosyneError } from "../errors.ts";
import type { PlaybookDelta, PlaybookNote } from "../ports/playbook-store.ts";

const MOST_DELTAS = 1000;
const LONGEST = 10_000;
const ID = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/;

/** Throws `E_INPUT` naming the field for whatever is no set of deltas. */
export function checkDeltas(deltas: readonly PlaybookDelta[]): void {
  if (!Array.isArray(deltas) || deltas.length === 0 || deltas.length > MOST_DELTAS)
    throw wrong("deltas", `must be a list of 1 to ${MOST_DELTAS} deltas`);
  for (const [index, delta] of deltas.entries()) checkDelta(delta as unknown, `deltas[${index}]`);
}

/** Throws `E_INPUT` for a note whose members are not text. */
export function checkPlaybookNote(note: PlaybookNote): void {
  for (const name of ["by", "reason", "run", "task", "key"] as const)
    if (note[name] !== undefined) checkText(note[name], `note.${name}`, 2000);
}

function checkDelta(delta: unknown, path: string): void {
  if (!isRecord(delta)) throw wrong(path, "must be an object");
  checkText(delta["evidence"], `${path}.evidence`, LONGEST, "say what the change rests on");
  switch (delta["op"]) {
    case "add":
      checkText(delta["section"], `${path}.section`, 100);
      checkText(delta["content"], `${path}.content`);
      checkFlag(delta["verified"], `${path}.verified`);
      checkCount(delta["helpful"], `${path}.helpful`);
      checkCount(delta["harmful"], `${path}.harmful`);
      if (delta["id"] !== undefined) checkId(delta["id"], `${path}.id`);
      if (delta["origin"] !== undefined && !isRecord(delta["origin"]))
        throw wrong(`${path}.origin`, "must be an object");
      return;
    case "update":
      checkId(delta["id"], `${path}.id`);
      checkWords(delta, path);
      return;
    case "tag":
      checkId(delta["id"], `${path}.id`);
      checkCount(delta["helpful"], `${path}.helpful`);
      checkCount(delta["harmful"], `${path}.harmful`);
      if (delta["helpful"] === undefined && delta["harmful"] === undefined)
        throw wrong(path, "counts nothing; give helpful, harmful or both");
      return;
    case "merge": {
      const ids = delta["ids"];
      if (!Array.isArray(ids) || ids.length < 2 || new Set(ids).size !== ids.length)
        throw wrong(`${path}.ids`, "must name two or more different items");
      for (const [index, id] of ids.entries()) checkId(id, `${path}.ids[${index}]`);
      checkWords(delta, path);
      return;
    }
    case "remove":
      checkId(delta["id"], `${path}.id`);
      return;
    case "restore":
      checkItem(delta["item"], `${path}.item`);
      return;
    default:
      throw wrong(`${path}.op`, "must be add, update, tag, merge, remove or restore");
  }
}

function checkItem(item: unknown, path: string): void {
  if (!isRecord(item)) throw wrong(path, "must be an item");
  checkId(item["id"], `${path}.id`);
  checkText(item["section"], `${path}.section`, 100);
  checkText(item["content"], `${path}.content`);
  for (const name of ["helpful", "harmful"] as const) {
    checkCount(item[name], `${path}.${name}`);
    if (item[name] === undefined) throw wrong(`${path}.${name}`, "is missing");
  }
  checkFlag(item["verified"], `${path}.verified`);
  if (item["verifiedContent"] !== undefined)
    checkText(item["verifiedContent"], `${path}.verifiedContent`, 10 * LONGEST);
  if (item["verified"] !== (item["verifiedContent"] === item["content"]))
    throw wrong(`${path}.verified`, "must be true exactly where the content is the verified one");
  if (!Array.isArray(item["evidence"]) || !item["evidence"].every((each) => typeof each === "string"))
    throw wrong(`${path}.evidence`, "must be a list of texts");
}

function checkWords(delta: Record<string, unknown>, path: string): void {
  checkText(delta["content"], `${path}.content`);
  checkFlag(delta["verified"], `${path}.verified`);
  if (delta["section"] !== undefined) checkText(delta["section"], `${path}.section`, 100);
}

function checkText(value: unknown, path: string, most = LONGEST, why = ""): void {
  if (typeof value === "string" && value.trim() !== "" && value.length <= most) return;
  throw wrong(path, `must be text of 1 to ${most} characters${why === "" ? "" : `: ${why}`}`);
}

function checkId(value: unknown, path: string): void {
  if (typeof value !== "string" || !ID.test(value))
    throw wrong(path, "must be an item's id, such as str-00007");
}

function checkFlag(value: unknown, path: string): void {
  if (value !== undefined && typeof value !== "boolean") throw wrong(path, "must be true or false");
}

function checkCount(value: unknown, path: string): void {
  if (value === undefined || (Number.isSafeInteger(value) && (value as number) >= 0)) return;
  throw wrong(path, "must be a whole number from 0 on");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function wrong(path: string, problem: string): MnemosyneError {
  return new MnemosyneError("E_INPUT", `${path} ${problem}.`, { kind: "input", path });
}
