import type { JsonObject, Memory, MemoryId, Namespace, Provenance, Trust } from "@mnemosyne/core";
import type { StatementValues } from "../database/statement.ts";
import type { Row } from "../database/work.ts";

/** A memory with its times as milliseconds: the form between checking and the database. */
export interface StoredMemory {
  readonly id: MemoryId;
  readonly namespace: Namespace;
  readonly content: string;
  readonly summary: string;
  readonly importance: number;
  readonly confidence: number;
  readonly type: string;
  readonly keywords: readonly string[];
  readonly tags: readonly string[];
  readonly context: string;
  readonly thread: string | undefined;
  readonly seq: number | undefined;
  readonly actor: string | undefined;
  readonly occurredAt: number | undefined;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly metadata: JsonObject;
  readonly version: number;
  readonly trust: Trust;
  readonly provenance: Provenance;
  readonly expiresAt: number | undefined;
  readonly validFrom?: number | undefined;
  readonly validTo?: number | undefined;
  readonly supersededBy?: MemoryId | undefined;
  readonly supersededAt?: number | undefined;
  readonly archivedAt?: number | undefined;
  readonly derivedImportance?: number | undefined;
}

/** A record while it is being made. */
export type Writable<Record> = { -readonly [Key in keyof Record]: Record[Key] };

/** The record's part that no query filters by, and copies of rarely set columns: one parse gives all of it. */
interface Detail {
  readonly content?: string;
  readonly summary?: string;
  readonly confidence?: number;
  readonly keywords?: readonly string[];
  readonly tags?: readonly string[];
  readonly context?: string;
  readonly thread?: string;
  readonly seq?: number;
  readonly actor?: string;
  readonly occurredAt?: number;
  readonly updatedAt?: number;
  readonly metadata?: JsonObject;
  readonly trust?: Trust;
  readonly provenance?: Provenance;
  readonly expiresAt?: number;
  readonly validFrom?: number;
  readonly validTo?: number;
  readonly supersededBy?: MemoryId;
  readonly supersededAt?: number;
  readonly archivedAt?: number;
  readonly derivedImportance?: number;
}

const RARE = [
  "validFrom",
  "validTo",
  "supersededBy",
  "supersededAt",
  "archivedAt",
  "derivedImportance",
] as const satisfies readonly (keyof Detail & keyof StoredMemory)[];

// A text cell ends at a NUL when it is read, and a lone surrogate becomes U+FFFD: such a content is kept in the JSON.
// oxlint-disable-next-line no-control-regex -- NUL is what it finds
const NOT_AS_CELL = /\u0000|\p{Surrogate}/u;

function detailOf(memory: StoredMemory): string {
  const { content, keywords, tags, metadata, provenance } = memory;
  const detail: Writable<Detail> = {};
  if (NOT_AS_CELL.test(content)) detail.content = content;
  if (memory.summary !== "") detail.summary = memory.summary;
  if (memory.confidence !== 1) detail.confidence = memory.confidence;
  if (keywords.length > 0) detail.keywords = keywords;
  if (tags.length > 0) detail.tags = tags;
  if (memory.context !== "") detail.context = memory.context;
  if (memory.thread !== undefined) detail.thread = memory.thread;
  if (memory.seq !== undefined) detail.seq = memory.seq;
  if (memory.actor !== undefined) detail.actor = memory.actor;
  if (memory.occurredAt !== undefined) detail.occurredAt = memory.occurredAt;
  if (memory.updatedAt !== memory.createdAt) detail.updatedAt = memory.updatedAt;
  if (hasKeys(metadata)) detail.metadata = metadata;
  if (memory.trust !== "claimed") detail.trust = memory.trust;
  if (hasKeys(provenance)) detail.provenance = provenance;
  if (memory.expiresAt !== undefined) detail.expiresAt = memory.expiresAt;
  for (const field of RARE)
    if (memory[field] !== undefined) Object.assign(detail, { [field]: memory[field] });
  return JSON.stringify(detail);
}

/** The moment from which searches and listings leave a memory out. */
export function hiddenFrom(memory: StoredMemory): number | undefined {
  let from: number | undefined;
  for (const time of [memory.expiresAt, memory.validTo, memory.supersededAt, memory.archivedAt])
    if (time !== undefined && (from === undefined || time < from)) from = time;
  return from;
}

/** The values of the columns that hold a memory's own fields. */
export function cellsOf(memory: StoredMemory): StatementValues {
  return {
    uuid: memory.id,
    namespace: memory.namespace,
    type: memory.type,
    importance: memory.importance,
    version: memory.version,
    createdAt: memory.createdAt,
    occurredAt: memory.occurredAt ?? null,
    expiresAt: hiddenFrom(memory) ?? null,
    validFrom: memory.validFrom ?? null,
    actor: memory.actor ?? null,
    content: memory.content,
    detail: detailOf(memory),
  };
}

/** What a new row has beside its memory's own fields. */
export interface RowPlace {
  readonly signals: number;
  readonly stage: number;
  readonly place: number | null;
  readonly pendingRun: string | undefined;
  readonly idempotencyKey: string | undefined;
}

/** The values of all columns of a new row. Written out once more: to spread so many fields takes longer than all checks. */
export function newRowOf(memory: StoredMemory, at: RowPlace): StatementValues {
  return {
    uuid: memory.id,
    stage: at.stage,
    namespace: memory.namespace,
    type: memory.type,
    importance: memory.importance,
    signals: at.signals,
    version: memory.version,
    createdAt: memory.createdAt,
    occurredAt: memory.occurredAt ?? null,
    expiresAt: hiddenFrom(memory) ?? null,
    validFrom: memory.validFrom ?? null,
    thread: memory.thread ?? null,
    place: at.place,
    actor: memory.actor ?? null,
    pendingRun: at.pendingRun ?? null,
    pendingTask: at.pendingRun === undefined ? null : (memory.provenance.task ?? null),
    idempotencyKey: at.idempotencyKey ?? null,
    content: memory.content,
    detail: detailOf(memory),
  };
}

/** The stored form of a row (uuid, namespace, type, importance, version, created_at, content, detail). */
export function storedOf(row: Row): StoredMemory {
  const [uuid, namespace, type, importance, version, createdAt, content, json] = row;
  const detail = JSON.parse(json as string) as Detail;
  return {
    id: uuid as MemoryId,
    namespace: namespace as Namespace,
    content: detail.content ?? (content as string),
    summary: detail.summary ?? "",
    importance: importance as number,
    confidence: detail.confidence ?? 1,
    type: type as string,
    keywords: detail.keywords ?? [],
    tags: detail.tags ?? [],
    context: detail.context ?? "",
    thread: detail.thread,
    seq: detail.seq,
    actor: detail.actor,
    occurredAt: detail.occurredAt,
    createdAt: createdAt as number,
    updatedAt: detail.updatedAt ?? (createdAt as number),
    metadata: detail.metadata ?? {},
    version: version as number,
    trust: detail.trust ?? "claimed",
    provenance: detail.provenance ?? {},
    expiresAt: detail.expiresAt,
    validFrom: detail.validFrom,
    validTo: detail.validTo,
    supersededBy: detail.supersededBy,
    supersededAt: detail.supersededAt,
    archivedAt: detail.archivedAt,
    derivedImportance: detail.derivedImportance,
  };
}

/** The record that callers get, of the stored form. */
export function toMemory(stored: StoredMemory): Memory {
  const { thread, seq, actor, occurredAt, expiresAt } = stored;
  const memory: Writable<Memory> = {
    id: stored.id,
    namespace: stored.namespace,
    content: stored.content,
    summary: stored.summary,
    importance: stored.importance,
    confidence: stored.confidence,
    type: stored.type,
    keywords: stored.keywords,
    tags: stored.tags,
    context: stored.context,
    createdAt: new Date(stored.createdAt),
    updatedAt: new Date(stored.updatedAt),
    metadata: stored.metadata,
    version: stored.version,
    trust: stored.trust,
    provenance: stored.provenance,
  };
  if (thread !== undefined) memory.thread = thread;
  if (seq !== undefined) memory.seq = seq;
  if (actor !== undefined) memory.actor = actor;
  if (occurredAt !== undefined) memory.occurredAt = new Date(occurredAt);
  if (expiresAt !== undefined) memory.expiresAt = new Date(expiresAt);
  const { validFrom, validTo, supersededBy, archivedAt, derivedImportance } = stored;
  if (validFrom !== undefined) memory.validFrom = new Date(validFrom);
  if (validTo !== undefined) memory.validTo = new Date(validTo);
  if (supersededBy !== undefined) memory.supersededBy = supersededBy;
  if (archivedAt !== undefined) memory.archivedAt = new Date(archivedAt);
  if (derivedImportance !== undefined) memory.derivedImportance = derivedImportance;
  return memory;
}

/** The record of a row, as {@link storedOf} reads it. */
export function memoryOf(row: Row): Memory {
  return toMemory(storedOf(row));
}

/** The content of a row whose cells are content and detail, after two others. */
export function contentOf([, , content, json]: Row): string {
  return (JSON.parse(json as string) as Detail).content ?? (content as string);
}

function hasKeys(value: object): boolean {
  for (const _ in value) return true;
  return false;
}
