import { and, asc, eq, lte, sql, type SQL } from "drizzle-orm/sql";
import { build, databaseNow, parameter, statement } from "../database/statement.ts";
import { budgetAccounts, budgetReservations } from "../schema/ledger.ts";

const ACCOUNT_CELLS = {
  id: budgetAccounts.id,
  parent: budgetAccounts.parent,
  limitTokens: budgetAccounts.limitTokens,
  limitNanoUsd: budgetAccounts.limitNanoUsd,
  limitCalls: budgetAccounts.limitCalls,
  settledTokens: budgetAccounts.settledTokens,
  settledNanoUsd: budgetAccounts.settledNanoUsd,
  settledCalls: budgetAccounts.settledCalls,
  reservedTokens: budgetAccounts.reservedTokens,
  reservedNanoUsd: budgetAccounts.reservedNanoUsd,
  reservedCalls: budgetAccounts.reservedCalls,
};

const ACCOUNT_COLUMNS = sql.raw(
  `a.id, a.parent, a.limit_tokens, a.limit_nano_usd, a.limit_calls, a.settled_tokens, a.settled_nano_usd,
   a.settled_calls, a.reserved_tokens, a.reserved_nano_usd, a.reserved_calls`,
);

export const getAccount = statement(() =>
  build
    .select(ACCOUNT_CELLS)
    .from(budgetAccounts)
    .where(eq(budgetAccounts.id, parameter("id"))),
);

/** An account and all above it, nearest first. */
export const accountPath = statement(
  () => sql`WITH RECURSIVE path (id, depth) AS (
      SELECT ${parameter("id")}, 0
      UNION ALL SELECT a.parent, depth + 1 FROM budget_accounts a JOIN path ON a.id = path.id
        WHERE a.parent IS NOT NULL AND depth < 1000
    )
    SELECT ${ACCOUNT_COLUMNS} FROM path JOIN budget_accounts a ON a.id = path.id ORDER BY depth`,
);

const WITHIN: SQL = sql`WITH RECURSIVE within (id) AS (
    SELECT id FROM budget_accounts WHERE id = ${parameter("id")}
    UNION SELECT a.id FROM budget_accounts a JOIN within ON a.parent = within.id
  )`;

/** An account and all below it. */
export const accountTree = statement(
  () =>
    sql`${WITHIN} SELECT ${ACCOUNT_COLUMNS} FROM budget_accounts a WHERE a.id IN (SELECT id FROM within) ORDER BY a.id`,
);

export const insertAccount = statement(
  () => sql`INSERT INTO budget_accounts (id, parent, limit_tokens, limit_nano_usd, limit_calls)
    VALUES (${parameter("id")}, ${parameter("parent")}, ${parameter("limitTokens")}, ${parameter("limitNanoUsd")},
      ${parameter("limitCalls")})`,
);

export const setLimit = statement(() =>
  build
    .update(budgetAccounts)
    .set({
      limitTokens: parameter("limitTokens"),
      limitNanoUsd: parameter("limitNanoUsd"),
      limitCalls: parameter("limitCalls"),
    })
    .where(eq(budgetAccounts.id, parameter("id"))),
);

/** Adds (or takes) settled and reserved amounts in one account. */
export const moveAmounts = statement(() =>
  build
    .update(budgetAccounts)
    .set({
      settledTokens: sql`${budgetAccounts.settledTokens} + ${parameter("settledTokens")}`,
      settledNanoUsd: sql`${budgetAccounts.settledNanoUsd} + ${parameter("settledNanoUsd")}`,
      settledCalls: sql`${budgetAccounts.settledCalls} + ${parameter("settledCalls")}`,
      reservedTokens: sql`${budgetAccounts.reservedTokens} + ${parameter("reservedTokens")}`,
      reservedNanoUsd: sql`${budgetAccounts.reservedNanoUsd} + ${parameter("reservedNanoUsd")}`,
      reservedCalls: sql`${budgetAccounts.reservedCalls} + ${parameter("reservedCalls")}`,
    })
    .where(eq(budgetAccounts.id, parameter("id"))),
);

const RESERVATION_CELLS = {
  id: budgetReservations.id,
  account: budgetReservations.account,
  state: budgetReservations.state,
  tokens: budgetReservations.tokens,
  nanoUsd: budgetReservations.nanoUsd,
  calls: budgetReservations.calls,
  actualTokens: budgetReservations.actualTokens,
  actualNanoUsd: budgetReservations.actualNanoUsd,
  actualCalls: budgetReservations.actualCalls,
};

export const getReservation = statement(() =>
  build
    .select(RESERVATION_CELLS)
    .from(budgetReservations)
    .where(eq(budgetReservations.id, parameter("id"))),
);

/** Reservations that were held too long. */
export const expiredReservations = statement(() =>
  build
    .select(RESERVATION_CELLS)
    .from(budgetReservations)
    .where(
      and(
        eq(budgetReservations.state, "held"),
        lte(budgetReservations.heldAt, sql`${databaseNow} - ${parameter("holdTime")}`),
      ),
    )
    .orderBy(asc(budgetReservations.heldAt)),
);

export const insertReservation = statement(
  () => sql`INSERT INTO budget_reservations (id, account, state, tokens, nano_usd, calls, held_at)
    VALUES (${parameter("id")}, ${parameter("account")}, 'held', ${parameter("tokens")}, ${parameter("nanoUsd")},
      ${parameter("calls")}, ${databaseNow})`,
);

export const setState = statement(() =>
  build
    .update(budgetReservations)
    .set({ state: parameter("state") })
    .where(eq(budgetReservations.id, parameter("id"))),
);

export const setSettled = statement(() =>
  build
    .update(budgetReservations)
    .set({
      state: "settled",
      actualTokens: parameter("tokens"),
      actualNanoUsd: parameter("nanoUsd"),
      actualCalls: parameter("calls"),
    })
    .where(eq(budgetReservations.id, parameter("id"))),
);

/** Every reservation of an account and all below it, in the cells of {@link getReservation}. */
export const callsWithin = statement(
  () => sql`${WITHIN} SELECT id, account, state, tokens, nano_usd, calls, actual_tokens, actual_nano_usd, actual_calls
    FROM budget_reservations WHERE account IN (SELECT id FROM within) ORDER BY id`,
);

/** Charges what was sent in an account and all below it. */
export const presumeSent = statement(
  () => sql`${WITHIN} UPDATE budget_reservations SET state = 'presumed'
    WHERE state = 'sent' AND account IN (SELECT id FROM within)`,
);
