import type { TokenCount } from "@mnemosyne/core";
import type { Reading } from "./signals.ts";
import { ThresholdWatch, stateOf } from "./thresholds.ts";

/** What all agents hold together, kept as a running sum. */
export class TotalGauge {
  readonly limit: number;
  readonly #watch: ThresholdWatch;
  #value = 0;
  #low = 0;
  #high = 0;
  #estimates = 0;

  constructor(limit: number, thresholds: readonly number[]) {
    this.limit = limit;
    this.#watch = new ThresholdWatch(thresholds);
  }

  get usage(): number {
    return this.#value / this.limit;
  }

  change(before: TokenCount, after: TokenCount): void {
    this.#value += after.value - before.value;
    this.#low += after.low - before.low;
    this.#high += after.high - before.high;
    this.#estimates += Number(after.source === "estimate") - Number(before.source === "estimate");
  }

  /** The thresholds that were newly reached; `undefined` when there are none. */
  crossed(): number[] | undefined {
    return this.#watch.update(this.#high / this.limit);
  }

  reading(at: number): Reading {
    return {
      scope: "total",
      id: "total",
      usage: this.usage,
      tokens: {
        value: this.#value,
        low: this.#low,
        high: this.#high,
        source: this.#estimates > 0 ? "estimate" : "usage",
      },
      limit: this.limit,
      state: stateOf(this.#high / this.limit),
      at,
    };
  }
}
