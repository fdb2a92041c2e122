import { MnemosyneError } from "@mnemosyne/core";

/** How full a context is: safe < 50 %, moderate < 75 %, high < 90 %, critical from 90 % on. */
export type ContextState = "safe" | "moderate" | "high" | "critical";

/** Shares at which alerts are raised, unless others are given. */
export const DEFAULT_THRESHOLDS: readonly number[] = [0.5, 0.75, 0.9];

/** How far below its threshold a share must fall before the same alert can be raised again. */
export const HYSTERESIS = 0.05;

/** The state of a share (0 is empty, 1 is full). */
export function stateOf(share: number): ContextState {
  return share < 0.5 ? "safe" : share < 0.75 ? "moderate" : share < 0.9 ? "high" : "critical";
}

/** Ascending shares above 0, at most 30 of them. Throws `E_INPUT`. */
export function checkThresholds(thresholds: readonly number[]): readonly number[] {
  const sorted = thresholds.toSorted((a, b) => a - b);
  if (sorted.length <= 30 && sorted.every((share) => share > 0 && Number.isFinite(share))) return sorted;
  throw new MnemosyneError(
    "E_INPUT",
    "Thresholds are shares above 0, such as [0.5, 0.75, 0.9]; at most 30.",
    {
      kind: "input",
      path: "thresholds",
    },
  );
}

/** Watches one share against thresholds: each is reported when it is reached, then not again until the share has fallen well below. */
export class ThresholdWatch {
  readonly #thresholds: readonly number[];
  /** One bit for each threshold that was reached and not yet left. */
  #reached = 0;

  constructor(thresholds: readonly number[]) {
    this.#thresholds = thresholds;
  }

  /** The thresholds that this share newly reaches, ascending; `undefined` when there are none. */
  update(share: number): number[] | undefined {
    let crossed: number[] | undefined;
    for (let index = 0; index < this.#thresholds.length; index++) {
      const threshold = this.#thresholds[index] as number;
      const bit = 1 << index;
      if ((this.#reached & bit) === 0) {
        if (share < threshold) continue;
        this.#reached |= bit;
        (crossed ??= []).push(threshold);
      } else if (share <= threshold - HYSTERESIS) this.#reached &= ~bit;
    }
    return crossed;
  }
}
