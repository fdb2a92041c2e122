import { index, integer, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

/** Leases. The row id is the fencing token: it rises with every grant and is never used again. */
export const leases = sqliteTable(
  "leases",
  {
    token: integer("token").primaryKey({ autoIncrement: true }),
    id: text("id").notNull(),
    owner: text("owner").notNull(),
    mode: text("mode", { enum: ["shared", "exclusive"] }).notNull(),
    /** JSON array. */
    resources: text("resources").notNull(),
    /** JSON. */
    metadata: text("metadata").notNull(),
    expiresAt: integer("expires_at").notNull(),
  },
  (table) => [uniqueIndex("leases_id").on(table.id), index("leases_expiry").on(table.expiresAt)],
);

/** Versioned values. */
export const sharedValues = sqliteTable("shared_values", {
  key: text("key").primaryKey(),
  /** JSON. */
  value: text("value").notNull(),
  version: integer("version").notNull(),
});

/** Agents that have said that they are there. */
export const agents = sqliteTable("agents", {
  id: text("id").primaryKey(),
  role: text("role").notNull(),
  state: text("state", { enum: ["idle", "running", "blocked", "complete", "failed"] }).notNull(),
  seenAt: integer("seen_at").notNull(),
  /** JSON. */
  metadata: text("metadata").notNull(),
});
