import { sql, type SQL } from "drizzle-orm/sql";
import { parameter, statement } from "../database/statement.ts";

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

/** Whether two were merged once and that was undone. */
export const undonePair = statement(
  () => sql`SELECT 1 FROM memory_merges WHERE undone_at IS NOT NULL
    AND ((survivor = ${parameter("a")} AND instr(members, ${parameter("b")}) > 0)
      OR (survivor = ${parameter("b")} AND instr(members, ${parameter("a")}) > 0)
      OR (instr(members, ${parameter("a")}) > 0 AND instr(members, ${parameter("b")}) > 0)) LIMIT 1`,
);

/** Copies the links of a member to the survivor, noting the merge, where it has none of the type yet. */
export const copyLinks = statement(
  () => sql`INSERT OR IGNORE INTO memory_links (source, target, type, strength, base_strength, created_at, updated_at, used_at, changed_by, reason)
    SELECT CASE source WHEN ${parameter("member")} THEN ${parameter("survivor")} ELSE source END,
      CASE target WHEN ${parameter("member")} THEN ${parameter("survivor")} ELSE target END,
      type, strength, base_strength, created_at, updated_at, used_at, 'evolution', ${parameter("reason")}
    FROM memory_links WHERE stage = 0
      AND ((source = ${parameter("member")} AND target <> ${parameter("survivor")})
        OR (target = ${parameter("member")} AND source <> ${parameter("survivor")}))`,
);

export const dropCopiedLinks = statement(
  () => sql`DELETE FROM memory_links WHERE (source = ${parameter("survivor")} OR target = ${parameter("survivor")})
    AND changed_by = 'evolution' AND reason = ${parameter("reason")}`,
);

/** Row ids after one, at most so many, and what is judged of those of them that are found: one JSON array a memory. */
export const pageOfUses = statement(
  () => sql`SELECT max(p.id), json_group_array(json_array(m.id, m.uuid, m.importance, m.created_at, coalesce(u.uses, 0), u.used_at,
      (SELECT count(*) FROM memory_links WHERE target = m.uuid), json_extract(m.detail, '$.derivedImportance')))
      FILTER (WHERE m.id IS NOT NULL)
    FROM (SELECT id FROM memories WHERE id > ${parameter("after")} ORDER BY id LIMIT 500) p
    LEFT JOIN memories m ON m.id = p.id AND ${found} AND ${inNamespace}
    LEFT JOIN memory_uses u ON u.uuid = m.uuid`,
);

/** Sets what was derived, or takes it away; nothing else of the memory changes. */
export const setDerived = statement(
  () => sql`UPDATE memories SET detail = CASE WHEN ${parameter("derived")} IS NULL
      THEN json_remove(detail, '$.derivedImportance') ELSE json_set(detail, '$.derivedImportance', ${parameter("derived")}) END
    WHERE id = ${parameter("row")} AND importance = ${parameter("base")}`,
);

/** Namespaces that have memories. */
export const namespaces = statement(
  () => sql`WITH RECURSIVE names (name) AS (
      SELECT min(namespace) FROM memories
      UNION ALL SELECT (SELECT min(namespace) FROM memories WHERE namespace > names.name) FROM names WHERE name IS NOT NULL
    ) SELECT name FROM names WHERE name IS NOT NULL`,
);

/** A namespace's newest memories that stand alone, before a moment and row id: cells, row id, embedder and own vector. */
export const pageToCompare = statement(
  () => sql`SELECT m.uuid, m.namespace, m.type, m.importance, m.version, m.created_at, m.content, m.detail, m.id, v.embedder, v.own, v.vector
    FROM memories m LEFT JOIN memory_vectors v ON v.id = m.id
    WHERE m.namespace = ${parameter("namespace")} AND (m.created_at, m.id) < (${parameter("before")}, ${parameter("row")})
      AND m.thread IS NULL AND ${found}
    ORDER BY m.created_at DESC, m.id DESC LIMIT 200`,
);

/** Some links after a row id: row id, ends, type, strength, base strength, creation, last use or change. */
export const pageOfLinks = statement(
  () => sql`SELECT id, source, target, type, strength, base_strength, created_at, max(updated_at, coalesce(used_at, 0))
    FROM memory_links WHERE id > ${parameter("after")} AND stage = 0 ORDER BY id LIMIT 500`,
);

export const setStrength = statement(
  () => sql`UPDATE memory_links SET strength = ${parameter("strength")}
    WHERE id = ${parameter("id")} AND base_strength = ${parameter("base")}`,
);

export const dropLinkById = statement(
  () => sql`DELETE FROM memory_links WHERE id = ${parameter("id")} AND base_strength = ${parameter("base")}`,
);

export const versionOf = statement(() => sql`SELECT version FROM memories WHERE uuid = ${parameter("uuid")}`);

/** Adds uses to memories: a JSON array of [id, count]. */
export const addUses = statement(
  () => sql`INSERT INTO memory_uses (uuid, uses, used_at)
    SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), ${parameter("now")} FROM json_each(${parameter("uses")})
    WHERE EXISTS (SELECT 1 FROM memories WHERE uuid = json_extract(value, '$[0]'))
    ON CONFLICT (uuid) DO UPDATE SET uses = memory_uses.uses + excluded.uses, used_at = excluded.used_at`,
);

/** Notes that a graph has led over the links among some memories. */
export const useLinks = statement(
  () => sql`UPDATE memory_links SET used_at = ${parameter("now")}
    WHERE source IN (SELECT value FROM json_each(${parameter("ids")}))
      AND target IN (SELECT value FROM json_each(${parameter("ids")}))`,
);
