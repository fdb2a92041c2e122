import type { ModelInfo, ModelPrices } from "@mnemosyne/core";

/** The model that is used where none is named. */
export const DEFAULT_MODEL = "claude-sonnet-5-5";

/** What was known of the models when this version was made; the Models API corrects the windows. */
export const MODEL_TABLE: readonly ModelInfo[] = [
  known("claude-fable-5-1", 1_000_000, 128_000, prices(10, 50)),
  known("claude-opus-5-5", 1_000_000, 128_000, prices(4, 20)),
  known("claude-sonnet-5-5", 1_000_000, 128_000, prices(2, 10)),
  known("claude-haiku-5-5", 1_000_000, 128_000, {
    ...prices(0.1, 0.5),
    // The published price holds for prompts of at most 100,000 tokens.
    above: { tokens: 100_001, input: 0.5, output: 2.5 },
  }),
  known("claude-haiku-4-5", 200_000, 64_000, prices(1, 5)),
];

function known(
  model: string,
  contextTokens: number,
  maxOutputTokens: number,
  prices: ModelPrices,
): ModelInfo {
  return { model, contextTokens, maxOutputTokens, prices, source: "table" };
}

/** Reading the cache costs a tenth of the input's price, writing it for five minutes a quarter more than it. */
function prices(input: number, output: number): ModelPrices {
  return { input, output, cacheRead: input / 10, cacheWrite: input * 1.25 };
}
