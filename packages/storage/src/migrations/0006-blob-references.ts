import type { Migration } from "./migration.ts";

/**
 * Who writes a memory also writes which blobs it names. A trigger did so before: a statement with a trigger can be undone
 * by itself, and for that the text index writes what it holds in memory to the file, so that each row became a piece of
 * its own there, to be merged later, which took most of the time of every store. Older code must not write any more: it
 * would not say which blobs its memories name.
 */
export const blobReferencesMigration: Migration = {
  version: 6,
  minimumWriter: 6,
  statements: ["DROP TRIGGER memory_blobs_insert", "DROP TRIGGER memory_blobs_update"],
};
