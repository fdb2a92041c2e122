import type { BudgetAmount, BudgetBalance, Reservation } from "@mnemosyne/core";
import type { Row, SqlValue } from "../database/work.ts";

/** A reservation with what it came to. */
export interface StoredReservation extends Reservation {
  readonly actual: BudgetAmount | undefined;
}

/** The balance of a row of `budget_accounts`. */
export function balanceOf(row: Row): BudgetBalance {
  const [account, , limitTokens, limitNanoUsd, limitCalls, ...sums] = row;
  return {
    account: String(account),
    limit: {
      ...(limitTokens === null ? {} : { tokens: Number(limitTokens) }),
      ...(limitNanoUsd === null ? {} : { nanoUsd: Number(limitNanoUsd) }),
      ...(limitCalls === null ? {} : { calls: Number(limitCalls) }),
    },
    settled: amountOf(sums[0], sums[1], sums[2]),
    reserved: amountOf(sums[3], sums[4], sums[5]),
  };
}

/** The reservation of a row of `budget_reservations`. */
export function reservationOf(row: Row): StoredReservation {
  const [id, account, state, tokens, nanoUsd, calls, actualTokens, actualNanoUsd, actualCalls] = row;
  return {
    id: String(id),
    account: String(account),
    state: state as Reservation["state"],
    amount: amountOf(tokens, nanoUsd, calls),
    actual: actualTokens === null ? undefined : amountOf(actualTokens, actualNanoUsd, actualCalls),
  };
}

function amountOf(
  tokens: SqlValue | undefined,
  nanoUsd: SqlValue | undefined,
  calls: SqlValue | undefined,
): BudgetAmount {
  return { tokens: Number(tokens), nanoUsd: Number(nanoUsd), calls: Number(calls) };
}
