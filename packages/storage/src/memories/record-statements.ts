import { sql, type SQL } from "drizzle-orm/sql";
import { parameter, statement } from "../database/statement.ts";

const visible: SQL = sql`(stage = 0 OR (stage > 0) <> EXISTS (
  SELECT 1 FROM memory_batches WHERE memory_batches.id = abs(stage) AND state <> 'published'))`;
/** Neither expired nor pending: superseded, archived and not yet valid ones are part of an export. */
const there: SQL = sql`pending_run IS NULL AND ${visible} AND (expires_at IS NULL OR expires_at > ${parameter("now")}
  OR coalesce(json_extract(detail, '$.expiresAt'), 9e15) > ${parameter("now")})`;

/** Row ids of everything that an export gives, oldest first; a null namespace means all. */
export const exportedRows = statement(
  () => sql`SELECT id FROM memories
    WHERE (${parameter("namespace")} IS NULL OR namespace = ${parameter("namespace")}) AND ${there}
    ORDER BY created_at, id`,
);

/** Cells, row id and idempotency key of rows; `rows` is a JSON array of row ids. */
export const getExported = statement(
  () => sql`SELECT uuid, namespace, type, importance, version, created_at, content, detail, id, idempotency_key
    FROM memories WHERE id IN (SELECT value FROM json_each(${parameter("rows")})) AND ${there}`,
);

export const keyOf = statement(
  () => sql`SELECT idempotency_key FROM memories WHERE id = ${parameter("row")}`,
);
