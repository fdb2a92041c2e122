import { sql } from "drizzle-orm/sql";
import { index, integer, primaryKey, real, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

/**
 * Every change of a memory but its first storing. `before` is JSON: the changed fields as they were. `stage` as in
 * `memories`: the batch that hides the row until it is published.
 */
export const memoryChanges = sqliteTable(
  "memory_changes",
  {
    id: integer("id").primaryKey({ autoIncrement: true }),
    stage: integer("stage").notNull().default(0),
    uuid: text("uuid").notNull(),
    /** The memory's version after the change. */
    version: integer("version").notNull(),
    at: integer("at").notNull(),
    change: text("change").notNull(),
    changedBy: text("changed_by"),
    reason: text("reason"),
    before: text("before").notNull(),
  },
  (table) => [
    index("memory_changes_uuid").on(table.uuid),
    index("memory_changes_at").on(table.at),
    index("memory_changes_stage")
      .on(table.stage)
      .where(sql`stage <> 0`),
  ],
);

/** Links between memories, by their public ids: they outlive a row that an import replaces. */
export const memoryLinks = sqliteTable(
  "memory_links",
  {
    id: integer("id").primaryKey({ autoIncrement: true }),
    stage: integer("stage").notNull().default(0),
    source: text("source").notNull(),
    target: text("target").notNull(),
    type: text("type").notNull(),
    /** As it has decayed. */
    strength: real("strength").notNull(),
    /** As it was given: decay is worked out from it each time. */
    baseStrength: real("base_strength").notNull(),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
    /** When a graph last led over it. */
    usedAt: integer("used_at"),
    changedBy: text("changed_by"),
    reason: text("reason"),
  },
  (table) => [
    uniqueIndex("memory_links_ends").on(table.source, table.target, table.type),
    index("memory_links_target").on(table.target),
    index("memory_links_stage")
      .on(table.stage)
      .where(sql`stage <> 0`),
  ],
);

/** How often a memory was found or got, and when last. Written now and then, not at each reading. */
export const memoryUses = sqliteTable("memory_uses", {
  uuid: text("uuid").primaryKey(),
  uses: integer("uses").notNull(),
  usedAt: integer("used_at").notNull(),
});

/** Merges, so that they can be undone. `members` is a JSON array of ids, `before` the survivor's changed fields as they were. */
export const memoryMerges = sqliteTable(
  "memory_merges",
  {
    id: integer("id").primaryKey({ autoIncrement: true }),
    at: integer("at").notNull(),
    survivor: text("survivor").notNull(),
    survivorVersion: integer("survivor_version").notNull(),
    members: text("members").notNull(),
    before: text("before").notNull(),
    similarity: real("similarity").notNull(),
    undoneAt: integer("undone_at"),
  },
  (table) => [index("memory_merges_survivor").on(table.survivor)],
);

/** Which memory's metadata names which blob. Kept by triggers. */
export const memoryBlobs = sqliteTable(
  "memory_blobs",
  { memory: integer("memory").notNull(), hash: text("hash").notNull() },
  (table) => [primaryKey({ columns: [table.memory, table.hash] }), index("memory_blobs_hash").on(table.hash)],
);

/** When which task of upkeep was last completed. */
export const upkeep = sqliteTable("upkeep", {
  task: text("task").primaryKey(),
  at: integer("at").notNull(),
});
