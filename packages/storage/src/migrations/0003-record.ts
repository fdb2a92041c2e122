import type { Migration } from "./migration.ts";

/**
 * History, links, use and merges of memories; validity; who refers to which blob; what upkeep has done. Older code must
 * not write any more: it would keep no history and bring superseded memories back.
 */
export const recordMigration: Migration = {
  version: 3,
  minimumWriter: 3,
  statements: [
    "ALTER TABLE memories ADD COLUMN valid_from integer",
    "DROP INDEX memories_ranking",
    `CREATE INDEX memories_ranking ON memories (id, namespace, stage, type, importance, signals, created_at, occurred_at,
      expires_at, thread, actor, pending_run, valid_from)`,

    `CREATE TABLE memory_changes (
      id integer PRIMARY KEY AUTOINCREMENT NOT NULL,
      stage integer DEFAULT 0 NOT NULL,
      uuid text NOT NULL,
      version integer NOT NULL,
      at integer NOT NULL,
      change text NOT NULL,
      changed_by text,
      reason text,
      before text NOT NULL
    )`,
    "CREATE INDEX memory_changes_uuid ON memory_changes (uuid)",
    "CREATE INDEX memory_changes_at ON memory_changes (at)",
    "CREATE INDEX memory_changes_stage ON memory_changes (stage) WHERE stage <> 0",

    `CREATE TABLE memory_links (
      id integer PRIMARY KEY AUTOINCREMENT NOT NULL,
      stage integer DEFAULT 0 NOT NULL,
      source text NOT NULL,
      target text NOT NULL,
      type text NOT NULL,
      strength real NOT NULL,
      base_strength real NOT NULL,
      created_at integer NOT NULL,
      updated_at integer NOT NULL,
      used_at integer,
      changed_by text,
      reason text
    )`,
    "CREATE UNIQUE INDEX memory_links_ends ON memory_links (source, target, type)",
    "CREATE INDEX memory_links_target ON memory_links (target)",
    "CREATE INDEX memory_links_stage ON memory_links (stage) WHERE stage <> 0",

    `CREATE TABLE memory_uses (
      uuid text PRIMARY KEY NOT NULL,
      uses integer NOT NULL,
      used_at integer NOT NULL
    ) WITHOUT ROWID`,

    `CREATE TABLE memory_merges (
      id integer PRIMARY KEY AUTOINCREMENT NOT NULL,
      at integer NOT NULL,
      survivor text NOT NULL,
      survivor_version integer NOT NULL,
      members text NOT NULL,
      before text NOT NULL,
      similarity real NOT NULL,
      undone_at integer
    )`,
    "CREATE INDEX memory_merges_survivor ON memory_merges (survivor)",

    `CREATE TABLE memory_blobs (
      memory integer NOT NULL,
      hash text NOT NULL,
      PRIMARY KEY (memory, hash)
    ) WITHOUT ROWID`,
    "CREATE INDEX memory_blobs_hash ON memory_blobs (hash)",
    ...["INSERT", "UPDATE OF detail"].map(
      (event) => `CREATE TRIGGER memory_blobs_${event.slice(0, 6).toLowerCase()} AFTER ${event} ON memories
        WHEN instr(NEW.detail, '"metadata":') > 0 OR EXISTS (SELECT 1 FROM memory_blobs WHERE memory = NEW.id)
        BEGIN
          DELETE FROM memory_blobs WHERE memory = NEW.id;
          INSERT OR IGNORE INTO memory_blobs (memory, hash)
            SELECT NEW.id, value FROM json_tree(NEW.detail, '$.metadata')
            WHERE type = 'text' AND length(value) = 64 AND value NOT GLOB '*[^0-9a-f]*';
        END`,
    ),
    `CREATE TRIGGER memory_blobs_delete AFTER DELETE ON memories
      WHEN instr(OLD.detail, '"metadata":') > 0
      BEGIN
        DELETE FROM memory_blobs WHERE memory = OLD.id;
      END`,
    `INSERT OR IGNORE INTO memory_blobs (memory, hash)
      SELECT memories.id, value FROM memories, json_tree(detail, '$.metadata') t
      WHERE instr(detail, '"metadata":') > 0
        AND t.type = 'text' AND length(t.value) = 64 AND t.value NOT GLOB '*[^0-9a-f]*'`,

    `CREATE TABLE upkeep (
      task text PRIMARY KEY NOT NULL,
      at integer NOT NULL
    ) WITHOUT ROWID`,
    "INSERT INTO upkeep (task, at) VALUES ('prune', cast(round(unixepoch('subsec') * 1000) as integer))",
  ],
};
