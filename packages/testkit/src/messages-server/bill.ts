import type { WireUsage } from "./wire.ts";

/** What a server has charged: every reply that a model made, whether or not it arrived. */
export interface Bill {
  readonly calls: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
}

/** A bill of nothing. */
export const EMPTY_BILL: Bill = {
  calls: 0,
  inputTokens: 0,
  outputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
};

/** A bill with one more call. */
export function charge(bill: Bill, usage: WireUsage): Bill {
  return {
    calls: bill.calls + 1,
    inputTokens: bill.inputTokens + usage.input_tokens,
    outputTokens: bill.outputTokens + usage.output_tokens,
    cacheReadTokens: bill.cacheReadTokens + usage.cache_read_input_tokens,
    cacheWriteTokens: bill.cacheWriteTokens + usage.cache_creation_input_tokens,
  };
}
