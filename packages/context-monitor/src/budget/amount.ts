import { MnemosyneError, type BudgetAmount } from "@mnemosyne/core";

/** The dimensions of an amount, in the order that reports name them. */
export const DIMENSIONS = ["tokens", "nanoUsd", "calls"] as const satisfies readonly (keyof BudgetAmount)[];

/** Nothing. */
export const ZERO: BudgetAmount = Object.freeze({ tokens: 0, nanoUsd: 0, calls: 0 });

/** The sum of two amounts. */
export function addAmounts(a: BudgetAmount, b: BudgetAmount): BudgetAmount {
  return { tokens: a.tokens + b.tokens, nanoUsd: a.nanoUsd + b.nanoUsd, calls: a.calls + b.calls };
}

/** The first minus the second. */
export function subtractAmounts(a: BudgetAmount, b: BudgetAmount): BudgetAmount {
  return { tokens: a.tokens - b.tokens, nanoUsd: a.nanoUsd - b.nanoUsd, calls: a.calls - b.calls };
}

/** Whether two amounts are the same. */
export function equalAmounts(a: BudgetAmount, b: BudgetAmount): boolean {
  return a.tokens === b.tokens && a.nanoUsd === b.nanoUsd && a.calls === b.calls;
}

/** Whether the first is more than the second in any dimension. */
export function exceeds(a: BudgetAmount, b: BudgetAmount): boolean {
  return a.tokens > b.tokens || a.nanoUsd > b.nanoUsd || a.calls > b.calls;
}

/**
 * US dollars as integer nano-dollars, rounded up: a bound must not lose a fraction. The noise of binary floating point
 * is not rounded up. Throws `E_INPUT` for a negative or too large amount.
 */
export function toNanoUsd(usd: number): number {
  const exact = usd * 1e9;
  const nano = Math.ceil(exact - Math.max(1e-6, exact * Number.EPSILON));
  if (usd >= 0 && Number.isSafeInteger(nano)) return Math.max(0, nano);
  throw new MnemosyneError("E_INPUT", `${usd} USD is not an amount; give a number from 0 to 9,000,000.`, {
    kind: "input",
    path: "usd",
  });
}

/** Nano-dollars as US dollars. */
export function toUsd(nanoUsd: number): number {
  return nanoUsd / 1e9;
}

/** Throws `E_INPUT` unless every dimension is there and a non-negative safe integer. */
export function checkWholeAmount(amount: BudgetAmount, path: string): void {
  for (const dimension of DIMENSIONS) {
    if (amount[dimension] !== undefined) continue;
    throw new MnemosyneError("E_INPUT", `${path}.${dimension} is missing; give 0 where there is none.`, {
      kind: "input",
      path: `${path}.${dimension}`,
    });
  }
  checkAmount(amount, path);
}

/** Throws `E_INPUT` unless every dimension that is there is a non-negative safe integer. */
export function checkAmount(amount: Partial<BudgetAmount>, path: string): void {
  for (const dimension of DIMENSIONS) {
    const value = amount[dimension];
    if (value === undefined || (Number.isSafeInteger(value) && value >= 0)) continue;
    throw new MnemosyneError(
      "E_INPUT",
      `${path}.${dimension} is ${value}; give a whole number that is not negative.`,
      { kind: "input", path: `${path}.${dimension}` },
    );
  }
}

/** An amount for people, only what it has: `1200 tokens, 0.05 USD, 3 calls`. */
export function describeAmount(amount: Partial<BudgetAmount>): string {
  const parts: string[] = [];
  if (amount.tokens !== undefined) parts.push(`${amount.tokens} tokens`);
  if (amount.nanoUsd !== undefined) parts.push(`${toUsd(amount.nanoUsd)} USD`);
  if (amount.calls !== undefined) parts.push(`${amount.calls} calls`);
  return parts.length === 0 ? "nothing" : parts.join(", ");
}
