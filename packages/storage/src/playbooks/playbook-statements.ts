import { and, eq, sql } from "drizzle-orm/sql";
import { build, databaseNow, parameter, statement } from "../database/statement.ts";
import { playbookChanges, playbookItems, playbooks } from "../schema/playbooks.ts";

export const getPlaybook = statement(() =>
  build
    .select({ version: playbooks.version, nextId: playbooks.nextId })
    .from(playbooks)
    .where(eq(playbooks.namespace, parameter("namespace"))),
);

export const setPlaybook = statement(
  () => sql`INSERT INTO playbooks (namespace, version, next_id)
    VALUES (${parameter("namespace")}, ${parameter("version")}, ${parameter("nextId")})
    ON CONFLICT (namespace) DO UPDATE SET version = excluded.version, next_id = excluded.next_id`,
);

export const playbookItemsOf = statement(() =>
  build
    .select({ body: playbookItems.body })
    .from(playbookItems)
    .where(eq(playbookItems.namespace, parameter("namespace"))),
);

export const putPlaybookItem = statement(
  () => sql`INSERT INTO playbook_items (namespace, item, body)
    VALUES (${parameter("namespace")}, ${parameter("item")}, ${parameter("body")})
    ON CONFLICT (namespace, item) DO UPDATE SET body = excluded.body`,
);

export const dropPlaybookItem = statement(() =>
  build
    .delete(playbookItems)
    .where(
      and(eq(playbookItems.namespace, parameter("namespace")), eq(playbookItems.item, parameter("item"))),
    ),
);

const CHANGE_CELLS = { version: playbookChanges.version, at: playbookChanges.at, body: playbookChanges.body };

/** Changes after a version, oldest first. */
export const changesAfter = statement(
  () => sql`SELECT version, at, body FROM playbook_changes
    WHERE namespace = ${parameter("namespace")} AND version > ${parameter("after")}
    ORDER BY version LIMIT ${parameter("limit")}`,
);

/** The change that a key stands for. */
export const changeWithKey = statement(() =>
  build
    .select(CHANGE_CELLS)
    .from(playbookChanges)
    .where(
      and(eq(playbookChanges.namespace, parameter("namespace")), eq(playbookChanges.key, parameter("key"))),
    ),
);

export const insertChange = statement(
  () => sql`INSERT INTO playbook_changes (namespace, version, at, run, key, body)
    VALUES (${parameter("namespace")}, ${parameter("version")}, ${databaseNow}, ${parameter("run")},
      ${parameter("key")}, ${parameter("body")})`,
);
