import { type BudgetAmount, type ModelCall, type ModelPrices, type ModelUsage } from "@mnemosyne/core";
import { toNanoUsd } from "./amount.ts";

/**
 * The most that a call can come to: the upper estimate of its input and all of its `maxTokens`, at the dearest price
 * that can apply (uncached, or written to the cache; above the price cliff where the input can reach it).
 */
export function callBound(call: ModelCall, prices: ModelPrices): BudgetAmount {
  const input = Math.ceil(call.inputTokens);
  const output = Math.ceil(call.maxTokens);
  const { perInput, perOutput } = dearest(prices, input);
  return {
    tokens: input + output,
    // A dollar per million tokens is a thousand nano-dollars a token.
    nanoUsd: Math.ceil((input * micro(perInput) + output * micro(perOutput)) / 1000),
    calls: 1,
  };
}

/** What a call came to, as the provider reported it. Tokens are all of them, cached ones too. */
export function callCost(usage: ModelUsage): BudgetAmount {
  return {
    tokens: usage.inputTokens + usage.outputTokens + usage.cacheReadTokens + usage.cacheWriteTokens,
    nanoUsd: toNanoUsd(usage.usd),
    calls: 1,
  };
}

function dearest(prices: ModelPrices, input: number): { perInput: number; perOutput: number } {
  const perInput = Math.max(prices.input, prices.cacheRead, prices.cacheWrite);
  const { above } = prices;
  if (above === undefined || input < above.tokens) return { perInput, perOutput: prices.output };
  // The cliff names input and output only; writing to the cache keeps its proportion to the input's price.
  const steeper = prices.input > 0 ? above.input * Math.max(1, perInput / prices.input) : above.input;
  return { perInput: Math.max(perInput, steeper), perOutput: Math.max(prices.output, above.output) };
}

/** Millionths of a price, rounded up, so that the product with tokens is exact and no bill's own rounding exceeds it. */
function micro(usdPerMillion: number): number {
  return Math.ceil(usdPerMillion * 1e6);
}
