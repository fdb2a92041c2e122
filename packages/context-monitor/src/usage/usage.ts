import { MnemosyneError, type ContextSection, type ModelUsage, type TokenCount } from "@mnemosyne/core";

/**
 * How full a context is: a counted or estimated number, what the provider reported of a call, or a plain number,
 * which counts as exact.
 */
export type UsageInput = number | TokenCount | ModelUsage;

/** What was spent: all tokens, cached ones too. */
export interface Spent {
  readonly tokens: number;
  readonly usd: number;
  readonly calls: number;
}

/** What a record is about, beside its agent. */
export interface RecordContext {
  readonly task?: string;
  readonly run?: string;
  readonly model?: string;
  /** Tokens of the window, where it is not the model's. */
  readonly window?: number;
  /** What the context was assembled from, for recommendations. */
  readonly sections?: readonly Pick<ContextSection, "name" | "share" | "tokens">[];
}

/** True for a provider's report of a call. */
export function isModelUsage(usage: UsageInput): usage is ModelUsage {
  return typeof usage === "object" && "inputTokens" in usage;
}

/**
 * The tokens that a context holds. After a call these are its whole input, cached or not, and its output, which the
 * next call sends again; a provider may drop thinking from it, so the lower end is the input alone.
 */
export function contextTokens(usage: UsageInput): TokenCount {
  if (typeof usage === "number") {
    checkTokens(usage);
    return { value: usage, low: usage, high: usage, source: "usage" };
  }
  if (!isModelUsage(usage)) {
    checkTokens(usage.value);
    checkTokens(usage.high);
    return usage;
  }
  const input = usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens;
  const value = input + usage.outputTokens;
  checkTokens(value);
  return { value, low: input, high: value, source: "usage" };
}

function checkTokens(value: number): void {
  if (value >= 0 && Number.isFinite(value)) return;
  throw new MnemosyneError("E_INPUT", `${value} is not a number of tokens; give one from 0 up.`, {
    kind: "input",
    path: "usage",
  });
}
