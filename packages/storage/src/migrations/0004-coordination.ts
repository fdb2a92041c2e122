import type { Migration } from "./migration.ts";

/** Waits, fences, queues and handoffs. Older code may go on: it leaves them alone. */
export const coordinationMigration: Migration = {
  version: 4,
  minimumWriter: 3,
  statements: [
    `CREATE TABLE waits (
      arrival integer PRIMARY KEY AUTOINCREMENT NOT NULL,
      id text NOT NULL,
      actor text NOT NULL,
      body text NOT NULL,
      expires_at integer NOT NULL
    )`,
    "CREATE UNIQUE INDEX waits_id ON waits (id)",
    "CREATE INDEX waits_expiry ON waits (expires_at)",
    `CREATE TABLE fences (
      stem text PRIMARY KEY NOT NULL,
      token integer NOT NULL
    ) WITHOUT ROWID`,
    `CREATE TABLE queue_items (
      place integer PRIMARY KEY AUTOINCREMENT NOT NULL,
      id text NOT NULL,
      queue text NOT NULL,
      payload text NOT NULL,
      rank real NOT NULL,
      state text NOT NULL,
      attempts integer DEFAULT 0 NOT NULL,
      max_attempts integer NOT NULL,
      available_at integer NOT NULL,
      error text,
      owner text,
      token integer DEFAULT 0 NOT NULL,
      expires_at integer
    )`,
    "CREATE UNIQUE INDEX queue_items_id ON queue_items (id)",
    "CREATE INDEX queue_items_next ON queue_items (queue, state, rank, place)",
    `CREATE TABLE handoffs (
      place integer PRIMARY KEY AUTOINCREMENT NOT NULL,
      id text NOT NULL,
      sender text NOT NULL,
      receiver text NOT NULL,
      payload text NOT NULL,
      state text NOT NULL,
      reason text,
      result text,
      offered_at integer NOT NULL,
      expires_at integer NOT NULL
    )`,
    "CREATE UNIQUE INDEX handoffs_id ON handoffs (id)",
    "CREATE INDEX handoffs_receiver ON handoffs (receiver, state)",
    "CREATE INDEX handoffs_expiry ON handoffs (expires_at)",
  ],
};
