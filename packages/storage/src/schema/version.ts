import { integer, sqliteTable } from "drizzle-orm/sqlite-core";

/** One row: which migration the file is at, and the oldest code that may still write to it. */
export const schemaVersion = sqliteTable("schema_version", {
  id: integer("id").primaryKey(),
  version: integer("version").notNull(),
  minimumWriter: integer("minimum_writer").notNull(),
});
