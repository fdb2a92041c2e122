import type { Json, JsonObject } from "@mnemosyne/core";
import { call, type Call } from "../database/work.ts";
import { dropReferences, refer, referNew } from "./blob-reference-statements.ts";

const HASH = /^[0-9a-f]{64}$/;

/** Calls that note which blobs the memory that was just inserted names: its row id is still SQLite's last one. */
export function newReferences(metadata: JsonObject): readonly Call[] {
  return hashesIn(metadata).map((hash) => call(referNew, { hash }));
}

/** Calls that note which blobs a changed memory names. */
export function changedReferences(row: number, metadata: JsonObject): readonly Call[] {
  return [call(dropReferences, { row }), ...hashesIn(metadata).map((hash) => call(refer, { row, hash }))];
}

function hashesIn(metadata: JsonObject): readonly string[] {
  const found = new Set<string>();
  collect(metadata, found);
  return found.size === 0 ? NONE : [...found];
}

function collect(value: Json, found: Set<string>): void {
  if (typeof value === "string") {
    if (value.length === 64 && HASH.test(value)) found.add(value);
  } else if (typeof value === "object" && value !== null)
    for (const each of Object.values(value)) collect(each as Json, found);
}

const NONE: readonly string[] = [];
