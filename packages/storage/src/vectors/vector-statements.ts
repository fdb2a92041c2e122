import { sql } from "drizzle-orm/sql";
import { parameter, statement } from "../database/statement.ts";

export const findEmbedder = statement(
  () => sql`SELECT id, dimensions FROM embedders WHERE name = ${parameter("name")}`,
);

export const insertEmbedder = statement(
  () =>
    sql`INSERT OR IGNORE INTO embedders (name, dimensions) VALUES (${parameter("name")}, ${parameter("dimensions")})`,
);

/** The vector of the memory that was just inserted. */
export const insertVector = statement(
  () => sql`INSERT INTO memory_vectors (id, embedder, vector, own)
    VALUES (last_insert_rowid(), ${parameter("embedder")}, ${parameter("vector")}, ${parameter("own")})`,
);

/** Gives a memory a vector, in place of one that it may have. */
export const putVector = statement(
  () => sql`INSERT INTO memory_vectors (id, embedder, vector, own)
    VALUES (${parameter("row")}, ${parameter("embedder")}, ${parameter("vector")}, ${parameter("own")})
    ON CONFLICT (id) DO UPDATE SET embedder = excluded.embedder, vector = excluded.vector, own = excluded.own`,
);

/** Tells readers of a vector that was not there when they read its row. */
export const noteVector = statement(
  () => sql`INSERT INTO vector_changes (memory) VALUES (${parameter("row")})`,
);

export const getVector = statement(
  () => sql`SELECT embedder, vector, own FROM memory_vectors WHERE id = ${parameter("row")}`,
);

export const dropVector = statement(() => sql`DELETE FROM memory_vectors WHERE id = ${parameter("row")}`);

/** Drops a memory's vector when its content is another one than that which is to be written. */
export const dropStaleVector = statement(
  () => sql`DELETE FROM memory_vectors WHERE id = ${parameter("row")}
    AND (SELECT content FROM memories WHERE id = ${parameter("row")}) IS NOT ${parameter("content")}`,
);

/** How far the vectors are: the newest row, the newest change, and the oldest change that was not pruned yet. */
export const vectorState = statement(
  () => sql`SELECT coalesce((SELECT max(id) FROM memory_vectors), 0),
    coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'vector_changes'), 0),
    (SELECT min(seq) FROM vector_changes)`,
);

/** Rows, namespaces and vectors in one cell each: a cell costs more than its bytes. */
const PACKED = sql.raw("json_group_array(json_array(id, namespace)), group_concat(hex(vector), '')");
const WITH_NAMESPACE = sql.raw(
  "FROM memory_vectors v CROSS JOIN memories m INDEXED BY memories_ranking ON m.id = v.id",
);

/** A page of an embedder's vectors, oldest row first. */
export const vectorPage = statement(
  () => sql`SELECT ${PACKED} FROM (
    SELECT v.id, m.namespace, v.vector ${WITH_NAMESPACE}
    WHERE v.id > ${parameter("after")} AND v.id <= ${parameter("to")} AND v.embedder = ${parameter("embedder")}
      AND v.vector IS NOT NULL
    ORDER BY v.id LIMIT ${parameter("limit")})`,
);

/** The same of some rows. */
export const vectorsOf = statement(
  () => sql`SELECT ${PACKED} FROM (
    SELECT v.id, m.namespace, v.vector ${WITH_NAMESPACE}
    WHERE v.id IN (SELECT value FROM json_each(${parameter("rows")})) AND v.embedder = ${parameter("embedder")}
      AND v.vector IS NOT NULL)`,
);

/** The rows that have changed, each once, oldest row first. */
export const changedRows = statement(
  () => sql`SELECT DISTINCT memory FROM vector_changes
    WHERE seq > ${parameter("after")} AND seq <= ${parameter("to")} ORDER BY memory`,
);

/** Rows, ids and contents of memories without a vector of an embedder. */
export const unembedded = statement(
  () => sql`SELECT m.id, m.uuid, m.content, m.detail FROM memories m
    WHERE m.id > ${parameter("after")} AND NOT EXISTS (
      SELECT 1 FROM memory_vectors v WHERE v.id = m.id AND v.embedder = ${parameter("embedder")})
    ORDER BY m.id LIMIT ${parameter("limit")}`,
);

/** How many there are. */
export const countUnembedded = statement(
  () => sql`SELECT count(*) FROM memories m WHERE NOT EXISTS (
    SELECT 1 FROM memory_vectors v WHERE v.id = m.id AND v.embedder = ${parameter("embedder")})`,
);

/** How many memories have one. */
export const countEmbedded = statement(
  () => sql`SELECT count(*) FROM memory_vectors WHERE embedder = ${parameter("embedder")}`,
);
