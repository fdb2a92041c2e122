import { type Budget, type BudgetAccount, type BudgetAmount, type BudgetLedger } from "@mnemosyne/core";
import { toNanoUsd } from "./amount.ts";

/** What a run's accounts are made of. */
export interface RunAccounts {
  readonly runId: string;
  /** The run's budget; its `time` is a deadline and no part of the ledger. */
  readonly budget: Budget;
  readonly tasks: readonly { readonly id: string; readonly budget: Budget }[];
}

/** The account of a run, or of one of its tasks: `run` or `run/task`. */
export function accountId(runId: string, task?: string): string {
  return task === undefined ? runId : `${runId}/${task}`;
}

/** Whether an account is a run's own (`run`) or below it (`run/task`, ...). */
export function accountScope(account: string): "run" | "task" {
  return account.includes("/") ? "task" : "run";
}

/** An account and those above it, nearest first: `run/task` gives `run/task`, `run`. */
export function accountChain(account: string): readonly string[] {
  const chain = [account];
  for (let end = account.lastIndexOf("/"); end > 0; end = account.lastIndexOf("/", end - 1))
    chain.push(account.slice(0, end));
  return chain;
}

/** A plan's budget as a ledger's limit. */
export function budgetLimit(budget: Budget): Partial<BudgetAmount> {
  return {
    ...(budget.tokens === undefined ? {} : { tokens: budget.tokens }),
    ...(budget.usd === undefined ? {} : { nanoUsd: toNanoUsd(budget.usd) }),
  };
}

/** The accounts of a run and its tasks, parents first. Pure. */
export function runAccounts(run: RunAccounts): readonly BudgetAccount[] {
  return [
    { id: accountId(run.runId), limit: budgetLimit(run.budget) },
    ...run.tasks.map((task) => ({
      id: accountId(run.runId, task.id),
      parent: accountId(run.runId),
      limit: budgetLimit(task.budget),
    })),
  ];
}

/** Opens the accounts of a run and its tasks, or sets the limits of known ones. Safe to repeat. */
export async function openTaskAccounts(
  ledger: BudgetLedger,
  run: RunAccounts,
): Promise<readonly BudgetAccount[]> {
  const accounts = runAccounts(run);
  for (const account of accounts) await ledger.open(account);
  return accounts;
}
