import { sql, type SQL } from "drizzle-orm/sql";
import { parameter, statement } from "../database/statement.ts";

const CELLS = sql.raw("source, target, l.type, strength, l.created_at, l.updated_at, changed_by, reason");
const publishedLink: SQL = sql`(l.stage = 0 OR NOT EXISTS (
  SELECT 1 FROM memory_batches WHERE memory_batches.id = l.stage AND state <> 'published'))`;
const visible: SQL = sql`(m.stage = 0 OR (m.stage > 0) <> EXISTS (
  SELECT 1 FROM memory_batches WHERE memory_batches.id = abs(m.stage) AND state <> 'published'))`;
/** A memory that `get` would give: what is superseded or archived is one of them. */
const there: SQL = sql`(m.expires_at IS NULL OR m.expires_at > ${parameter("now")}
  OR coalesce(json_extract(m.detail, '$.expiresAt'), 9e15) > ${parameter("now")})`;
const seen: SQL = sql`${visible} AND m.pending_run IS NULL AND ${there}`;

/** Whether a memory may be linked: it can be seen, or is part of the batch. */
export const findEnd = statement(
  () => sql`SELECT m.version FROM memories m WHERE m.uuid = ${parameter("uuid")}
    AND ((m.stage = ${parameter("stage")} AND m.stage > 0) OR (${visible} AND ${there})) LIMIT 1`,
);

/** Writes a link, or gives the one of that type new strength. */
export const putLink = statement(
  () => sql`INSERT INTO memory_links (stage, source, target, type, strength, base_strength, created_at, updated_at, changed_by, reason)
    VALUES (${parameter("stage")}, ${parameter("from")}, ${parameter("to")}, ${parameter("type")}, ${parameter("strength")},
      ${parameter("strength")}, ${parameter("createdAt")}, ${parameter("updatedAt")}, ${parameter("by")}, ${parameter("reason")})
    ON CONFLICT (source, target, type) DO UPDATE SET strength = excluded.strength, base_strength = excluded.base_strength,
      updated_at = excluded.updated_at, changed_by = excluded.changed_by, reason = excluded.reason`,
);

/** A link's cells, its batch, and whether it can be seen. */
export const getLink = statement(
  () => sql`SELECT ${CELLS}, l.stage, ${publishedLink} FROM memory_links l
    WHERE source = ${parameter("from")} AND target = ${parameter("to")} AND type = ${parameter("type")}`,
);

/** The links from one memory to another; a null type means all. */
export const linksBetween = statement(
  () => sql`SELECT ${CELLS} FROM memory_links l WHERE source = ${parameter("from")} AND target = ${parameter("to")}
    AND (${parameter("type")} IS NULL OR type = ${parameter("type")}) AND ${publishedLink} ORDER BY type`,
);

export const dropLink = statement(
  () => sql`DELETE FROM memory_links
    WHERE source = ${parameter("from")} AND target = ${parameter("to")} AND type = ${parameter("type")}`,
);

export const dropLinksOf = statement(
  () => sql`DELETE FROM memory_links WHERE source = ${parameter("uuid")} OR target = ${parameter("uuid")}`,
);

export const dropStagedLinks = statement(
  () => sql`DELETE FROM memory_links WHERE stage = ${parameter("batch")} AND stage <> 0`,
);

/** The visible start of a graph: its namespace. */
export const startOf = statement(
  () => sql`SELECT m.namespace FROM memories m WHERE m.uuid = ${parameter("uuid")} AND ${seen}`,
);

/** Links from and to some memories (a JSON array of ids), with the other end, strongest first. */
export const linksFrom = statement(
  () => sql`SELECT l.near, l.other, l.strength FROM (
      SELECT source AS near, target AS other, strength, id, stage FROM memory_links
        WHERE source IN (SELECT value FROM json_each(${parameter("ids")}))
      UNION ALL
      SELECT target, source, strength, id, stage FROM memory_links
        WHERE target IN (SELECT value FROM json_each(${parameter("ids")}))
    ) l JOIN memories m ON m.uuid = l.other
    WHERE ${publishedLink} AND ${seen} AND m.namespace IN (SELECT value FROM json_each(${parameter("namespaces")}))
    ORDER BY l.strength DESC, l.other, l.id LIMIT ${parameter("limit")}`,
);

/** Every link whose ends are both among some memories. */
export const linksAmong = statement(
  () => sql`SELECT ${CELLS} FROM memory_links l
    WHERE source IN (SELECT value FROM json_each(${parameter("ids")}))
      AND target IN (SELECT value FROM json_each(${parameter("ids")})) AND ${publishedLink}
    ORDER BY strength DESC, l.id LIMIT 10000`,
);

/** The newest linked memories of some namespaces: their ids. */
export const newestLinked = statement(
  () => sql`SELECT m.uuid FROM memories m
    WHERE m.namespace IN (SELECT value FROM json_each(${parameter("namespaces")})) AND ${seen}
      AND (EXISTS (SELECT 1 FROM memory_links WHERE source = m.uuid) OR EXISTS (SELECT 1 FROM memory_links WHERE target = m.uuid))
    ORDER BY m.created_at DESC, m.id DESC LIMIT ${parameter("limit")}`,
);

/** Links after a row id whose ends are both of a namespace (null: any), for an export; the last cell is the row id. */
export const exportedLinks = statement(
  () => sql`SELECT ${CELLS}, l.id FROM memory_links l
    WHERE l.id > ${parameter("after")} AND ${publishedLink}
      AND EXISTS (SELECT 1 FROM memories m WHERE m.uuid = source AND ${seen}
        AND (${parameter("namespace")} IS NULL OR m.namespace = ${parameter("namespace")}))
      AND EXISTS (SELECT 1 FROM memories m WHERE m.uuid = target AND ${seen}
        AND (${parameter("namespace")} IS NULL OR m.namespace = ${parameter("namespace")}))
    ORDER BY l.id LIMIT 500`,
);

/** Cells of the visible rows with some public ids; for callers that know no row ids. */
export const getManyVisible = statement(
  () => sql`SELECT uuid, namespace, m.type, importance, version, m.created_at, content, detail FROM memories m
    WHERE m.uuid IN (SELECT value FROM json_each(${parameter("ids")})) AND ${seen}`,
);
