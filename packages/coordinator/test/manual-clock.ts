import type { Clock } from "@mnemosyne/core";

/** A clock that stands still until it is moved. */
export class ManualClock implements Clock {
  #time: number;
  readonly #sleepers = new Set<{ readonly due: number; readonly wake: () => void }>();

  constructor(time = 1_700_000_000_000) {
    this.#time = time;
  }

  now(): number {
    return this.#time;
  }

  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        this.#sleepers.delete(sleeper);
        reject(signal?.reason as Error);
      };
      const sleeper = {
        due: this.#time + milliseconds,
        wake: (): void => {
          signal?.removeEventListener("abort", abort);
          resolve();
        },
      };
      this.#sleepers.add(sleeper);
      signal?.addEventListener("abort", abort, { once: true });
    });
  }

  /** Moves the time and lets everything that is due happen, in order. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#time + milliseconds;
    for (;;) {
      await settle();
      const next = [...this.#sleepers].toSorted((a, b) => a.due - b.due)[0];
      if (next === undefined || next.due > end) break;
      this.#time = Math.max(this.#time, next.due);
      this.#sleepers.delete(next);
      next.wake();
    }
    this.#time = end;
    await settle();
  }

  /** Moves the time while nobody can act: a process that was stopped. */
  freeze(milliseconds: number): void {
    this.#time += milliseconds;
  }
}

/** Lets every promise that can go on, go on. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}
