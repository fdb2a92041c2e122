import { blob, integer, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

/** Who has made vectors. Vectors of different rows never meet. */
export const embedders = sqliteTable(
  "embedders",
  {
    id: integer("id").primaryKey({ autoIncrement: true }),
    name: text("name").notNull(),
    dimensions: integer("dimensions").notNull(),
  },
  (table) => [uniqueIndex("embedders_name").on(table.name)],
);

/** The vector of a memory, one int8 a number. A memory without a row has none yet. */
export const memoryVectors = sqliteTable("memory_vectors", {
  /** The memory's row. */
  id: integer("id").primaryKey(),
  embedder: integer("embedder").notNull(),
  /** Of the text with those before it in its thread. NULL: there is no meaning in it, never a vector of zeros. */
  vector: blob("vector", { mode: "buffer" }),
  /** Of the text alone, where that is another one; empty when only those before it have a meaning. */
  own: blob("own", { mode: "buffer" }),
});

/**
 * Rows whose vector was changed, dropped, or filled in later, written in the same transaction, mostly by triggers: processes that
 * hold vectors in memory read on from where they were. Rows that are new are found by their ids.
 */
export const vectorChanges = sqliteTable("vector_changes", {
  seq: integer("seq").primaryKey({ autoIncrement: true }),
  memory: integer("memory").notNull(),
});
