import { randomUUID } from "node:crypto";
import {
  MnemosyneError,
  isMnemosyneError,
  type BudgetAmount,
  type BudgetLedger,
  type CallObserver,
  type Json,
  type ModelCall,
  type ModelCatalog,
  type ModelPrices,
  type RunObservation,
} from "@mnemosyne/core";
import { accountChain, accountScope } from "./accounts.ts";
import { ZERO, describeAmount, toUsd } from "./amount.ts";
import { callBound, callCost } from "./call-bound.ts";
import { wasNotCharged, wasNotSent } from "./call-outcome.ts";

/** What happened to a budget, as the journal records it. */
export type BudgetObservation = Extract<
  RunObservation,
  { readonly type: "budget.reserved" | "budget.settled" | "budget.breached" }
>;

/** Options of {@link createCallObserver}. */
export interface CallObserverOptions {
  readonly ledger: BudgetLedger;
  /** The account that calls are charged to, `run` or `run/task`; it must be open. */
  readonly account: string;
  /** Prices. Without one, and for a model that it does not know, `unpriced` holds. */
  readonly catalog?: Pick<ModelCatalog, "get">;
  /**
   * The price to assume for a model of unknown price. Default `refuse`: such a call is refused where the account or
   * one above it limits money, and reserves tokens only where none does.
   */
  readonly unpriced?: "refuse" | ModelPrices;
  /** Begins the ids of reservations, so that people can tell whose they are. Default `call`. */
  readonly id?: string;
  /** Called once the ledger has committed. Must not throw. */
  readonly onEvent?: (event: BudgetObservation) => void;
}

/**
 * Keeps an account's budget around every model call: reserves the call's upper bound and marks it sent before it
 * leaves, settles what it cost afterwards. A call that was provably never sent is released, one that the provider
 * refused without charge is settled with nothing, and one whose fate is unknown stays `sent` and counts in full.
 *
 * `before` throws `E_BUDGET` with `details: { account, scope: "run" | "task", needed, left }` when the account or one
 * above it has not enough left: `scope` is `run` when the run's own account is the one.
 *
 * @example
 * const observer = createCallObserver({ ledger, account: "run/fix", catalog: model.catalog, onEvent: emit });
 * await model.generate(request, { observer });
 */
export function createCallObserver(options: CallObserverOptions): CallObserver {
  const { ledger, account, onEvent } = options;
  // Two observers with one prefix must not take each other's reservations for their own.
  const prefix = `${options.id ?? "call"}/${randomUUID().slice(0, 8)}`;
  const open = new Map<ModelCall, { readonly id: string; readonly bound: BudgetAmount }>();
  let count = 0;

  const emit = (type: BudgetObservation["type"], amount: BudgetAmount): void =>
    onEvent?.({ type, account, tokens: amount.tokens, usd: toUsd(amount.nanoUsd) });

  return {
    async before(call) {
      const id = `${prefix}-${++count}`;
      const bound = await bind(call, options);
      const reserved = await ledger.reserve(id, account, bound, { sent: true });
      if (reserved.outcome === "refused")
        throw await refusal(ledger, reserved.account, bound, reserved.reason);
      if (reserved.reservation.state !== "sent") await ledger.markSent(id);
      open.set(call, { id, bound });
      emit("budget.reserved", bound);
    },

    async after(call, { response, error }) {
      const reservation = open.get(call);
      if (reservation === undefined) return;
      open.delete(call);
      if (response !== undefined) {
        const cost = callCost(response.usage);
        const { breached } = await ledger.settle(reservation.id, cost);
        emit("budget.settled", cost);
        if (breached) emit("budget.breached", cost);
      } else if (wasNotSent(error)) {
        await ledger.release(reservation.id);
        emit("budget.settled", ZERO);
      } else if (wasNotCharged(error)) {
        const cost = { ...ZERO, calls: 1 };
        await ledger.settle(reservation.id, cost);
        emit("budget.settled", cost);
      }
    },
  };
}

async function bind(call: ModelCall, options: CallObserverOptions): Promise<BudgetAmount> {
  const { ledger, account, catalog, unpriced = "refuse" } = options;
  const prices = catalog?.get(call.model)?.prices ?? (unpriced === "refuse" ? undefined : unpriced);
  if (prices !== undefined) return callBound(call, prices);
  const bound = callBound(call, FREE);
  for (const id of accountChain(account)) {
    const balance = await ledger.balance(id);
    if (balance?.limit.nanoUsd === undefined) continue;
    throw await refusal(
      ledger,
      id,
      bound,
      `The price of '${call.model}' is not known, so a call cannot be kept within ${describeAmount({ nanoUsd: balance.limit.nanoUsd })}; give its price.`,
    );
  }
  return bound;
}

const FREE: ModelPrices = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };

async function refusal(
  ledger: BudgetLedger,
  account: string,
  needed: BudgetAmount,
  reason: string,
): Promise<MnemosyneError> {
  const balance = await ledger.balance(account);
  const left: Record<string, Json> = {};
  if (balance?.limit.tokens !== undefined)
    left["tokens"] = Math.max(0, balance.limit.tokens - balance.settled.tokens - balance.reserved.tokens);
  if (balance?.limit.nanoUsd !== undefined)
    left["usd"] = toUsd(
      Math.max(0, balance.limit.nanoUsd - balance.settled.nanoUsd - balance.reserved.nanoUsd),
    );
  if (balance?.limit.calls !== undefined)
    left["calls"] = Math.max(0, balance.limit.calls - balance.settled.calls - balance.reserved.calls);
  return new MnemosyneError("E_BUDGET", `The call was not sent: ${reason}`, {
    kind: "budget",
    hint: "Raise the budget, or lower the call's input or its maxTokens.",
    details: {
      account,
      scope: accountScope(account),
      needed: { tokens: needed.tokens, usd: toUsd(needed.nanoUsd), calls: needed.calls },
      left,
    },
  });
}

/** True for the refusal of a budget, of any copy of core. */
export function isBudgetRefusal(error: unknown): error is MnemosyneError {
  return isMnemosyneError(error) && error.code === "E_BUDGET";
}
