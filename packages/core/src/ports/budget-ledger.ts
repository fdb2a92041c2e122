/** An amount: tokens, money as integer nano-dollars, calls. */
export interface BudgetAmount {
  readonly tokens: number;
  readonly nanoUsd: number;
  readonly calls: number;
}

/** An account of the tree run > task > agent > call. */
export interface BudgetAccount {
  /** `run`, `run/task`, ... */
  readonly id: string;
  readonly parent?: string;
  /** A missing limit is not limited here. */
  readonly limit: Partial<BudgetAmount>;
}

/** State of a reservation: `held` may expire; `sent` is charged until known; `presumed` was charged in full. */
export type ReservationState = "held" | "sent" | "settled" | "released" | "presumed";

/** A reservation in an account and all above it. */
export interface Reservation {
  readonly id: string;
  readonly account: string;
  readonly amount: BudgetAmount;
  readonly state: ReservationState;
}

/** One reservation as the books have it, for an account call by call. */
export interface BudgetCall extends Reservation {
  /** What it cost, once that is known. */
  readonly actual?: BudgetAmount;
  /** It cost more than was reserved. */
  readonly breached: boolean;
}

/** What an account has left. */
export interface BudgetBalance {
  readonly account: string;
  readonly limit: Partial<BudgetAmount>;
  readonly settled: BudgetAmount;
  /** Held, sent and presumed. */
  readonly reserved: BudgetAmount;
}

/** What a reservation came to. */
export type Reserved =
  | { readonly outcome: "reserved"; readonly reservation: Reservation }
  /** The account (this one or one above) that has not enough left, and what it would have taken. */
  | { readonly outcome: "refused"; readonly account: string; readonly reason: string };

/** Keeps budgets: nothing is spent that was not reserved. Fails closed. */
export interface BudgetLedger {
  /** Opens an account, or changes the limit of a known one. */
  open(account: BudgetAccount): Promise<void>;
  /**
   * Reserves in the account and every one above it, or in none. `id` makes it idempotent. With `sent` it is marked sent in the
   * same step; a ledger that cannot do so gives it as `held`.
   */
  reserve(
    id: string,
    account: string,
    amount: BudgetAmount,
    options?: { readonly sent?: boolean },
  ): Promise<Reserved>;
  /** The request is about to leave: from now on it counts even if nobody hears of it again. */
  markSent(id: string): Promise<void>;
  /** What it really cost. `breached` when more than was reserved. */
  settle(id: string, actual: BudgetAmount): Promise<{ readonly breached: boolean }>;
  /** It was never sent. */
  release(id: string): Promise<void>;
  /** Charges every `sent` reservation of an account and those below it in full: their worker is gone. Gives their number. */
  presume(account: string): Promise<number>;
  balance(account: string): Promise<BudgetBalance | undefined>;
  /** All accounts below and with this one. */
  tree(account: string): Promise<readonly BudgetBalance[]>;
  /**
   * Every reservation of an account and those below it, by id. What is settled comes from those with an `actual`, what is reserved
   * from those that are held, sent or presumed: a balance is explained call by call.
   */
  calls(account: string): Promise<readonly BudgetCall[]>;
}
