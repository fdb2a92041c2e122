import { and, asc, desc, eq, gt, inArray, sql } from "drizzle-orm/sql";
import { build, databaseNow, parameter, statement } from "../database/statement.ts";
import { events, runPayloads, runPlans, runs } from "../schema/journal.ts";

const runId = () => eq(runs.runId, parameter("runId"));

export const insertRun = statement(
  () => sql`INSERT INTO runs (run_id, name, plan_hash, status, started_at, usage)
    VALUES (${parameter("runId")}, ${parameter("name")}, ${parameter("planHash")}, 'pending', ${databaseNow},
      ${parameter("usage")})
    ON CONFLICT (run_id) DO NOTHING`,
);

export const insertPlan = statement(
  () => sql`INSERT INTO run_plans (run, plan) VALUES (last_insert_rowid(), ${parameter("plan")})`,
);

const RUN_CELLS = {
  runId: runs.runId,
  name: runs.name,
  status: runs.status,
  planHash: runs.planHash,
  startedAt: runs.startedAt,
  finishedAt: runs.finishedAt,
  usage: runs.usage,
};

const head = sql<number>`coalesce((SELECT max(seq) FROM events WHERE run = runs.id), 0)`;

/** The cells of a run's record, then its plan and head. */
export const getRun = statement(() =>
  build
    .select({ ...RUN_CELLS, plan: runPlans.plan, head })
    .from(runs)
    .innerJoin(runPlans, eq(runPlans.run, runs.id))
    .where(runId()),
);

/** The cells of runs' records, newest first; `statuses` is a JSON array or null. */
export const listRuns = statement(() =>
  build
    .select(RUN_CELLS)
    .from(runs)
    .where(
      sql`(${parameter("statuses")} IS NULL OR ${inArray(runs.status, sql`(SELECT value FROM json_each(${parameter("statuses")}))`)})`,
    )
    .orderBy(desc(runs.startedAt), desc(runs.id))
    .limit(sql.placeholder("limit")),
);

/** Row id of a run, with sequence number and time of its last event. */
export const getPosition = statement(
  () => sql`SELECT runs.id, events.seq, events.at, ${databaseNow} FROM runs
    LEFT JOIN events ON events.run = runs.id AND events.seq = (SELECT max(seq) FROM events WHERE run = runs.id)
    WHERE runs.run_id = ${parameter("runId")}`,
);

export const insertEvent = statement(() =>
  build.insert(events).values({
    run: sql.placeholder("run"),
    seq: sql.placeholder("seq"),
    at: sql.placeholder("at"),
    class: sql.placeholder("class"),
    closes: sql.placeholder("closes"),
    body: sql.placeholder("body"),
  }),
);

/** The sequence number of the event that closed a key. */
export const findClosed = statement(() =>
  build
    .select({ seq: events.seq })
    .from(events)
    .where(
      and(
        eq(events.run, parameter("run")),
        eq(events.closes, parameter("closes")),
        // Lets SQLite use the partial index.
        sql`closes IS NOT NULL`,
      ),
    ),
);

/** Cells of events after one, in order; `classes` is a JSON array or null. */
export const readEvents = statement(() =>
  build
    .select({ seq: events.seq, at: events.at, class: events.class, body: events.body })
    .from(events)
    .where(
      and(
        eq(events.run, parameter("run")),
        gt(events.seq, parameter("after")),
        sql`(${parameter("classes")} IS NULL OR ${inArray(events.class, sql`(SELECT value FROM json_each(${parameter("classes")}))`)})`,
      ),
    )
    .orderBy(asc(events.seq))
    .limit(sql.placeholder("limit")),
);

/** Changes a run's row; null leaves a column as it is. */
export const updateRun = statement(() =>
  build
    .update(runs)
    .set({
      status: sql`coalesce(${parameter("status")}, ${runs.status})`,
      finishedAt: sql`coalesce(${parameter("finishedAt")}, ${runs.finishedAt})`,
      usage: sql`coalesce(${parameter("usage")}, ${runs.usage})`,
    })
    .where(eq(runs.id, parameter("run"))),
);

export const insertPayload = statement(() =>
  build
    .insert(runPayloads)
    .values({ run: sql.placeholder("run"), hash: sql.placeholder("hash") })
    .onConflictDoNothing(),
);
