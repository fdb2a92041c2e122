import { sql, type SQL } from "drizzle-orm/sql";
import { databaseNow, parameter, statement } from "../database/statement.ts";

export const now = statement(() => sql`SELECT ${databaseNow}`);

/** Bytes of the database, and free ones among them. */
export const sizes = statement(
  () => sql`SELECT page_count * page_size, freelist_count * page_size
    FROM pragma_page_count(), pragma_page_size(), pragma_freelist_count()`,
);

const unreferenced: SQL = sql`touched_at <= ${databaseNow} - 86400000
  AND NOT EXISTS (SELECT 1 FROM run_payloads p WHERE p.hash = blobs.hash)
  AND NOT EXISTS (SELECT 1 FROM memory_blobs m WHERE m.hash = blobs.hash)`;

/** Counts, each a name and a query of one number: apart, so that none blocks for long. */
export const COUNTS = {
  memories: statement(() => sql`SELECT count(*) FROM memories`),
  superseded: statement(
    () =>
      sql`SELECT count(*) FROM memories WHERE expires_at IS NOT NULL AND json_extract(detail, '$.supersededBy') IS NOT NULL`,
  ),
  archived: statement(
    () =>
      sql`SELECT count(*) FROM memories WHERE expires_at IS NOT NULL AND json_extract(detail, '$.archivedAt') IS NOT NULL`,
  ),
  links: statement(() => sql`SELECT count(*) FROM memory_links`),
  changes: statement(() => sql`SELECT count(*) FROM memory_changes`),
  merges: statement(() => sql`SELECT count(*) FROM memory_merges WHERE undone_at IS NULL`),
  runs: statement(() => sql`SELECT count(*) FROM runs`),
  events: statement(() => sql`SELECT count(*) FROM events`),
  observations: statement(() => sql`SELECT count(*) FROM events WHERE class = 2`),
  blobs: statement(() => sql`SELECT count(*) FROM blobs`),
  unreferencedBlobs: statement(() => sql`SELECT count(*) FROM blobs WHERE ${unreferenced}`),
} as const;

export const blobBytes = statement(() => sql`SELECT coalesce(sum(size), 0) FROM blobs`);

export const upkeepAt = statement(
  () => sql`SELECT at, ${databaseNow} FROM upkeep WHERE task = ${parameter("task")}`,
);

/** Notes when a task of upkeep was done, if it was last done before a moment. */
export const noteUpkeep = statement(
  () => sql`INSERT INTO upkeep (task, at) VALUES (${parameter("task")}, ${parameter("at")})
    ON CONFLICT (task) DO UPDATE SET at = excluded.at WHERE upkeep.at <= ${parameter("before")}`,
);

/** Ended runs with observations that are older than a moment: row ids. */
export const endedRuns = statement(
  () => sql`SELECT id, (SELECT max(seq) FROM events WHERE run = runs.id) FROM runs
    WHERE id > ${parameter("after")} AND finished_at <= ${parameter("before")}
      AND EXISTS (SELECT 1 FROM events WHERE run = runs.id AND class = 2 AND seq < (SELECT max(seq) FROM events WHERE run = runs.id))
    ORDER BY id LIMIT 1`,
);

const observation: SQL = sql`run = ${parameter("run")} AND class = 2
  AND seq < (SELECT max(seq) FROM events WHERE run = ${parameter("run")})`;

export const countObservations = statement(() => sql`SELECT count(*) FROM events WHERE ${observation}`);

/** Removes some observations of a run. The last event stays, whatever it is: it tells the journal's length. */
export const dropObservations = statement(
  () => sql`DELETE FROM events WHERE run = ${parameter("run")} AND seq IN (
    SELECT seq FROM events WHERE ${observation} ORDER BY seq LIMIT 500)`,
);

/** Payloads of a run that no event of it names any more. */
const unnamed: SQL = sql`run = ${parameter("run")} AND NOT EXISTS (
  SELECT 1 FROM events e WHERE e.run = run_payloads.run AND instr(e.body, run_payloads.hash) > 0)`;

export const payloadsOf = statement(() => sql`SELECT hash FROM run_payloads WHERE run = ${parameter("run")}`);

/** Bodies of events after one, for looking up what they name. */
export const bodiesAfter = statement(
  () =>
    sql`SELECT seq, body FROM events WHERE run = ${parameter("run")} AND seq > ${parameter("after")} ORDER BY seq LIMIT 500`,
);

/** Removes a run's hold on payloads (a JSON array of hashes), if the run has not gone on since. */
export const dropPayloads = statement(
  () => sql`DELETE FROM run_payloads WHERE run = ${parameter("run")}
    AND hash IN (SELECT value FROM json_each(${parameter("hashes")}))
    AND ${parameter("head")} = (SELECT max(seq) FROM events WHERE run = ${parameter("run")}) AND ${unnamed}`,
);

export const countChanges = statement(
  () => sql`SELECT count(*) FROM memory_changes WHERE at <= ${parameter("before")} AND stage = 0`,
);

export const dropOldChanges = statement(
  () => sql`DELETE FROM memory_changes WHERE id IN (
    SELECT id FROM memory_changes WHERE at <= ${parameter("before")} AND stage = 0 LIMIT 500)`,
);

/** Expired memories after a row id, at most so many: row id and public id. */
export const expiredMemories = statement(
  () => sql`SELECT id, uuid FROM memories INDEXED BY memories_ranking
    WHERE id > ${parameter("after")} AND expires_at <= ${parameter("now")} AND stage = 0
      AND json_extract(detail, '$.expiresAt') <= ${parameter("now")}
    ORDER BY id LIMIT ${parameter("limit")}`,
);

const dangling: SQL = sql`stage = 0 AND EXISTS (
  SELECT 1 FROM (SELECT source AS uuid UNION ALL SELECT target) ends
  WHERE NOT EXISTS (SELECT 1 FROM memories m WHERE m.uuid = ends.uuid)
    AND NOT EXISTS (SELECT 1 FROM memory_changes c WHERE c.uuid = ends.uuid))`;

/** Links after a row id that lead to what is gone and cannot come back: their row ids. */
export const danglingLinks = statement(
  () => sql`SELECT max(id), json_group_array(id) FILTER (WHERE ${dangling}) FROM (
    SELECT * FROM memory_links WHERE id > ${parameter("after")} ORDER BY id LIMIT 500)`,
);

export const dropLinks = statement(
  () =>
    sql`DELETE FROM memory_links WHERE id IN (SELECT value FROM json_each(${parameter("ids")})) AND ${dangling}`,
);

/** Some blobs that nothing refers to: row id and size. */
export const looseBlobs = statement(
  () =>
    sql`SELECT id, size FROM blobs WHERE id > ${parameter("after")} AND ${unreferenced} ORDER BY id LIMIT 100`,
);

export const dropLooseBlob = statement(
  () => sql`DELETE FROM blobs WHERE id = ${parameter("id")} AND ${unreferenced}`,
);

/** Memories without an entry in the text index, entries without a memory. */
export const textFaults = statement(
  () => sql`SELECT
    (SELECT count(*) FROM memories WHERE id NOT IN (SELECT id FROM memory_text_docsize)),
    (SELECT count(*) FROM memory_text_docsize WHERE id NOT IN (SELECT id FROM memories))`,
);

export const erasedPayloads = statement(
  () => sql`SELECT count(*) FROM run_payloads p WHERE NOT EXISTS (SELECT 1 FROM blobs WHERE hash = p.hash)`,
);

/** Some blobs with their bytes, to be examined. */
export const blobsAfter = statement(
  () => sql`SELECT id, hash, size, bytes FROM blobs WHERE id > ${parameter("after")} ORDER BY id LIMIT 8`,
);
