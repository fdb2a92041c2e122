import {
  MnemosyneError,
  type BudgetAccount,
  type BudgetAmount,
  type BudgetBalance,
  type BudgetCall,
  type BudgetLedger,
  type Reserved,
} from "@mnemosyne/core";
import type { Database } from "../database/database.ts";
import { row, rows, run, type Work } from "../database/work.ts";
import { checkName } from "../input.ts";
import {
  DIMENSIONS,
  checkAmount,
  checkWholeAmount,
  describeAmount,
  equalAmounts,
  exceeds,
} from "./amount.ts";
import { balanceOf, reservationOf, type StoredReservation } from "./ledger-rows.ts";
import {
  accountPath,
  accountTree,
  callsWithin,
  expiredReservations,
  getAccount,
  getReservation,
  insertAccount,
  insertReservation,
  moveAmounts,
  presumeSent,
  setLimit,
  setSettled,
  setState,
} from "./ledger-statements.ts";

const ZERO: BudgetAmount = { tokens: 0, nanoUsd: 0, calls: 0 };

/**
 * The ledger in a database, between processes that share it. Each call is one transaction that waits for the disk.
 * Unknown accounts and reservations throw `E_NOT_FOUND`, malformed amounts `E_INPUT`, a step that a reservation's
 * state does not allow `E_CONFLICT`; where the database cannot be written nothing is reserved.
 */
export class LibsqlBudgetLedger implements BudgetLedger {
  readonly #database: Database;
  readonly #holdTime: number;

  /** `holdTime`: milliseconds after which a reservation that was never marked sent is released. */
  constructor(database: Database, holdTime = 60_000) {
    this.#database = database;
    this.#holdTime = holdTime;
  }

  /** Throws `E_NOT_FOUND` when the parent is not open, `E_CONFLICT` when a known account is given another parent. */
  async open(account: BudgetAccount): Promise<void> {
    const id = checkName(account.id, "id");
    checkAmount(account.limit, "limit");
    const parent = account.parent === undefined ? null : checkName(account.parent, "parent");
    const limits = {
      limitTokens: account.limit.tokens ?? null,
      limitNanoUsd: account.limit.nanoUsd ?? null,
      limitCalls: account.limit.calls ?? null,
    };
    await this.#write(function* (): Work<void> {
      const known = yield* row(getAccount, { id });
      if (known === undefined) {
        if (parent !== null && (yield* row(getAccount, { id: parent })) === undefined)
          throw noAccount(parent);
        yield* run(insertAccount, { id, parent, ...limits });
      } else if (known[1] === parent) yield* run(setLimit, { id, ...limits });
      else
        throw conflict(
          "parent",
          `Account '${id}' is already open below ${known[1] === null ? "no other" : `'${String(known[1])}'`}; an account keeps its parent.`,
        );
    });
  }

  async reserve(
    id: string,
    account: string,
    amount: BudgetAmount,
    options: { readonly sent?: boolean } = {},
  ): Promise<Reserved> {
    checkName(id, "id");
    checkWholeAmount(amount, "amount");
    return this.#write(() => this.#reserve(id, account, amount, options.sent === true));
  }

  async markSent(id: string): Promise<void> {
    await this.#write(() => this.#markSent(id));
  }

  /** Settling what was presumed, or what had expired, corrects the books: the money is gone either way. */
  async settle(id: string, actual: BudgetAmount): Promise<{ readonly breached: boolean }> {
    checkWholeAmount(actual, "actual");
    return this.#write(() => settle(id, actual));
  }

  async release(id: string): Promise<void> {
    await this.#write(function* (): Work<void> {
      const reservation = yield* reservationWith(id);
      if (reservation.state === "released") return;
      if (reservation.state === "settled") throw wrongState(reservation, "be released", "It was charged.");
      yield* release(reservation);
    });
  }

  async presume(account: string): Promise<number> {
    return this.#write(function* (): Work<number> {
      if ((yield* row(getAccount, { id: account })) === undefined) throw noAccount(account);
      return yield* run(presumeSent, { id: account });
    });
  }

  async balance(account: string): Promise<BudgetBalance | undefined> {
    await this.#releaseExpired();
    const found = await this.#database.read(() => row(getAccount, { id: account }));
    return found === undefined ? undefined : balanceOf(found);
  }

  async tree(account: string): Promise<readonly BudgetBalance[]> {
    await this.#releaseExpired();
    return (await this.#database.read(() => rows(accountTree, { id: account }))).map(balanceOf);
  }

  async calls(account: string): Promise<readonly BudgetCall[]> {
    await this.#releaseExpired();
    return (await this.#database.read(() => rows(callsWithin, { id: account }))).map((found) => {
      const { actual, ...reservation } = reservationOf(found);
      return {
        ...reservation,
        ...(actual === undefined ? {} : { actual }),
        breached: actual !== undefined && exceeds(actual, reservation.amount),
      };
    });
  }

  *#reserve(id: string, account: string, amount: BudgetAmount, sent: boolean): Work<Reserved> {
    yield* this.#expire();
    const known = yield* row(getReservation, { id });
    if (known !== undefined) {
      const reservation = reservationOf(known);
      if (reservation.account !== account || !equalAmounts(reservation.amount, amount))
        throw conflict(
          "id",
          `Reservation '${id}' already stands for ${describeAmount(reservation.amount)} in '${reservation.account}'; use a new id for another amount.`,
        );
      if (sent && reservation.state === "held") yield* run(setState, { id, state: "sent" });
      const state = sent && reservation.state === "held" ? "sent" : reservation.state;
      return { outcome: "reserved", reservation: { id, account, amount: reservation.amount, state } };
    }
    const path = (yield* rows(accountPath, { id: account })).map(balanceOf);
    if (path.length === 0) throw noAccount(account);
    for (const balance of path) {
      const reason = refusal(balance, amount);
      if (reason !== undefined) return { outcome: "refused", account: balance.account, reason };
    }
    yield* run(insertReservation, { id, account, ...pick(amount) });
    for (const balance of path) yield* move(balance.account, ZERO, amount, 1);
    if (sent) yield* run(setState, { id, state: "sent" });
    return {
      outcome: "reserved",
      reservation: { id, account, amount: pick(amount), state: sent ? "sent" : "held" },
    };
  }

  *#markSent(id: string): Work<void> {
    yield* this.#expire();
    const reservation = yield* reservationWith(id);
    if (reservation.state === "sent") return;
    if (reservation.state !== "held")
      throw wrongState(reservation, "be sent", "Reserve again under a new id before sending.");
    yield* run(setState, { id, state: "sent" });
  }

  *#expire(): Work<void> {
    for (const expired of yield* rows(expiredReservations, { holdTime: this.#holdTime }))
      yield* release(reservationOf(expired));
  }

  async #releaseExpired(): Promise<void> {
    const expired = await this.#database.read(() => rows(expiredReservations, { holdTime: this.#holdTime }));
    if (expired.length > 0) await this.#write(() => this.#expire());
  }

  #write<Result>(work: () => Work<Result>): Promise<Result> {
    return this.#database.write(work, { full: true });
  }
}

function* settle(id: string, actual: BudgetAmount): Work<{ readonly breached: boolean }> {
  const reservation = yield* reservationWith(id);
  const { account, amount, state } = reservation;
  if (state === "settled") {
    if (reservation.actual === undefined || !equalAmounts(reservation.actual, actual))
      throw wrongState(reservation, "be settled again with another amount", "Its first figure stands.");
  } else {
    for (const above of yield* rows(accountPath, { id: account }))
      yield* move(String(above[0]), actual, state === "released" ? ZERO : amount, -1);
    yield* run(setSettled, { id, ...pick(actual) });
  }
  return { breached: exceeds(actual, amount) };
}

function* release(reservation: StoredReservation): Work<void> {
  yield* run(setState, { id: reservation.id, state: "released" });
  for (const above of yield* rows(accountPath, { id: reservation.account }))
    yield* move(String(above[0]), ZERO, reservation.amount, -1);
}

function* reservationWith(id: string): Work<StoredReservation> {
  const found = yield* row(getReservation, { id });
  if (found !== undefined) return reservationOf(found);
  throw new MnemosyneError("E_NOT_FOUND", `There is no reservation '${id}'; reserve it first.`, {
    kind: "notFound",
    path: "id",
  });
}

/** Adds to what an account has settled; adds to or (sign -1) takes from what it has reserved. */
function* move(account: string, settled: BudgetAmount, reserved: BudgetAmount, sign: 1 | -1): Work<void> {
  yield* run(moveAmounts, {
    id: account,
    settledTokens: settled.tokens,
    settledNanoUsd: settled.nanoUsd,
    settledCalls: settled.calls,
    reservedTokens: sign * reserved.tokens,
    reservedNanoUsd: sign * reserved.nanoUsd,
    reservedCalls: sign * reserved.calls,
  });
}

function refusal(balance: BudgetBalance, amount: BudgetAmount): string | undefined {
  for (const dimension of DIMENSIONS) {
    const limit = balance.limit[dimension];
    const used = balance.settled[dimension] + balance.reserved[dimension];
    if (limit === undefined || used + amount[dimension] <= limit) continue;
    const left = describeAmount({ [dimension]: Math.max(0, limit - used) });
    return `'${balance.account}' has ${left} of ${describeAmount({ [dimension]: limit })} left; ${describeAmount({ [dimension]: amount[dimension] })} were asked for.`;
  }
  return undefined;
}

function pick({ tokens, nanoUsd, calls }: BudgetAmount) {
  return { tokens, nanoUsd, calls };
}

function noAccount(id: string): MnemosyneError {
  return new MnemosyneError("E_NOT_FOUND", `There is no budget account '${id}'; open it first.`, {
    kind: "notFound",
    path: "account",
  });
}

function wrongState(reservation: StoredReservation, step: string, next: string): MnemosyneError {
  return conflict(
    "id",
    `Reservation '${reservation.id}' is ${reservation.state} and cannot ${step}. ${next}`,
  );
}

function conflict(path: string, message: string): MnemosyneError {
  return new MnemosyneError("E_CONFLICT", message, { kind: "conflict", path });
}
