import { sql, type SQL } from "drizzle-orm/sql";
import { parameter, statement } from "../database/statement.ts";

/** Not a row of a batch that is still being written. */
export const published: SQL = sql`(stage = 0 OR NOT EXISTS (
  SELECT 1 FROM memory_batches WHERE memory_batches.id = stage AND state <> 'published'))`;

export const insertChange = statement(
  () => sql`INSERT INTO memory_changes (stage, uuid, version, at, change, changed_by, reason, before)
    VALUES (${parameter("stage")}, ${parameter("uuid")}, ${parameter("version")}, ${parameter("at")},
      ${parameter("change")}, ${parameter("by")}, ${parameter("reason")}, ${parameter("before")})`,
);

/** Change, version, time, who, why and what was before, oldest first. */
export const listChanges = statement(
  () => sql`SELECT change, version, at, changed_by, reason, before FROM memory_changes
    WHERE uuid = ${parameter("uuid")} AND ${published} ORDER BY id`,
);

/** The record of a memory as it was when it was last forgotten, with its version then; if nothing came after. */
export const lastForgotten = statement(
  () => sql`SELECT before, version FROM memory_changes
    WHERE uuid = ${parameter("uuid")} AND ${published} AND change <> 'linked' AND change <> 'unlinked'
    ORDER BY id DESC LIMIT 1`,
);

/** Notes for each memory that a run's task left pending that it may be seen now. */
export const notePromoted = statement(
  () => sql`INSERT INTO memory_changes (uuid, version, at, change, changed_by, reason, before)
    SELECT uuid, version, ${parameter("now")}, 'promoted', NULL, NULL,
      json_object('pendingRun', pending_run) FROM memories
    WHERE pending_run = ${parameter("run")} AND pending_run IS NOT NULL
      AND (${parameter("task")} IS NULL OR pending_task = ${parameter("task")})`,
);

export const dropChanges = statement(() => sql`DELETE FROM memory_changes WHERE uuid = ${parameter("uuid")}`);

/** Drops changes and links of a batch that was given up. */
export const dropStagedChanges = statement(
  () => sql`DELETE FROM memory_changes WHERE stage = ${parameter("batch")} AND stage <> 0`,
);
