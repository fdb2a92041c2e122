import { and, eq, sql, type SQL } from "drizzle-orm/sql";
import { build, databaseNow, parameter, statement } from "../database/statement.ts";
import { memories } from "../schema/memories.ts";

/** Not a row of a batch that is still being written, nor one that a published batch has replaced. */
const visible: SQL = sql`(stage = 0 OR (stage > 0) <> EXISTS (
  SELECT 1 FROM memory_batches WHERE memory_batches.id = abs(stage) AND state <> 'published'))`;
/** The same for many rows: that batches up to `settledBatch` are published is known, and need not be looked up. */
const seen: SQL = sql`(stage = 0 OR (stage > 0 AND stage <= ${parameter("settledBatch")}) OR ${visible})`;
const alive: SQL = sql`((expires_at IS NULL OR expires_at > ${parameter("now")})
  AND (valid_from IS NULL OR valid_from <= ${parameter("now")}))`;
/** Happened, or was stored, by the moment of which a search is told; a null moment means that it does not matter. */
const byThen: SQL = sql`(${parameter("asOf")} IS NULL OR coalesce(occurred_at, created_at) <= ${parameter("asOf")})`;
const notPending: SQL = sql`(pending_run IS NULL OR pending_run = ${parameter("pendingRun")})`;
const inNamespaces: SQL = sql`(namespace = ${parameter("namespace")} OR namespace = ${parameter("project")}
  OR namespace = ${parameter("global")})`;

/** What {@link storedOf} reads, in its order. */
const CELLS = sql.raw("uuid, namespace, type, importance, version, created_at, content, detail");

/** The cells, stage and row id of the rows with an id: at most one, except while a batch replaces it. */
export const getMemory = statement(
  () => sql`SELECT ${CELLS}, stage, id FROM memories WHERE uuid = ${parameter("uuid")}`,
);

/** As {@link getMemory}, then whether the row is visible. */
export const getVersions = statement(
  () => sql`SELECT ${CELLS}, stage, id, ${visible} FROM memories WHERE uuid = ${parameter("uuid")}`,
);

/** As {@link getMemory}, the row that is visible. */
export const getVisible = statement(
  () => sql`SELECT ${CELLS}, stage, id FROM memories WHERE uuid = ${parameter("uuid")} AND ${visible}`,
);

export const getByRow = statement(() => sql`SELECT ${CELLS} FROM memories WHERE id = ${parameter("row")}`);

export const findKey = statement(
  () => sql`SELECT uuid, ${visible} FROM memories
    WHERE namespace = ${parameter("namespace")} AND idempotency_key = ${parameter("key")} AND idempotency_key IS NOT NULL`,
);

export const insertMemory = statement(() =>
  build.insert(memories).values({
    uuid: sql.placeholder("uuid"),
    stage: sql.placeholder("stage"),
    namespace: sql.placeholder("namespace"),
    type: sql.placeholder("type"),
    importance: sql.placeholder("importance"),
    signals: sql.placeholder("signals"),
    version: sql.placeholder("version"),
    createdAt: sql.placeholder("createdAt"),
    occurredAt: sql.placeholder("occurredAt"),
    expiresAt: sql.placeholder("expiresAt"),
    validFrom: sql.placeholder("validFrom"),
    thread: sql.placeholder("thread"),
    place: sql.placeholder("place"),
    actor: sql.placeholder("actor"),
    pendingRun: sql.placeholder("pendingRun"),
    pendingTask: sql.placeholder("pendingTask"),
    idempotencyKey: sql.placeholder("idempotencyKey"),
    content: sql.placeholder("content"),
    detail: sql.placeholder("detail"),
  }),
);

/** Indexes the memory that was just inserted. */
export const insertText = statement(
  () => sql`INSERT INTO memory_text (rowid, content, context, meta)
    VALUES (last_insert_rowid(), ${parameter("content")}, ${parameter("context")}, ${parameter("meta")})`,
);

export const indexText = statement(
  () => sql`INSERT INTO memory_text (rowid, content, context, meta)
    VALUES (${parameter("row")}, ${parameter("content")}, ${parameter("context")}, ${parameter("meta")})`,
);

export const dropText = statement(() => sql`DELETE FROM memory_text WHERE rowid = ${parameter("row")}`);

export const dropMemory = statement(() => build.delete(memories).where(eq(memories.id, parameter("row"))));

export const updateMemory = statement(() =>
  build
    .update(memories)
    .set({
      type: parameter("type"),
      importance: parameter("importance"),
      signals: parameter("signals"),
      version: parameter("version"),
      occurredAt: parameter("occurredAt"),
      expiresAt: parameter("expiresAt"),
      validFrom: parameter("validFrom"),
      actor: parameter("actor"),
      content: parameter("content"),
      detail: parameter("detail"),
    })
    .where(eq(memories.id, parameter("row"))),
);

/** Marks a row as the one that a batch replaces. */
export const markReplaced = statement(() =>
  build
    .update(memories)
    .set({ stage: parameter("stage") })
    .where(and(eq(memories.id, parameter("row")), eq(memories.stage, parameter("was")))),
);

/** The newest of a thread before a place: beginnings of their contents, their places, the vectors of their own texts. */
export const previousInThread = statement(
  () => sql`SELECT substr(content, 1, 1000), place, (SELECT coalesce(own, vector) FROM memory_vectors v
      WHERE v.id = memories.id AND v.embedder = ${parameter("embedder")}) FROM memories
    WHERE namespace = ${parameter("namespace")} AND thread = ${parameter("thread")} AND thread IS NOT NULL
      AND place < ${parameter("place")} AND ${notPending} AND (stage = ${parameter("stage")} OR ${visible})
    ORDER BY place DESC, id DESC LIMIT 3`,
);

/** Row, place, stage and pending run of the memories of a thread that follow one: their index holds its text. */
export const followingInThread = statement(
  () => sql`SELECT id, place, stage, pending_run FROM memories
    WHERE namespace = ${parameter("namespace")} AND thread = ${parameter("thread")} AND thread IS NOT NULL
      AND place > ${parameter("place")}
    ORDER BY place, id LIMIT 3`,
);

/** Where a row stands: thread, place, stage, pending run. */
export const placeOf = statement(
  () => sql`SELECT thread, place, stage, pending_run FROM memories WHERE id = ${parameter("row")}`,
);

/** When a namespace's newest memory was created. */
export const newestOf = statement(
  () => sql`SELECT created_at FROM memories
    WHERE namespace = ${parameter("namespace")} AND pending_run IS NULL AND ${seen} AND ${alive}
    ORDER BY created_at DESC LIMIT 1`,
);

/** A namespace's newest memories. */
export const listNamespace = statement(
  () => sql`SELECT ${CELLS} FROM memories
    WHERE namespace = ${parameter("namespace")} AND pending_run IS NULL AND ${seen} AND ${alive}
    ORDER BY created_at DESC, id DESC LIMIT ${parameter("limit")}`,
);

/** A thread's newest memories. */
export const listThread = statement(
  () => sql`SELECT ${CELLS} FROM memories
    WHERE namespace = ${parameter("namespace")} AND thread = ${parameter("thread")} AND thread IS NOT NULL
      AND pending_run IS NULL AND ${seen} AND ${alive}
    ORDER BY created_at DESC, id DESC LIMIT ${parameter("limit")}`,
);

/**
 * What ranking reads of the matches, in the order of {@link Candidate}: one cell of JSON, for each cell costs, with the
 * rank as a whole number, which is written several times faster than a fraction.
 */
const CANDIDATES = sql.raw(
  "json_group_array(json_array(m.id, cast(rank * -1e12 AS integer), importance, coalesce(occurred_at, created_at), signals, actor))",
);
/** The same of rows that no word has found. */
const WITHOUT_WORDS = sql.raw(
  "json_group_array(json_array(m.id, 0, importance, coalesce(occurred_at, created_at), signals, actor))",
);
/** What a search lets pass. A filter that is null lets all pass. */
const passing: SQL = sql`${inNamespaces} AND ${notPending} AND ${seen} AND ${alive} AND ${byThen}
  AND importance >= ${parameter("minImportance")}
  AND (${parameter("thread")} IS NULL OR thread = ${parameter("thread")})
  AND (${parameter("types")} IS NULL OR type IN (SELECT value FROM json_each(${parameter("types")})))
  AND (${parameter("tags")} IS NULL OR NOT EXISTS (
    SELECT 1 FROM json_each(${parameter("tags")}) wanted
    WHERE wanted.value NOT IN (SELECT value FROM json_each(detail, '$.tags'))
  ))`;

/** Actors of a namespace, each once: one step through the index an actor. */
export const listActors = statement(
  () => sql`WITH RECURSIVE actors (actor) AS (
      SELECT min(actor) FROM memories WHERE namespace = ${parameter("namespace")} AND actor IS NOT NULL
      UNION ALL
      SELECT (SELECT min(m.actor) FROM memories m WHERE m.namespace = ${parameter("namespace")} AND m.actor IS NOT NULL AND m.actor > actors.actor)
        FROM actors WHERE actor IS NOT NULL
    ) SELECT actor FROM actors WHERE actor IS NOT NULL LIMIT ${parameter("limit")}`,
);

/**
 * The best matches of the whole index: those of them that may be seen, and their number with the others. When that is
 * the pool's size and some may not be seen, the pool may have missed some: {@link exactPool} finds them.
 */
export const quickPool = statement(
  () => sql`SELECT ${CANDIDATES} FILTER (WHERE ${inNamespaces} AND ${notPending} AND ${seen} AND ${alive} AND ${byThen}), count(*)
    FROM (
      SELECT rowid, rank FROM memory_text WHERE memory_text MATCH ${parameter("match")}
      ORDER BY rank LIMIT ${parameter("pool")}
    ) f CROSS JOIN memories m INDEXED BY memories_ranking ON m.id = f.rowid`,
);

/** The best matches among those that pass. */
export const exactPool = statement(
  () => sql`SELECT ${CANDIDATES} FROM (
    SELECT m.id, f.rank, importance, occurred_at, created_at, signals, actor FROM memory_text f CROSS JOIN memories m INDEXED BY memories_ranking ON m.id = f.rowid
    WHERE memory_text MATCH ${parameter("match")} AND ${passing}
    ORDER BY f.rank LIMIT ${parameter("pool")}) m`,
);

/** Those of some rows that pass; `rows` is a JSON array of row ids. */
export const meaningPool = statement(
  () => sql`SELECT ${WITHOUT_WORDS} FROM (SELECT value AS wanted FROM json_each(${parameter("rows")}))
    CROSS JOIN memories m INDEXED BY memories_ranking ON m.id = wanted WHERE ${passing}`,
);

/** The newest of those that pass, whatever their rank: looking no further is what makes it quick. */
export const newestPool = statement(
  () => sql`SELECT ${CANDIDATES} FROM (
    SELECT m.id, f.rank, importance, occurred_at, created_at, signals, actor FROM memory_text f CROSS JOIN memories m INDEXED BY memories_ranking ON m.id = f.rowid
    WHERE memory_text MATCH ${parameter("match")} AND ${passing}
    ORDER BY f.rowid DESC LIMIT ${parameter("pool")}) m`,
);

export const countMatches = statement(
  () => sql`SELECT count(*) FROM memory_text WHERE memory_text MATCH ${parameter("match")}`,
);

/** The newest memory's row. */
export const newestRow = statement(() => sql`SELECT max(id) FROM memories`);

/** Cells and row id of rows; `rows` is a JSON array of row ids. */
export const getRows = statement(
  () =>
    sql`SELECT ${CELLS}, id FROM memories WHERE id IN (SELECT value FROM json_each(${parameter("rows")}))`,
);

const neighbour = sql`namespace = ${parameter("namespace")} AND thread = ${parameter("thread")} AND thread IS NOT NULL
  AND ${notPending} AND ${visible} AND ${alive}`;

export const neighboursBefore = statement(
  () => sql`SELECT ${CELLS} FROM memories
    WHERE ${neighbour} AND (place, id) < (${parameter("place")}, ${parameter("row")})
    ORDER BY place DESC, id DESC LIMIT ${parameter("limit")}`,
);

export const neighboursAfter = statement(
  () => sql`SELECT ${CELLS} FROM memories
    WHERE ${neighbour} AND (place, id) > (${parameter("place")}, ${parameter("row")})
    ORDER BY place, id LIMIT ${parameter("limit")}`,
);

const pendingOf = sql`pending_run = ${parameter("run")} AND pending_run IS NOT NULL
  AND (${parameter("task")} IS NULL OR pending_task = ${parameter("task")})`;

export const promotePending = statement(
  () => sql`UPDATE memories SET pending_run = NULL, pending_task = NULL WHERE ${pendingOf}`,
);

export const listPending = statement(() => sql`SELECT id FROM memories WHERE ${pendingOf}`);

/** Counts by namespace and type, with the oldest and newest creation. */
export const countMemories = statement(
  () => sql`SELECT namespace, type, count(*), min(created_at), max(created_at) FROM memories
    WHERE (${parameter("namespace")} IS NULL OR ${inNamespaces}) AND pending_run IS NULL AND ${visible} AND ${alive}
    GROUP BY namespace, type`,
);

/** The newest batch of which, and of all before it, it is certain that nothing is hidden. */
export const readSettledBatch = statement(
  () => sql`SELECT coalesce(
    (SELECT min(id) - 1 FROM memory_batches WHERE state <> 'published'),
    (SELECT seq FROM sqlite_sequence WHERE name = 'memory_batches'),
    0)`,
);

export const openBatch = statement(
  () => sql`INSERT INTO memory_batches (state, first_id, touched_at)
    VALUES ('open', (SELECT coalesce(max(id), 0) + 1 FROM memories), ${databaseNow}) RETURNING id`,
);

export const touchBatch = statement(
  () =>
    sql`UPDATE memory_batches SET touched_at = ${databaseNow} WHERE id = ${parameter("batch")} AND state = 'open'`,
);

export const setBatchState = statement(
  () => sql`UPDATE memory_batches SET state = ${parameter("state")}, touched_at = ${databaseNow}
    WHERE id = ${parameter("batch")} AND state = ${parameter("was")}`,
);

export const getBatch = statement(
  () => sql`SELECT state, first_id FROM memory_batches WHERE id = ${parameter("batch")}`,
);

export const dropBatch = statement(() => sql`DELETE FROM memory_batches WHERE id = ${parameter("batch")}`);

/** Batches that nobody has touched for so many milliseconds, with their states. */
export const staleBatches = statement(
  () => sql`SELECT id, state FROM memory_batches WHERE touched_at <= ${databaseNow} - ${parameter("age")}`,
);

/** Some rows that a batch has inserted, from a row id on. */
export const batchRows = statement(
  () =>
    sql`SELECT id FROM memories WHERE id >= ${parameter("from")} AND stage = ${parameter("batch")} ORDER BY id LIMIT 200`,
);

/** Some rows that a batch has replaced; `stage` is its negative id. */
export const replacedRows = statement(
  () => sql`SELECT id FROM memories WHERE stage = ${parameter("stage")} AND stage < 0 LIMIT 200`,
);

/** Makes some rows that a batch was to replace ordinary again. */
export const restoreReplaced = statement(
  () => sql`UPDATE memories SET stage = 0
    WHERE id IN (SELECT id FROM memories WHERE stage = ${parameter("stage")} AND stage < 0 LIMIT 500)`,
);
