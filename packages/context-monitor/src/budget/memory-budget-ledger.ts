import {
  MnemosyneError,
  type BudgetAccount,
  type BudgetAmount,
  type BudgetBalance,
  type BudgetCall,
  type BudgetLedger,
  type Clock,
  type Reservation,
  type ReservationState,
  type Reserved,
} from "@mnemosyne/core";
import {
  DIMENSIONS,
  ZERO,
  addAmounts,
  checkAmount,
  checkWholeAmount,
  describeAmount,
  equalAmounts,
  exceeds,
  subtractAmounts,
} from "./amount.ts";

/** Options of {@link MemoryBudgetLedger}. */
export interface MemoryBudgetLedgerOptions {
  /** Milliseconds after which a `held` reservation that was never marked sent is released. Default 60,000. */
  readonly holdTime?: number;
  readonly clock?: Pick<Clock, "now">;
}

interface Account {
  readonly id: string;
  readonly parent: Account | undefined;
  readonly children: Account[];
  limit: Partial<BudgetAmount>;
  settled: BudgetAmount;
  reserved: BudgetAmount;
}

interface Entry {
  readonly id: string;
  readonly account: Account;
  readonly amount: BudgetAmount;
  readonly heldAt: number;
  state: ReservationState;
  actual: BudgetAmount | undefined;
}

/**
 * A budget ledger that lives as long as the process: for tests, single calls and runs without a database. Each call
 * is atomic. Unknown accounts and reservations throw `E_NOT_FOUND`, malformed amounts `E_INPUT`, a step that a
 * reservation's state does not allow `E_CONFLICT`.
 *
 * @example
 * const ledger = new MemoryBudgetLedger();
 * await ledger.open({ id: "run", limit: { tokens: 1000 } });
 * const { outcome } = await ledger.reserve("call-1", "run", { tokens: 800, nanoUsd: 0, calls: 1 });
 */
export class MemoryBudgetLedger implements BudgetLedger {
  readonly #accounts = new Map<string, Account>();
  readonly #entries = new Map<string, Entry>();
  readonly #held = new Set<Entry>();
  readonly #holdTime: number;
  readonly #clock: Pick<Clock, "now">;

  constructor(options: MemoryBudgetLedgerOptions = {}) {
    this.#holdTime = options.holdTime ?? 60_000;
    this.#clock = options.clock ?? { now: () => Date.now() };
  }

  /** Throws `E_NOT_FOUND` when the parent is not open, `E_CONFLICT` when a known account is given another parent. */
  async open(account: BudgetAccount): Promise<void> {
    checkAmount(account.limit, "limit");
    const known = this.#accounts.get(account.id);
    if (known !== undefined) {
      if (known.parent?.id !== account.parent)
        throw new MnemosyneError(
          "E_CONFLICT",
          `Account '${account.id}' is already open below ${known.parent === undefined ? "no other" : `'${known.parent.id}'`}; an account keeps its parent.`,
          { kind: "conflict", path: "parent" },
        );
      known.limit = account.limit;
      return;
    }
    const parent = account.parent === undefined ? undefined : this.#account(account.parent);
    const opened: Account = {
      id: account.id,
      parent,
      children: [],
      limit: account.limit,
      settled: ZERO,
      reserved: ZERO,
    };
    parent?.children.push(opened);
    this.#accounts.set(account.id, opened);
  }

  async reserve(
    id: string,
    account: string,
    amount: BudgetAmount,
    options: { readonly sent?: boolean } = {},
  ): Promise<Reserved> {
    checkWholeAmount(amount, "amount");
    this.#expire();
    const known = this.#entries.get(id);
    if (known !== undefined) {
      if (known.account.id !== account || !equalAmounts(known.amount, amount))
        throw new MnemosyneError(
          "E_CONFLICT",
          `Reservation '${id}' already stands for ${describeAmount(known.amount)} in '${known.account.id}'; use a new id for another amount.`,
          { kind: "conflict", path: "id" },
        );
      if (options.sent === true && known.state === "held") this.#send(known);
      return { outcome: "reserved", reservation: view(known) };
    }
    const target = this.#account(account);
    for (let at: Account | undefined = target; at !== undefined; at = at.parent) {
      const reason = refusal(at, amount);
      if (reason !== undefined) return { outcome: "refused", account: at.id, reason };
    }
    const entry: Entry = {
      id,
      account: target,
      amount,
      heldAt: this.#clock.now(),
      state: "held",
      actual: undefined,
    };
    this.#entries.set(id, entry);
    this.#held.add(entry);
    this.#move(target, ZERO, amount);
    if (options.sent === true) this.#send(entry);
    return { outcome: "reserved", reservation: view(entry) };
  }

  async markSent(id: string): Promise<void> {
    this.#expire();
    const entry = this.#entry(id);
    if (entry.state === "sent") return;
    if (entry.state !== "held")
      throw wrongState(entry, "be sent", "Reserve again under a new id before sending.");
    this.#send(entry);
  }

  #send(entry: Entry): void {
    this.#held.delete(entry);
    entry.state = "sent";
  }

  /** Settling what was presumed, or what had expired, corrects the books: the money is gone either way. */
  async settle(id: string, actual: BudgetAmount): Promise<{ readonly breached: boolean }> {
    checkWholeAmount(actual, "actual");
    const entry = this.#entry(id);
    if (entry.state === "settled") {
      if (entry.actual === undefined || !equalAmounts(entry.actual, actual))
        throw wrongState(entry, "be settled again with another amount", "Its first figure stands.");
    } else {
      this.#move(entry.account, actual, entry.state === "released" ? ZERO : negate(entry.amount));
      this.#held.delete(entry);
      entry.state = "settled";
      entry.actual = actual;
    }
    return { breached: exceeds(actual, entry.amount) };
  }

  async release(id: string): Promise<void> {
    const entry = this.#entry(id);
    if (entry.state === "released") return;
    if (entry.state === "settled") throw wrongState(entry, "be released", "It was charged.");
    this.#release(entry);
  }

  async presume(account: string): Promise<number> {
    const root = this.#account(account);
    let count = 0;
    for (const entry of this.#entries.values()) {
      if (entry.state !== "sent" || !isWithin(entry.account, root)) continue;
      entry.state = "presumed";
      count++;
    }
    return count;
  }

  async balance(account: string): Promise<BudgetBalance | undefined> {
    this.#expire();
    const known = this.#accounts.get(account);
    return known === undefined ? undefined : balanceOf(known);
  }

  async tree(account: string): Promise<readonly BudgetBalance[]> {
    this.#expire();
    return this.#within(account)
      .toSorted((a, b) => (a.id < b.id ? -1 : 1))
      .map(balanceOf);
  }

  async calls(account: string): Promise<readonly BudgetCall[]> {
    this.#expire();
    const within = new Set(this.#within(account));
    return [...this.#entries.values()]
      .filter((entry) => within.has(entry.account))
      .toSorted((a, b) => (a.id < b.id ? -1 : 1))
      .map((entry) => ({
        ...view(entry),
        ...(entry.actual === undefined ? {} : { actual: entry.actual }),
        breached: entry.actual !== undefined && exceeds(entry.actual, entry.amount),
      }));
  }

  #within(account: string): readonly Account[] {
    const root = this.#accounts.get(account);
    if (root === undefined) return [];
    const found: Account[] = [];
    const open = [root];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      found.push(next);
      open.push(...next.children);
    }
    return found;
  }

  #account(id: string): Account {
    const account = this.#accounts.get(id);
    if (account !== undefined) return account;
    throw new MnemosyneError("E_NOT_FOUND", `There is no budget account '${id}'; open it first.`, {
      kind: "notFound",
      path: "account",
    });
  }

  #entry(id: string): Entry {
    const entry = this.#entries.get(id);
    if (entry !== undefined) return entry;
    throw new MnemosyneError("E_NOT_FOUND", `There is no reservation '${id}'; reserve it first.`, {
      kind: "notFound",
      path: "id",
    });
  }

  #move(account: Account, settled: BudgetAmount, reserved: BudgetAmount): void {
    for (let at: Account | undefined = account; at !== undefined; at = at.parent) {
      at.settled = addAmounts(at.settled, settled);
      at.reserved = addAmounts(at.reserved, reserved);
    }
  }

  #release(entry: Entry): void {
    this.#held.delete(entry);
    entry.state = "released";
    this.#move(entry.account, ZERO, negate(entry.amount));
  }

  #expire(): void {
    if (this.#held.size === 0) return;
    const oldest = this.#clock.now() - this.#holdTime;
    for (const entry of this.#held) {
      // Kept in the order they were made: the first young one ends the search.
      if (entry.heldAt > oldest) return;
      this.#release(entry);
    }
  }
}

function refusal(account: Account, amount: BudgetAmount): string | undefined {
  const used = addAmounts(account.settled, account.reserved);
  for (const dimension of DIMENSIONS) {
    const limit = account.limit[dimension];
    if (limit === undefined || used[dimension] + amount[dimension] <= limit) continue;
    const left = Math.max(0, limit - used[dimension]);
    return `'${account.id}' has ${describeAmount({ [dimension]: left })} of ${describeAmount({ [dimension]: limit })} left; ${describeAmount({ [dimension]: amount[dimension] })} were asked for.`;
  }
  return undefined;
}

function isWithin(account: Account, root: Account): boolean {
  for (let at: Account | undefined = account; at !== undefined; at = at.parent) if (at === root) return true;
  return false;
}

function negate(amount: BudgetAmount): BudgetAmount {
  return subtractAmounts(ZERO, amount);
}

function view(entry: Entry): Reservation {
  return { id: entry.id, account: entry.account.id, amount: entry.amount, state: entry.state };
}

function balanceOf(account: Account): BudgetBalance {
  return {
    account: account.id,
    limit: account.limit,
    settled: account.settled,
    reserved: account.reserved,
  };
}

function wrongState(entry: Entry, step: string, next: string): MnemosyneError {
  return new MnemosyneError(
    "E_CONFLICT",
    `Reservation '${entry.id}' is ${entry.state} and cannot ${step}. ${next}`,
    {
      kind: "conflict",
      path: "id",
    },
  );
}
