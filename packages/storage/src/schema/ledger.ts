import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** Accounts with their limits (null: none here) and what they and all below them have used. */
export const budgetAccounts = sqliteTable(
  "budget_accounts",
  {
    id: text("id").primaryKey(),
    parent: text("parent"),
    limitTokens: integer("limit_tokens"),
    limitNanoUsd: integer("limit_nano_usd"),
    limitCalls: integer("limit_calls"),
    settledTokens: integer("settled_tokens").notNull().default(0),
    settledNanoUsd: integer("settled_nano_usd").notNull().default(0),
    settledCalls: integer("settled_calls").notNull().default(0),
    reservedTokens: integer("reserved_tokens").notNull().default(0),
    reservedNanoUsd: integer("reserved_nano_usd").notNull().default(0),
    reservedCalls: integer("reserved_calls").notNull().default(0),
  },
  (table) => [index("budget_accounts_parent").on(table.parent)],
);

/** Reservations. */
export const budgetReservations = sqliteTable(
  "budget_reservations",
  {
    id: text("id").primaryKey(),
    account: text("account").notNull(),
    state: text("state", { enum: ["held", "sent", "settled", "released", "presumed"] }).notNull(),
    tokens: integer("tokens").notNull(),
    nanoUsd: integer("nano_usd").notNull(),
    calls: integer("calls").notNull(),
    actualTokens: integer("actual_tokens"),
    actualNanoUsd: integer("actual_nano_usd"),
    actualCalls: integer("actual_calls"),
    heldAt: integer("held_at").notNull(),
  },
  (table) => [index("budget_reservations_state").on(table.state, table.heldAt)],
);
