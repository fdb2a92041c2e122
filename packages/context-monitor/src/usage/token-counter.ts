import { estimateTokenCount, type TokenCount, type TokenCounter } from "@mnemosyne/core";

/** Options of {@link createTokenCounter}. */
export interface TokenCounterOptions {
  /** The model that is meant where a call names none. */
  readonly model?: string;
  /** What earlier calibrations came to, from {@link CalibratingCounter.calibrations}. */
  readonly calibrations?: readonly Calibration[];
}

/** What a counter has learnt of a model. Plain data: keep it and give it to the next counter. */
export interface Calibration {
  readonly model: string;
  /** Exact tokens per estimated token (of the uncalibrated estimate's middle). */
  readonly ratio: number;
  /** Mean squared relative error of single estimates around the ratio. */
  readonly variance: number;
  readonly samples: number;
}

/** A token counter that can say what it has learnt. */
export interface CalibratingCounter extends TokenCounter {
  calibrations(): readonly Calibration[];
}

/** Share of the difference that one calibration corrects, once the first few are in. */
const WEIGHT = 0.2;
/** Calibrations until the band rests on what was seen alone. */
const TRUSTED = 8;
/** No band is narrower than this share to either side. */
const NARROWEST = 0.03;

/**
 * Counts tokens by estimate and learns each model's ratio from the provider's figures (a moving average), so that
 * bands narrow from the span of all tokenizers to what was seen. A model without calibrations has core's estimate
 * and band.
 *
 * @example
 * const counter = createTokenCounter({ model: "claude-sonnet-5-5" });
 * const { value, low, high } = counter.count(text);
 * counter.calibrate(value, response.usage.inputTokens);
 */
export function createTokenCounter(options: TokenCounterOptions = {}): CalibratingCounter {
  const learnt = new Map<string, Calibration>();
  for (const calibration of options.calibrations ?? []) learnt.set(calibration.model, calibration);

  return {
    count(text, model = options.model) {
      const estimate = estimateTokenCount(text, model);
      const calibration = model === undefined ? undefined : learnt.get(model);
      return calibration === undefined ? estimate : calibrated(estimate, calibration);
    },

    calibrate(estimate, exact, model = options.model) {
      if (model === undefined || !(estimate > 0) || !(exact > 0)) return;
      const known = learnt.get(model) ?? { model, ratio: 1, variance: 0, samples: 0 };
      // The estimate was already multiplied by the ratio of its time, so the quotient is what is still missing.
      const factor = exact / estimate;
      const weight = Math.max(WEIGHT, 1 / (known.samples + 1));
      const surprise = factor - 1;
      learnt.set(model, {
        model,
        ratio: known.ratio * (1 + weight * surprise),
        variance: known.samples === 0 ? 0 : (1 - weight) * (known.variance + weight * surprise ** 2),
        samples: known.samples + 1,
      });
    },

    calibrations: () => [...learnt.values()].toSorted((a, b) => (a.model < b.model ? -1 : 1)),
  };
}

function calibrated(estimate: TokenCount, calibration: Calibration): TokenCount {
  const { ratio, variance, samples } = calibration;
  const value = estimate.value * ratio;
  const seen = Math.max(NARROWEST, 2 * Math.sqrt(variance));
  const trust = Math.min(1, samples / TRUSTED);
  return {
    value: Math.round(value),
    low: Math.floor(Math.min(value, mix(estimate.low, value * (1 - seen), trust))),
    high: Math.ceil(Math.max(value, mix(estimate.high, value * (1 + seen), trust))),
    source: "estimate",
  };
}

function mix(before: number, seen: number, trust: number): number {
  return before * (1 - trust) + seen * trust;
}
