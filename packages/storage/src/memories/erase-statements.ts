import { sql } from "drizzle-orm/sql";
import { parameter, statement } from "../database/statement.ts";

/** Contents and summaries that a memory had before, by its history. */
export const formerTexts = statement(
  () => sql`SELECT json_extract(before, '$.content'), json_extract(before, '$.summary') FROM memory_changes
    WHERE uuid = ${parameter("uuid")}`,
);

/** Public ids of memories that a memory supersedes. */
export const supersededByIt = statement(
  () => sql`SELECT uuid FROM memories INDEXED BY memories_ranking
    WHERE expires_at IS NOT NULL AND json_extract(detail, '$.supersededBy') = ${parameter("uuid")}`,
);

/** Some changes of other memories, from a row id on, that name a memory or quote a text (null: none). */
export const quotingChanges = statement(
  () => sql`SELECT max(id), json_group_array(id) FILTER (WHERE uuid <> ${parameter("uuid")} AND (
      instr(before, ${parameter("uuid")}) > 0 OR instr(before, ${parameter("escaped")}) > 0
      OR instr(coalesce(reason, ''), ${parameter("text")}) > 0))
    FROM (SELECT id, uuid, before, reason FROM memory_changes WHERE id > ${parameter("after")} ORDER BY id LIMIT 2000)`,
);

export const dropChangesById = statement(
  () => sql`DELETE FROM memory_changes WHERE id IN (SELECT value FROM json_each(${parameter("ids")}))`,
);

/** Some blobs, from a row id on, that quote a text; the first cell is the last row id that was looked at. */
export const quotingBlobs = statement(
  () => sql`SELECT max(id), json_group_array(id) FILTER (WHERE
      instr(bytes, cast(${parameter("text")} AS blob)) > 0 OR instr(bytes, cast(${parameter("escaped")} AS blob)) > 0)
    FROM (SELECT id, bytes FROM blobs WHERE id > ${parameter("after")} ORDER BY id LIMIT 20)`,
);

export const dropBlobsById = statement(
  () => sql`DELETE FROM blobs WHERE id IN (SELECT value FROM json_each(${parameter("ids")}))`,
);

export const listRunRows = statement(() => sql`SELECT id FROM runs ORDER BY id`);

/** Observations of a run that name a memory or quote a text: sequence number and body. */
export const quotingEvents = statement(
  () => sql`SELECT seq, body FROM events WHERE run = ${parameter("run")} AND class = 2
    AND (instr(body, ${parameter("uuid")}) > 0 OR instr(body, ${parameter("escaped")}) > 0)`,
);

export const rewriteEvent = statement(
  () => sql`UPDATE events SET body = ${parameter("body")}
    WHERE run = ${parameter("run")} AND seq = ${parameter("seq")} AND class = 2`,
);

/** Blobs that a memory's metadata names and nothing else does. */
export const ownBlobs = statement(
  () => sql`SELECT hash FROM memory_blobs b WHERE memory = ${parameter("row")}
    AND NOT EXISTS (SELECT 1 FROM memory_blobs o WHERE o.hash = b.hash AND o.memory <> b.memory)
    AND NOT EXISTS (SELECT 1 FROM run_payloads p WHERE p.hash = b.hash)`,
);

export const dropBlob = statement(() => sql`DELETE FROM blobs WHERE hash = ${parameter("hash")}`);

export const dropUses = statement(() => sql`DELETE FROM memory_uses WHERE uuid = ${parameter("uuid")}`);

/** Merges that a memory is part of: id, survivor, the survivor's version after it, members, whether it still holds. */
export const mergesOf = statement(
  () => sql`SELECT id, survivor, survivor_version, members, undone_at IS NULL FROM memory_merges
    WHERE survivor = ${parameter("uuid")} OR instr(members, ${parameter("uuid")}) > 0 ORDER BY id DESC`,
);

export const dropMerge = statement(() => sql`DELETE FROM memory_merges WHERE id = ${parameter("id")}`);

/** Takes what a merge wrote out of the history of its survivor. */
export const stripMerged = statement(
  () => sql`UPDATE memory_changes SET before = json_remove(before, '$.content', '$.summary', '$.context', '$.keywords', '$.tags')
    WHERE uuid = ${parameter("survivor")} AND version > ${parameter("version")}`,
);

/** Drops the items of playbooks that quote a text. */
export const dropQuotingItems = statement(
  () => sql`DELETE FROM playbook_items WHERE instr(body, ${parameter("escaped")}) > 0`,
);

export const quotingPlaybookChanges = statement(
  () =>
    sql`SELECT namespace, version, body FROM playbook_changes WHERE instr(body, ${parameter("escaped")}) > 0`,
);

export const rewritePlaybookChange = statement(
  () => sql`UPDATE playbook_changes SET body = ${parameter("body")}
    WHERE namespace = ${parameter("namespace")} AND version = ${parameter("version")}`,
);
