import { sql } from "drizzle-orm/sql";
import { integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

/** Playbooks and where they stand. */
export const playbooks = sqliteTable("playbooks", {
  namespace: text("namespace").primaryKey(),
  version: integer("version").notNull(),
  nextId: integer("next_id").notNull(),
});

/** The items of each playbook as they are now, as JSON. */
export const playbookItems = sqliteTable(
  "playbook_items",
  {
    namespace: text("namespace").notNull(),
    item: text("item").notNull(),
    body: text("body").notNull(),
  },
  (table) => [primaryKey({ columns: [table.namespace, table.item] })],
);

/** Every set of deltas that was applied, with what each item was before and after. */
export const playbookChanges = sqliteTable(
  "playbook_changes",
  {
    namespace: text("namespace").notNull(),
    version: integer("version").notNull(),
    at: integer("at").notNull(),
    run: text("run"),
    key: text("key"),
    body: text("body").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.namespace, table.version] }),
    uniqueIndex("playbook_changes_key")
      .on(table.namespace, table.key)
      .where(sql`key IS NOT NULL`),
  ],
);
