import type { ChangeNote, Json, JsonObject, MemoryChange, MemoryChangeKind } from "@mnemosyne/core";
import { call, type Call, type Row } from "../database/work.ts";
import { checkText } from "./check-memory.ts";
import { checkName } from "../input.ts";
import { insertChange } from "./change-statements.ts";
import { toMemory, type StoredMemory } from "./memory-row.ts";

/** A change to be written down. */
export interface Change extends ChangeNote {
  readonly change: MemoryChangeKind;
  readonly uuid: string;
  readonly version: number;
  readonly at: number;
  readonly before: JsonObject;
  readonly stage?: number;
}

/** Throws `E_INPUT` for a name or reason that cannot be kept. */
export function checkNote(note: ChangeNote | undefined): ChangeNote {
  const { by, reason } = note ?? {};
  return {
    ...(by === undefined ? {} : { by: checkName(by, "by") }),
    ...(reason === undefined ? {} : { reason: checkText(reason, "reason") }),
  };
}

/** The call that writes a change down. */
export function changeCall(change: Change): Call {
  return call(insertChange, {
    stage: change.stage ?? 0,
    uuid: change.uuid,
    version: change.version,
    at: change.at,
    change: change.change,
    by: change.by ?? null,
    reason: change.reason ?? null,
    before: JSON.stringify(change.before),
  });
}

/** Some fields of a memory in their JSON form; null where there was nothing. */
export function fieldsBefore(memory: StoredMemory, fields: readonly string[]): JsonObject {
  const record = recordOf(memory);
  return Object.fromEntries(fields.map((field) => [field, record[field] ?? null]));
}

/** A whole memory in its JSON form. */
export function recordOf(memory: StoredMemory): Record<string, Json> {
  return JSON.parse(JSON.stringify(toMemory(memory))) as Record<string, Json>;
}

/** The change of a row (change, version, at, by, reason, before). */
export function changeOf([change, version, at, by, reason, before]: Row): MemoryChange {
  return {
    change: change as MemoryChangeKind,
    version: Number(version),
    at: new Date(Number(at)),
    ...(by === null ? {} : { by: String(by) }),
    ...(reason === null ? {} : { reason: String(reason) }),
    before: JSON.parse(String(before)) as JsonObject,
  };
}

/** The history of a memory: that it was stored, which is known from itself or from its oldest change, then its changes. */
export function historyOf(
  stored: StoredMemory | undefined,
  changes: readonly MemoryChange[],
): readonly MemoryChange[] {
  const [oldest] = changes;
  if (stored === undefined && oldest === undefined) return [];
  const forgotten = changes.find(({ change }) => change === "forgotten")?.before;
  const provenance = (stored?.provenance ?? forgotten?.["provenance"] ?? {}) as {
    agent?: string;
    source?: string;
  };
  const createdAt = stored?.createdAt ?? Date.parse(forgotten?.["createdAt"] as string);
  const by = provenance.agent ?? provenance.source;
  const counted = changes.filter(({ change }) => !UNCOUNTED.has(change));
  const began =
    counted.length === 0
      ? (stored?.version ?? oldest?.version ?? 1)
      : Math.max(1, (counted[0]?.version ?? 2) - 1);
  return [
    {
      change: "stored",
      version: began,
      at: Number.isNaN(createdAt) ? (oldest?.at ?? new Date(0)) : new Date(createdAt),
      ...(by === undefined ? {} : { by }),
      before: {},
    },
    ...changes,
  ];
}

/** Changes that leave the version as it was. */
const UNCOUNTED: ReadonlySet<MemoryChangeKind> = new Set(["linked", "unlinked", "promoted", "forgotten"]);
