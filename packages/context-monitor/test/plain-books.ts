import type { BudgetAmount, ReservationState } from "@mnemosyne/core";

interface Entry {
  readonly account: string;
  readonly amount: BudgetAmount;
  readonly at: number;
  state: ReservationState;
  actual: BudgetAmount | undefined;
}

/** A ledger's books kept the plainest way: one entry a reservation, every sum by going through all of them. */
export class PlainBooks {
  now = 0;
  readonly entries: Entry[] = [];
  readonly #limits: Readonly<Record<string, Partial<BudgetAmount>>>;
  readonly #holdTime: number;

  constructor(limits: Readonly<Record<string, Partial<BudgetAmount>>>, holdTime: number) {
    this.#limits = limits;
    this.#holdTime = holdTime;
  }

  expire(): void {
    for (const entry of this.entries)
      if (entry.state === "held" && entry.at <= this.now - this.#holdTime) entry.state = "released";
  }

  reserve(account: string, amount: BudgetAmount): "reserved" | "refused" {
    this.expire();
    for (const [id, limit] of Object.entries(this.#limits)) {
      if (!isWithin(account, id)) continue;
      const { settled, reserved } = this.sums(id);
      for (const each of ["tokens", "nanoUsd", "calls"] as const)
        if (settled[each] + reserved[each] + amount[each] > (limit[each] ?? Infinity)) return "refused";
    }
    this.entries.push({ account, amount, at: this.now, state: "held", actual: undefined });
    return "reserved";
  }

  markSent(entry: Entry): "ok" | "E_CONFLICT" {
    this.expire();
    if (entry.state !== "held" && entry.state !== "sent") return "E_CONFLICT";
    entry.state = "sent";
    return "ok";
  }

  release(entry: Entry): "ok" | "E_CONFLICT" {
    if (entry.state === "settled") return "E_CONFLICT";
    entry.state = "released";
    return "ok";
  }

  settle(entry: Entry, actual: BudgetAmount): "ok" | "E_CONFLICT" {
    if (entry.state === "settled") return entry.actual?.tokens === actual.tokens ? "ok" : "E_CONFLICT";
    entry.state = "settled";
    entry.actual = actual;
    return "ok";
  }

  presume(account: string): number {
    const sent = this.entries.filter((entry) => entry.state === "sent" && isWithin(entry.account, account));
    for (const entry of sent) entry.state = "presumed";
    return sent.length;
  }

  sums(account: string): { readonly settled: BudgetAmount; readonly reserved: BudgetAmount } {
    const within = this.entries.filter((entry) => isWithin(entry.account, account));
    return {
      settled: sum(
        within.flatMap(({ state, actual }) => (state === "settled" && actual !== undefined ? [actual] : [])),
      ),
      reserved: sum(
        within.flatMap(({ state, amount }) => (["held", "sent", "presumed"].includes(state) ? [amount] : [])),
      ),
    };
  }
}

function isWithin(account: string, root: string): boolean {
  return account === root || account.startsWith(`${root}/`);
}

function sum(amounts: readonly BudgetAmount[]): BudgetAmount {
  return {
    tokens: amounts.reduce((total, each) => total + each.tokens, 0),
    nanoUsd: amounts.reduce((total, each) => total + each.nanoUsd, 0),
    calls: amounts.reduce((total, each) => total + each.calls, 0),
  };
}
