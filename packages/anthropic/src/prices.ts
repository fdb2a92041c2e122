import type { ModelInfo, ModelPrices, ModelUsage } from "@mnemosyne/core";

/** The tokens of a call, without its price. */
export type TokenUsage = Omit<ModelUsage, "usd">;

/**
 * What a call costs, in whole nano-dollars, rounded up. From the price cliff on (`above.tokens` prompt tokens, cached
 * ones included) the steeper prices hold for the whole call; cached input keeps its proportion to the input's price.
 */
export function nanoUsdOf(usage: TokenUsage, prices: ModelPrices): number {
  const prompt = usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens;
  const steep = prices.above !== undefined && prompt >= prices.above.tokens ? prices.above : undefined;
  const factor = steep === undefined || prices.input === 0 ? 1 : steep.input / prices.input;
  const input = steep?.input ?? prices.input;
  const output = steep?.output ?? prices.output;
  // A dollar per million tokens is a thousand nano-dollars per token; millionths of those keep the sum exact.
  const parts = [
    usage.inputTokens * micro(input),
    usage.outputTokens * micro(output),
    usage.cacheReadTokens * micro(prices.cacheRead * factor),
    usage.cacheWriteTokens * micro(prices.cacheWrite * factor),
  ];
  const sum = parts.reduce((total, part) => total + part, 0);
  return Math.ceil(sum / 1000);
}

function micro(usdPerMillion: number): number {
  return Math.round(usdPerMillion * 1_000_000);
}

/** What a call costs in USD, exact to the nano-dollar; 0 for a model whose price is not known. */
export function usdOf(usage: TokenUsage, info: Pick<ModelInfo, "prices"> | undefined): number {
  return info?.prices === undefined ? 0 : nanoUsdOf(usage, info.prices) / 1e9;
}
