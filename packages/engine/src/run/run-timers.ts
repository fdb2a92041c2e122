import type { Clock } from "@mnemosyne/core";
import { wakeAfter } from "./wake-after.ts";

/** The longest time that one timer of Node can wait. */
const LONGEST_MS = 2 ** 31 - 1;

/** A run's open timers, by key. They are durable in the journal; these only wake this process. */
export class RunTimers {
  readonly #clock: Clock;
  readonly #due: (key: string) => void;
  readonly #timers = new Map<string, () => void>();

  constructor(clock: Clock, due: (key: string) => void) {
    this.#clock = clock;
    this.#due = due;
  }

  keys(): readonly string[] {
    return [...this.#timers.keys()];
  }

  /** Calls back when it is due (milliseconds since 1970), at once where it is; one of the same key is replaced. */
  arm(key: string, dueAt: number): void {
    this.drop(key);
    const left = dueAt - this.#clock.now();
    if (left <= 0) {
      this.#due(key);
      return;
    }
    const fire = (): void => {
      this.#timers.delete(key);
      if (left > LONGEST_MS) this.arm(key, dueAt);
      else this.#due(key);
    };
    this.#timers.set(key, wakeAfter(this.#clock, Math.min(left, LONGEST_MS), fire));
  }

  drop(key: string): void {
    this.#timers.get(key)?.();
    this.#timers.delete(key);
  }

  clear(): void {
    for (const key of this.keys()) this.drop(key);
  }
}
