import { index, integer, real, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

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

/** Who waits. The row id is the arrival: the youngest wait has the highest. */
export const waits = sqliteTable(
  "waits",
  {
    arrival: integer("arrival").primaryKey({ autoIncrement: true }),
    id: text("id").notNull(),
    actor: text("actor").notNull(),
    /** JSON: what is waited for. */
    body: text("body").notNull(),
    expiresAt: integer("expires_at").notNull(),
  },
  (table) => [uniqueIndex("waits_id").on(table.id), index("waits_expiry").on(table.expiresAt)],
);

/** The highest token that was accepted, by the stem of what was written. */
export const fences = sqliteTable("fences", {
  stem: text("stem").primaryKey(),
  token: integer("token").notNull(),
});

/** Entries of queues. */
export const queueItems = sqliteTable(
  "queue_items",
  {
    place: integer("place").primaryKey({ autoIncrement: true }),
    id: text("id").notNull(),
    queue: text("queue").notNull(),
    /** JSON. */
    payload: text("payload").notNull(),
    /** The lower, the sooner: the priority, negated. */
    rank: real("rank").notNull(),
    state: text("state", { enum: ["ready", "claimed", "dead"] }).notNull(),
    attempts: integer("attempts").notNull().default(0),
    maxAttempts: integer("max_attempts").notNull(),
    availableAt: integer("available_at").notNull(),
    error: text("error"),
    owner: text("owner"),
    token: integer("token").notNull().default(0),
    expiresAt: integer("expires_at"),
  },
  (table) => [
    uniqueIndex("queue_items_id").on(table.id),
    index("queue_items_next").on(table.queue, table.state, table.rank, table.place),
  ],
);

/** Work that one actor gives another. */
export const handoffs = sqliteTable(
  "handoffs",
  {
    place: integer("place").primaryKey({ autoIncrement: true }),
    id: text("id").notNull(),
    sender: text("sender").notNull(),
    receiver: text("receiver").notNull(),
    /** JSON. */
    payload: text("payload").notNull(),
    state: text("state", { enum: ["offered", "accepted", "declined", "completed", "expired"] }).notNull(),
    reason: text("reason"),
    /** JSON. */
    result: text("result"),
    offeredAt: integer("offered_at").notNull(),
    /** While it is open: when it expires. Else: when it ended. */
    expiresAt: integer("expires_at").notNull(),
  },
  (table) => [
    uniqueIndex("handoffs_id").on(table.id),
    index("handoffs_receiver").on(table.receiver, table.state),
    index("handoffs_expiry").on(table.expiresAt),
  ],
);
