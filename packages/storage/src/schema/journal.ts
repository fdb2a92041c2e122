import { sql } from "drizzle-orm/sql";
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

/** One row a run. */
export const runs = sqliteTable(
  "runs",
  {
    id: integer("id").primaryKey({ autoIncrement: true }),
    runId: text("run_id").notNull(),
    name: text("name").notNull(),
    planHash: text("plan_hash").notNull(),
    status: text("status").notNull(),
    startedAt: integer("started_at").notNull(),
    finishedAt: integer("finished_at"),
    /** JSON. */
    usage: text("usage").notNull(),
  },
  (table) => [uniqueIndex("runs_run_id").on(table.runId), index("runs_status").on(table.status)],
);

/** The plans of runs, apart from rows that change with every event. */
export const runPlans = sqliteTable("run_plans", {
  run: integer("run").primaryKey(),
  /** JSON. */
  plan: text("plan").notNull(),
});

/** Events, in order of run and sequence. `body` is the event without its envelope, as JSON. */
export const events = sqliteTable(
  "events",
  {
    run: integer("run").notNull(),
    seq: integer("seq").notNull(),
    at: integer("at").notNull(),
    /** 0 input, 1 fact, 2 observation. */
    class: integer("class").notNull(),
    /** The key that this input closes: one closing a key and run. */
    closes: text("closes"),
    body: text("body").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.run, table.seq] }),
    uniqueIndex("events_closes")
      .on(table.run, table.closes)
      .where(sql`closes IS NOT NULL`),
  ],
);

/** Which run refers to which payload (a row of `blobs`). */
export const runPayloads = sqliteTable(
  "run_payloads",
  { run: integer("run").notNull(), hash: text("hash").notNull() },
  (table) => [primaryKey({ columns: [table.run, table.hash] }), index("run_payloads_hash").on(table.hash)],
);
