import { sql, type SQL } from "drizzle-orm/sql";
import { parameter, statement } from "../database/statement.ts";

const DAY = 86_400_000;

/** An ordinary memory that searches find. */
const found: SQL = sql`m.pending_run IS NULL AND (m.expires_at IS NULL OR m.expires_at > ${parameter("now")})
  AND (m.stage = 0 OR (m.stage > 0) <> EXISTS (
    SELECT 1 FROM memory_batches WHERE memory_batches.id = abs(m.stage) AND state <> 'published'))`;
const inNamespace: SQL = sql`(${parameter("namespace")} IS NULL OR m.namespace = ${parameter("namespace")})`;

/** Survivor, its version after the merge, members, the survivor's fields before, when it was undone. */
export const getMerge = statement(
  () =>
    sql`SELECT survivor, survivor_version, members, before, undone_at FROM memory_merges WHERE id = ${parameter("id")}`,
);

export const markUndone = statement(
  () => sql`UPDATE memory_merges SET undone_at = ${parameter("now")} WHERE id = ${parameter("id")}`,
);

export const insertMerge = statement(
  () => sql`INSERT INTO memory_merges (at, survivor, survivor_version, members, before, similarity)
    VALUES (${parameter("at")}, ${parameter("survivor")}, ${parameter("version")}, ${parameter("members")},
      ${parameter("before")}, ${parameter("similarity")}) RETURNING id`,
);

/** Merges, newest first. */
export const listMerges = statement(
  () =>
    sql`SELECT id, at, survivor, members, similarity, undone_at FROM memory_merges ORDER BY id DESC LIMIT ${parameter("limit")}`,
);

/** Whether a pair was merged once and that was undone: a person has decided. */
export const undonePair = statement(
  () => sql`SELECT 1 FROM memory_merges WHERE undone_at IS NOT NULL
    AND ((survivor = ${parameter("a")} AND instr(members, ${parameter("b")}) > 0)
      OR (survivor = ${parameter("b")} AND instr(members, ${parameter("a")}) > 0)
      OR (instr(members, ${parameter("a")}) > 0 AND instr(members, ${parameter("b")}) > 0)) LIMIT 1`,
);

/** Some memories after a row id, with what evolution judges by. */
export const pageOfMemories = statement(
  () => sql`SELECT m.id, m.uuid, m.namespace, m.type, m.importance, m.created_at, m.content, m.detail,
      coalesce(u.uses, 0), u.used_at,
      (SELECT count(*) FROM memory_links WHERE target = m.uuid), (SELECT count(*) FROM memory_links WHERE source = m.uuid)
    FROM memories m LEFT JOIN memory_uses u ON u.uuid = m.uuid
    WHERE m.id > ${parameter("after")} AND ${found} AND ${inNamespace} ORDER BY m.id LIMIT ${parameter("limit")}`,
);

/** Some memories after a row id that the rules for archiving name: row id and public id. */
export const archivable = statement(
  () => sql`SELECT m.id, m.uuid FROM memories m LEFT JOIN memory_uses u ON u.uuid = m.uuid
    WHERE m.id > ${parameter("after")} AND ${found} AND ${inNamespace} AND m.importance < 7
      AND ((u.uses IS NULL AND m.created_at < ${parameter("now")} - ${sql.raw(String(180 * DAY))})
        OR (m.importance < 3 AND max(m.created_at, coalesce(u.used_at, 0)) < ${parameter("now")} - ${sql.raw(String(90 * DAY))})
        OR (m.importance < 2 AND max(m.created_at, coalesce(u.used_at, 0)) < ${parameter("now")} - ${sql.raw(String(30 * DAY))}))
    ORDER BY m.id LIMIT ${parameter("limit")}`,
);

/** Some links after a row id: row id, ends, type, strength, base strength, creation, last use or change. */
export const pageOfLinks = statement(
  () => sql`SELECT id, source, target, type, strength, base_strength, created_at, max(updated_at, coalesce(used_at, 0)), changed_by
    FROM memory_links WHERE id > ${parameter("after")} AND stage = 0 ORDER BY id LIMIT ${parameter("limit")}`,
);

export const setStrength = statement(
  () => sql`UPDATE memory_links SET strength = ${parameter("strength")} WHERE id = ${parameter("id")}`,
);

export const dropLinkById = statement(() => sql`DELETE FROM memory_links WHERE id = ${parameter("id")}`);

/** Moves the links of one memory to another where that has none of the type yet. */
export const moveLinks = statement(
  () => sql`UPDATE OR IGNORE memory_links SET
      source = CASE source WHEN ${parameter("from")} THEN ${parameter("to")} ELSE source END,
      target = CASE target WHEN ${parameter("from")} THEN ${parameter("to")} ELSE target END
    WHERE (source = ${parameter("from")} AND target <> ${parameter("to")}) OR (target = ${parameter("from")} AND source <> ${parameter("to")})`,
);

/** Adds uses to memories: a JSON array of [id, count]. */
export const addUses = statement(
  () => sql`INSERT INTO memory_uses (uuid, uses, used_at)
    SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), ${parameter("now")} FROM json_each(${parameter("uses")}) WHERE true
    ON CONFLICT (uuid) DO UPDATE SET uses = memory_uses.uses + excluded.uses, used_at = excluded.used_at`,
);

/** Vectors of some rows (a JSON array of row ids) of the newest embedder: row id, embedder, vector. */
export const vectorsOf = statement(
  () => sql`SELECT id, embedder, vector FROM memory_vectors
    WHERE id IN (SELECT value FROM json_each(${parameter("rows")})) AND vector IS NOT NULL`,
);
