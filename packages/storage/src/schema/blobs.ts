import { blob, integer, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

/** Bytes by the SHA-256 of their content, in hex. */
export const blobs = sqliteTable(
  "blobs",
  {
    id: integer("id").primaryKey({ autoIncrement: true }),
    hash: text("hash").notNull(),
    size: integer("size").notNull(),
    /** When it was last put: collection spares young ones. */
    touchedAt: integer("touched_at").notNull(),
    bytes: blob("bytes", { mode: "buffer" }).notNull(),
  },
  (table) => [uniqueIndex("blobs_hash").on(table.hash)],
);
