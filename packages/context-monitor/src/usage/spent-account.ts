import type { ModelUsage } from "@mnemosyne/core";
import type { Reading, ScopeKind } from "./signals.ts";
import { ThresholdWatch, stateOf } from "./thresholds.ts";
import type { Spent } from "./usage.ts";

/** What an agent, task or run has spent, against what it may. */
export class SpentAccount {
  readonly scope: ScopeKind;
  readonly id: string;
  readonly #watch: ThresholdWatch;
  /** Tokens that it may spend in all; undefined: not limited. */
  limit: number | undefined;
  #tokens = 0;
  #usd = 0;
  #calls = 0;

  constructor(scope: ScopeKind, id: string, thresholds: readonly number[]) {
    this.scope = scope;
    this.id = id;
    this.#watch = new ThresholdWatch(thresholds);
  }

  get total(): Spent {
    return { tokens: this.#tokens, usd: this.#usd, calls: this.#calls };
  }

  add(usage: ModelUsage): void {
    this.#tokens += usage.inputTokens + usage.outputTokens + usage.cacheReadTokens + usage.cacheWriteTokens;
    this.#usd += usage.usd;
    this.#calls++;
  }

  /** The thresholds that were newly reached; `undefined` when there are none. */
  crossed(): number[] | undefined {
    return this.limit === undefined ? undefined : this.#watch.update(this.#tokens / this.limit);
  }

  reading(at: number): Reading {
    const limit = this.limit ?? Infinity;
    const usage = this.#tokens / limit;
    const tokens = this.#tokens;
    return {
      scope: this.scope,
      id: this.id,
      usage,
      tokens: { value: tokens, low: tokens, high: tokens, source: "usage" },
      limit,
      state: stateOf(usage),
      at,
    };
  }
}
