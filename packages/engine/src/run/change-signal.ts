import type { Clock } from "@mnemosyne/core";
import { wakeAfter } from "./wake-after.ts";

/** Wakes whoever waits for "something has changed": a level, not an edge, so no wake-up is lost. */
export class ChangeSignal {
  readonly #clock: Clock;
  #set = false;
  #wake: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Something has changed. */
  notify(): void {
    this.#set = true;
    this.#wake?.();
  }

  /** Resolves when something has changed since the last wait, or the time is over. */
  async wait(milliseconds: number): Promise<void> {
    if (!this.#set) {
      await new Promise<void>((resolve) => {
        const cancel = wakeAfter(this.#clock, milliseconds, resolve);
        this.#wake = () => {
          cancel();
          resolve();
        };
      });
      this.#wake = undefined;
    }
    this.#set = false;
  }
}
