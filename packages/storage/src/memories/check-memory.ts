import {
  MemoryId,
  Namespace,
  RunId,
  type JsonObject,
  type MemoryInput,
  type MemoryPatch,
  type NamespaceInput,
  type Provenance,
  type Trust,
} from "@mnemosyne/core";
import { checkInteger, checkName, inputError, show } from "../input.ts";
import { checkJson, isPlainObject } from "../json-input.ts";
import type { Embedded } from "../vectors/thread-vector.ts";
import type { StoredMemory } from "./memory-row.ts";

const LARGEST_CONTENT = 100_000;
const LARGEST_METADATA = 1_000_000;
const MOST_ITEMS = 200;
const TRUSTS: readonly Trust[] = ["claimed", "observed", "verified"];

/** A memory that may be stored, and how. */
export interface NewMemory {
  readonly memory: StoredMemory;
  /** The caller named the id, so it may be known already. */
  readonly idGiven: boolean;
  readonly idempotencyKey: string | undefined;
  readonly pendingRun: string | undefined;
  /** What an embedder made of its content. */
  embedded?: Embedded;
}

/** Checks every field and fills in the defaults. `path` begins the paths of errors, e.g. `[3].`. Throws `E_INPUT`. */
export function checkMemory(input: MemoryInput, path: string, now: number): NewMemory {
  if (!isRecord(input)) throw inputError(path === "" ? "input" : path.slice(0, -1), "must be an object");
  const createdAt = optional(input.createdAt, `${path}createdAt`, checkTime) ?? now;
  const pendingRun = optional(input.pendingRun, `${path}pendingRun`, (value, at) => {
    if (RunId.is(value)) return value;
    throw inputError(at, "is not a run id");
  });
  const memory: StoredMemory = {
    id: input.id === undefined ? MemoryId.new(new Date(now)) : checkId(input.id, `${path}id`),
    namespace: checkNamespace(input.namespace, `${path}namespace`),
    content: checkContent(input.content, `${path}content`),
    summary: optional(input.summary, `${path}summary`, checkText) ?? "",
    importance: optional(input.importance, `${path}importance`, checkImportance) ?? 5,
    confidence: optional(input.confidence, `${path}confidence`, checkConfidence) ?? 1,
    type: optional(input.type, `${path}type`, checkType) ?? "insight",
    keywords: optional(input.keywords, `${path}keywords`, checkWords) ?? [],
    tags: optional(input.tags, `${path}tags`, checkWords) ?? [],
    context: optional(input.context, `${path}context`, checkText) ?? "",
    thread: optional(input.thread, `${path}thread`, checkName),
    seq: optional(input.seq, `${path}seq`, checkSeq),
    actor: optional(input.actor, `${path}actor`, checkName),
    occurredAt: optional(input.occurredAt, `${path}occurredAt`, checkTime),
    createdAt,
    updatedAt: createdAt,
    metadata: optional(input.metadata, `${path}metadata`, checkMetadata) ?? {},
    version: 1,
    trust: optional(input.trust, `${path}trust`, checkTrust) ?? "claimed",
    provenance: optional(input.provenance, `${path}provenance`, checkProvenance) ?? {},
    expiresAt: optional(input.expiresAt, `${path}expiresAt`, checkTime),
    validFrom: optional(input.validFrom, `${path}validFrom`, checkTime),
    validTo: optional(input.validTo, `${path}validTo`, checkTime),
  };
  checkWhole(memory, path);
  if (memory.seq !== undefined && memory.thread === undefined)
    throw inputError(`${path}seq`, "is a place in a thread; give the thread too");
  return {
    memory,
    idGiven: input.id !== undefined,
    idempotencyKey: optional(input.idempotencyKey, `${path}idempotencyKey`, checkName),
    pendingRun,
  };
}

/** Checks what only several fields together can have wrong. Throws `E_INPUT`. */
export function checkWhole(memory: StoredMemory, path = ""): void {
  const { validFrom, validTo, trust, provenance } = memory;
  if (validFrom !== undefined && validTo !== undefined && validTo < validFrom)
    throw inputError(`${path}validTo`, "must not be before validFrom");
  if (trust === "verified" && provenance.evidence === undefined)
    throw inputError(
      `${path}trust`,
      "is 'verified' only with provenance.evidence, the id of the judgement that checked the statement",
    );
}

/** What a patch changes, checked. Throws `E_INPUT`. */
export function checkPatch(patch: MemoryPatch): Partial<StoredMemory> {
  if (!isRecord(patch)) throw inputError("patch", "must be an object");
  const changes: Partial<Record<keyof StoredMemory, unknown>> = {};
  for (const [field, check] of Object.entries(PATCH_CHECKS)) {
    const value = patch[field as keyof MemoryPatch];
    if (value !== undefined) changes[field as keyof StoredMemory] = check(value, field);
  }
  const unknown = Object.keys(patch).find((field) => !(field in PATCH_CHECKS));
  if (unknown !== undefined) throw inputError(unknown, "cannot be changed by an update");
  return changes as Partial<StoredMemory>;
}

/** A namespace, `global` where none is given. Throws `E_INPUT`. */
export function checkNamespace(value: NamespaceInput | undefined, path = "namespace"): Namespace {
  if (value === undefined) return Namespace.global();
  if (typeof value !== "string") throw inputError(path, `must be text, not ${show(value)}`);
  try {
    return Namespace.parse(value);
  } catch (error) {
    throw inputError(
      path,
      error instanceof Error ? `is wrong: ${error.message.replace(/\.$/, "")}` : "is wrong",
    );
  }
}

/** A memory's id in lower case. Throws `E_INPUT`. */
export function checkId(value: unknown, path = "id"): MemoryId {
  if (MemoryId.is(value)) return value;
  if (typeof value === "string" && MemoryId.is(value.toLowerCase())) return value.toLowerCase() as MemoryId;
  throw inputError(path, `must be a UUID, not ${show(value)}`);
}

/** A moment as milliseconds. Throws `E_INPUT`. */
export function checkTime(value: unknown, path: string): number {
  const time =
    value instanceof Date ? value.getTime() : typeof value === "string" ? Date.parse(value) : Number.NaN;
  if (Number.isFinite(time)) return time;
  throw inputError(path, `must be a Date or an ISO 8601 text, not ${show(value)}`);
}

/** Throws `E_INPUT` unless it is a whole number from 1 to 10. */
export function checkImportance(value: unknown, path: string): number {
  return checkInteger(value, path, 1, 10);
}

/** A list of short texts, without repetitions. Throws `E_INPUT`. */
export function checkWords(value: unknown, path: string): readonly string[] {
  if (!Array.isArray(value) || value.length > MOST_ITEMS)
    throw inputError(path, `must be an array of at most ${MOST_ITEMS} texts`);
  const words = value.map((word: unknown, index) => checkName(word, `${path}[${index}]`));
  return words.some((word, index) => words.indexOf(word) !== index) ? [...new Set(words)] : words;
}

function optional<Value, Checked>(
  value: Value | undefined,
  path: string,
  check: (value: Value, path: string) => Checked,
): Checked | undefined {
  return value === undefined ? undefined : check(value, path);
}

function checkContent(value: unknown, path: string): string {
  if (typeof value !== "string") throw inputError(path, `must be text, not ${show(value)}`);
  // One UTF-16 unit takes up to three bytes: most texts need not be measured.
  const bytes = value.length * 3 <= LARGEST_CONTENT ? value.length : Buffer.byteLength(value);
  if (bytes >= 1 && bytes <= LARGEST_CONTENT) return value;
  throw inputError(path, `must have 1 byte to 100 kB, not ${bytes} bytes`);
}

/** Text of at most 100 kB. Throws `E_INPUT`. */
export function checkText(value: unknown, path: string): string {
  if (typeof value === "string" && value.length * 3 <= LARGEST_CONTENT) return value;
  if (typeof value === "string" && Buffer.byteLength(value) <= LARGEST_CONTENT) return value;
  throw inputError(path, `must be text of at most 100 kB, not ${show(value)}`);
}

function checkConfidence(value: unknown, path: string): number {
  if (typeof value === "number" && value >= 0 && value <= 1) return value;
  throw inputError(path, `must be a number from 0 to 1, not ${show(value)}`);
}

/** A type: text of at most 128 characters. Throws `E_INPUT`. */
export function checkType(value: unknown, path: string): string {
  return checkName(value, path, 128);
}

function checkSeq(value: unknown, path: string): number {
  return checkInteger(value, path, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
}

function checkTrust(value: unknown, path: string): Trust {
  if (TRUSTS.includes(value as Trust)) return value as Trust;
  throw inputError(path, `must be one of ${TRUSTS.join(", ")}, not ${show(value)}`);
}

function checkMetadata(value: unknown, path: string): JsonObject {
  if (!isPlainObject(value)) throw inputError(path, `must be a plain object, not ${show(value)}`);
  checkJson(value, path);
  const text = JSON.stringify(value);
  if (text.length > LARGEST_METADATA) throw inputError(path, "must have at most 1 MB of JSON");
  // Copied: what is stored must not change when the caller's object does.
  return JSON.parse(text) as JsonObject;
}

function checkProvenance(value: unknown, path: string): Provenance {
  if (!isPlainObject(value)) throw inputError(path, `must be a plain object, not ${show(value)}`);
  checkJson(value, path);
  const { attempt, sources, ...names } = value;
  if (sources !== undefined) {
    if (!Array.isArray(sources) || sources.length > MOST_ITEMS)
      throw inputError(`${path}.sources`, `must be an array of at most ${MOST_ITEMS} ids of memories`);
    for (const [index, id] of sources.entries()) checkId(id, `${path}.sources[${index}]`);
  }
  for (const [field, name] of Object.entries(names))
    if (name !== undefined) checkName(name, `${path}.${field}`);
  if (attempt !== undefined) checkInteger(attempt, `${path}.attempt`, 0, Number.MAX_SAFE_INTEGER);
  return JSON.parse(JSON.stringify(value)) as Provenance;
}

function isRecord(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const PATCH_CHECKS: Readonly<Record<keyof MemoryPatch, (value: unknown, path: string) => unknown>> = {
  content: checkContent,
  summary: checkText,
  importance: checkImportance,
  confidence: checkConfidence,
  type: checkType,
  keywords: checkWords,
  tags: checkWords,
  context: checkText,
  metadata: checkMetadata,
  trust: checkTrust,
  provenance: checkProvenance,
  expiresAt: checkTime,
  validFrom: checkTime,
  validTo: checkTime,
  supersededBy: checkId,
  actor: checkName,
  occurredAt: checkTime,
};
