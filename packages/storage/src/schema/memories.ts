import { sql } from "drizzle-orm/sql";
import { index, integer, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

/**
 * One row a memory. The columns are what queries filter and sort by; `detail` is the rest of the record as one JSON
 * object (one cell and one parse are cheaper than ten columns). Times are milliseconds since 1970.
 *
 * `stage` makes large batches visible at once: 0 is an ordinary row; `n` a row of batch `n`, hidden while
 * `memory_batches` holds `n` unpublished; `-n` the row that batch `n` replaces, visible only that long.
 */
export const memories = sqliteTable(
  "memories",
  {
    id: integer("id").primaryKey({ autoIncrement: true }),
    uuid: text("uuid").notNull(),
    stage: integer("stage").notNull().default(0),
    namespace: text("namespace").notNull(),
    type: text("type").notNull(),
    importance: integer("importance").notNull(),
    /** Bits that ranking needs without reading the text: 1 ends with a question mark, 2 names a time. */
    signals: integer("signals").notNull().default(0),
    version: integer("version").notNull().default(1),
    createdAt: integer("created_at").notNull(),
    occurredAt: integer("occurred_at"),
    /** From when on searches and listings leave it out: it expires, is no longer valid, was superseded or archived. */
    expiresAt: integer("expires_at"),
    thread: text("thread"),
    /** Place in the thread: `seq` where it was given, else after the last. */
    place: integer("place"),
    actor: text("actor"),
    pendingRun: text("pending_run"),
    pendingTask: text("pending_task"),
    idempotencyKey: text("idempotency_key"),
    content: text("content").notNull(),
    detail: text("detail").notNull(),
    validFrom: integer("valid_from"),
  },
  (table) => [
    uniqueIndex("memories_uuid").on(table.uuid, table.stage),
    index("memories_recent").on(table.namespace, table.createdAt),
    index("memories_thread")
      .on(table.namespace, table.thread, table.place)
      .where(sql`thread IS NOT NULL`),
    index("memories_actors")
      .on(table.namespace, table.actor)
      .where(sql`actor IS NOT NULL`),
    index("memories_pending")
      .on(table.pendingRun)
      .where(sql`pending_run IS NOT NULL`),
    uniqueIndex("memories_idempotency")
      .on(table.namespace, table.idempotencyKey, table.stage)
      .where(sql`idempotency_key IS NOT NULL`),
    // All that a search filters and ranks by, in few pages: the rows themselves are read for the winners only.
    index("memories_ranking").on(
      table.id,
      table.namespace,
      table.stage,
      table.type,
      table.importance,
      table.signals,
      table.createdAt,
      table.occurredAt,
      table.expiresAt,
      table.thread,
      table.actor,
      table.pendingRun,
      table.validFrom,
    ),
    index("memories_replaced")
      .on(table.stage)
      .where(sql`stage < 0`),
  ],
);

/** Batches that are being written (`open`), were given up (`abandoned`), or still have replaced rows to drop (`published`). */
export const memoryBatches = sqliteTable("memory_batches", {
  id: integer("id").primaryKey({ autoIncrement: true }),
  state: text("state", { enum: ["open", "abandoned", "published"] }).notNull(),
  /** No row of the batch has a smaller id. */
  firstId: integer("first_id").notNull(),
  /** Renewed by each chunk; a batch that nobody has touched for long was abandoned. */
  touchedAt: integer("touched_at").notNull(),
});
