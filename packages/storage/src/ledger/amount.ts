import type { BudgetAmount } from "@mnemosyne/core";
import { inputError, show } from "../input.ts";

/** The dimensions of an amount, in the order of the ledger's columns. */
export const DIMENSIONS = ["tokens", "nanoUsd", "calls"] as const satisfies readonly (keyof BudgetAmount)[];

/** Throws `E_INPUT` unless every dimension that is there is a non-negative safe integer. */
export function checkAmount(amount: Partial<BudgetAmount>, path: string): void {
  for (const dimension of DIMENSIONS) {
    const value = amount[dimension];
    if (value === undefined || (Number.isSafeInteger(value) && value >= 0)) continue;
    throw inputError(
      `${path}.${dimension}`,
      `must be a whole number that is not negative, not ${show(value)}`,
    );
  }
}

/** Like {@link checkAmount}, but every dimension must be there. */
export function checkWholeAmount(amount: BudgetAmount, path: string): void {
  for (const dimension of DIMENSIONS)
    if (amount[dimension] === undefined) throw inputError(`${path}.${dimension}`, "is missing");
  checkAmount(amount, path);
}

/** Whether two amounts are the same. */
export function equalAmounts(a: BudgetAmount, b: BudgetAmount): boolean {
  return DIMENSIONS.every((dimension) => a[dimension] === b[dimension]);
}

/** Whether the first is more than the second in any dimension. */
export function exceeds(a: BudgetAmount, b: BudgetAmount): boolean {
  return DIMENSIONS.some((dimension) => a[dimension] > b[dimension]);
}

/** An amount for people, only what it has: `1200 tokens, 0.05 USD, 3 calls`. */
export function describeAmount(amount: Partial<BudgetAmount>): string {
  const parts: string[] = [];
  if (amount.tokens !== undefined) parts.push(`${amount.tokens} tokens`);
  if (amount.nanoUsd !== undefined) parts.push(`${amount.nanoUsd / 1e9} USD`);
  if (amount.calls !== undefined) parts.push(`${amount.calls} calls`);
  return parts.length === 0 ? "nothing" : parts.join(", ");
}
