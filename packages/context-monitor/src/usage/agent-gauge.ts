import type { ModelInfo, TokenCount } from "@mnemosyne/core";
import { SpentAccount } from "./spent-account.ts";
import type { Reading } from "./signals.ts";
import { ThresholdWatch, stateOf } from "./thresholds.ts";
import { Trend } from "./trend.ts";
import type { RecordContext } from "./usage.ts";

const EMPTY: TokenCount = Object.freeze({ value: 0, low: 0, high: 0, source: "usage" });
const NO_CONTEXT: RecordContext = Object.freeze({});

/** Near a price cliff from this share of its prompt tokens on. */
export const NEAR_CLIFF = 0.9;

/** One agent's context. */
export class AgentGauge {
  readonly id: string;
  /** Its place in the list of the fullest. */
  readonly slot: number;
  readonly trend = new Trend();
  readonly watch: ThresholdWatch;
  readonly cliffWatch = new ThresholdWatch([NEAR_CLIFF, 1]);
  readonly spent: SpentAccount;
  tokens: TokenCount = EMPTY;
  window: number;
  model: ModelInfo | undefined;
  context: RecordContext = NO_CONTEXT;
  at = 0;

  constructor(id: string, slot: number, window: number, thresholds: readonly number[]) {
    this.id = id;
    this.slot = slot;
    this.window = window;
    this.watch = new ThresholdWatch(thresholds);
    this.spent = new SpentAccount("agent", id, thresholds);
  }

  get usage(): number {
    return this.tokens.value / this.window;
  }

  reading(): Reading {
    return {
      scope: "agent",
      id: this.id,
      usage: this.usage,
      tokens: this.tokens,
      limit: this.window,
      state: stateOf(this.tokens.high / this.window),
      at: this.at,
    };
  }
}
