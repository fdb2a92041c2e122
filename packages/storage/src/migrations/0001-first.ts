import type { Migration } from "./migration.ts";

/** The first schema. Tables as drizzle-kit writes them for `src/schema`, those with a natural key without row ids; the text index by hand. */
export const firstMigration: Migration = {
  version: 1,
  minimumWriter: 1,
  statements: [
    `CREATE TABLE schema_version (
      id integer PRIMARY KEY NOT NULL,
      version integer NOT NULL,
      minimum_writer integer NOT NULL
    )`,

    `CREATE TABLE memories (
      id integer PRIMARY KEY AUTOINCREMENT NOT NULL,
      uuid text NOT NULL,
      stage integer DEFAULT 0 NOT NULL,
      namespace text NOT NULL,
      type text NOT NULL,
      importance integer NOT NULL,
      signals integer DEFAULT 0 NOT NULL,
      version integer DEFAULT 1 NOT NULL,
      created_at integer NOT NULL,
      occurred_at integer,
      expires_at integer,
      thread text,
      place integer,
      actor text,
      pending_run text,
      pending_task text,
      idempotency_key text,
      content text NOT NULL,
      detail text NOT NULL
    )`,
    "CREATE UNIQUE INDEX memories_uuid ON memories (uuid, stage)",
    "CREATE INDEX memories_recent ON memories (namespace, created_at)",
    "CREATE INDEX memories_thread ON memories (namespace, thread, place) WHERE thread IS NOT NULL",
    "CREATE INDEX memories_pending ON memories (pending_run) WHERE pending_run IS NOT NULL",
    `CREATE UNIQUE INDEX memories_idempotency ON memories (namespace, idempotency_key, stage)
      WHERE idempotency_key IS NOT NULL`,
    `CREATE INDEX memories_ranking ON memories (id, namespace, stage, type, importance, signals, created_at, occurred_at,
      expires_at, thread, actor, pending_run)`,
    "CREATE INDEX memories_replaced ON memories (stage) WHERE stage < 0",
    `CREATE TABLE memory_batches (
      id integer PRIMARY KEY AUTOINCREMENT NOT NULL,
      state text NOT NULL,
      first_id integer NOT NULL,
      touched_at integer NOT NULL
    )`,

    `CREATE VIRTUAL TABLE memory_text USING fts5 (
      content, context, meta,
      content = '', contentless_delete = 1, tokenize = 'porter unicode61 remove_diacritics 2'
    )`,
    "INSERT INTO memory_text (memory_text, rank) VALUES ('rank', 'bm25(1.0, 0.4, 1.0)')",

    `CREATE TABLE blobs (
      id integer PRIMARY KEY AUTOINCREMENT NOT NULL,
      hash text NOT NULL,
      size integer NOT NULL,
      touched_at integer NOT NULL,
      bytes blob NOT NULL
    )`,
    "CREATE UNIQUE INDEX blobs_hash ON blobs (hash)",

    `CREATE TABLE runs (
      id integer PRIMARY KEY AUTOINCREMENT NOT NULL,
      run_id text NOT NULL,
      name text NOT NULL,
      plan_hash text NOT NULL,
      status text NOT NULL,
      started_at integer NOT NULL,
      finished_at integer,
      usage text NOT NULL
    )`,
    "CREATE UNIQUE INDEX runs_run_id ON runs (run_id)",
    "CREATE INDEX runs_status ON runs (status)",
    `CREATE TABLE run_plans (
      run integer PRIMARY KEY NOT NULL,
      plan text NOT NULL
    )`,
    `CREATE TABLE events (
      run integer NOT NULL,
      seq integer NOT NULL,
      at integer NOT NULL,
      class integer NOT NULL,
      closes text,
      body text NOT NULL,
      PRIMARY KEY (run, seq)
    ) WITHOUT ROWID`,
    "CREATE UNIQUE INDEX events_closes ON events (run, closes) WHERE closes IS NOT NULL",
    `CREATE TABLE run_payloads (
      run integer NOT NULL,
      hash text NOT NULL,
      PRIMARY KEY (run, hash)
    ) WITHOUT ROWID`,
    "CREATE INDEX run_payloads_hash ON run_payloads (hash)",

    `CREATE TABLE leases (
      token integer PRIMARY KEY AUTOINCREMENT NOT NULL,
      id text NOT NULL,
      owner text NOT NULL,
      mode text NOT NULL,
      resources text NOT NULL,
      metadata text NOT NULL,
      expires_at integer NOT NULL
    )`,
    "CREATE UNIQUE INDEX leases_id ON leases (id)",
    "CREATE INDEX leases_expiry ON leases (expires_at)",
    `CREATE TABLE shared_values (
      key text PRIMARY KEY NOT NULL,
      value text NOT NULL,
      version integer NOT NULL
    ) WITHOUT ROWID`,
    `CREATE TABLE agents (
      id text PRIMARY KEY NOT NULL,
      role text NOT NULL,
      state text NOT NULL,
      seen_at integer NOT NULL,
      metadata text NOT NULL
    ) WITHOUT ROWID`,

    `CREATE TABLE budget_accounts (
      id text PRIMARY KEY NOT NULL,
      parent text,
      limit_tokens integer,
      limit_nano_usd integer,
      limit_calls integer,
      settled_tokens integer DEFAULT 0 NOT NULL,
      settled_nano_usd integer DEFAULT 0 NOT NULL,
      settled_calls integer DEFAULT 0 NOT NULL,
      reserved_tokens integer DEFAULT 0 NOT NULL,
      reserved_nano_usd integer DEFAULT 0 NOT NULL,
      reserved_calls integer DEFAULT 0 NOT NULL
    ) WITHOUT ROWID`,
    "CREATE INDEX budget_accounts_parent ON budget_accounts (parent)",
    `CREATE TABLE budget_reservations (
      id text PRIMARY KEY NOT NULL,
      account text NOT NULL,
      state text NOT NULL,
      tokens integer NOT NULL,
      nano_usd integer NOT NULL,
      calls integer NOT NULL,
      actual_tokens integer,
      actual_nano_usd integer,
      actual_calls integer,
      held_at integer NOT NULL
    ) WITHOUT ROWID`,
    "CREATE INDEX budget_reservations_state ON budget_reservations (state, held_at)",
  ],
};
