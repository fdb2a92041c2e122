import type { Migration } from "./migration.ts";

/** Vectors of memories with the identity of who made them, and their changes; an index of actors. */
export const vectorsMigration: Migration = {
  version: 2,
  minimumWriter: 2,
  statements: [
    "CREATE INDEX memories_actors ON memories (namespace, actor) WHERE actor IS NOT NULL",
    `CREATE TABLE embedders (
      id integer PRIMARY KEY AUTOINCREMENT NOT NULL,
      name text NOT NULL,
      dimensions integer NOT NULL
    )`,
    "CREATE UNIQUE INDEX embedders_name ON embedders (name)",
    `CREATE TABLE memory_vectors (
      id integer PRIMARY KEY NOT NULL,
      embedder integer NOT NULL,
      vector blob,
      own blob
    )`,
    `CREATE TABLE vector_changes (
      seq integer PRIMARY KEY AUTOINCREMENT NOT NULL,
      memory integer NOT NULL
    )`,
    // Readers find the vectors of new memories by their ids, which only grow; what fills one in later says so itself.
    `CREATE TRIGGER vector_changed AFTER UPDATE ON memory_vectors
      BEGIN INSERT INTO vector_changes (memory) VALUES (NEW.id); END`,
    `CREATE TRIGGER vector_dropped AFTER DELETE ON memory_vectors
      BEGIN INSERT INTO vector_changes (memory) VALUES (OLD.id); END`,
    // Who has slept longer than that reads everything anew.
    `CREATE TRIGGER vector_changes_pruned AFTER INSERT ON vector_changes
      BEGIN DELETE FROM vector_changes WHERE seq <= NEW.seq - 20000; END`,
  ],
};
