import { createHash } from "node:crypto";
import type { Json, JournalPayload } from "@mnemosyne/core";

/** A payload and the reference that an event carries instead of it. */
export function payloadOf(value: Json): JournalPayload {
  const text = JSON.stringify(value);
  const bytes = Buffer.byteLength(text);
  return { ref: { hash: createHash("sha256").update(text).digest("hex"), bytes }, text };
}

/** Hash of one JSON value, for the elements of a `forEach`. */
export function jsonHash(value: Json): string {
  return payloadOf(value).ref.hash;
}
