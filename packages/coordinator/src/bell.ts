import { Nap } from "./nap.ts";
import type { Timers } from "./timers.ts";

/** Wakes everybody of this process who waits for a change of one kind. */
export class Bell {
  readonly #timers: Timers;
  readonly #naps = new Set<Nap>();

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  ring(): void {
    for (const nap of this.#naps) nap.wake();
  }

  /**
   * Calls `attempt` now, and after each ring or pause, until it gives something. Throws the signal's reason, and
   * `late()` when the patience is over.
   */
  async until<Result>(
    attempt: () => Promise<Result | undefined>,
    options: {
      readonly poll: number;
      readonly signal: AbortSignal;
      readonly patience?: number | undefined;
      readonly late?: () => Error;
    },
  ): Promise<Result> {
    const { poll, signal, patience, late } = options;
    const began = this.#timers.now();
    const nap = new Nap(this.#timers);
    this.#naps.add(nap);
    try {
      for (;;) {
        signal.throwIfAborted();
        const result = await attempt();
        if (result !== undefined) return result;
        const left = patience === undefined ? poll : patience - (this.#timers.now() - began);
        if (left <= 0 && late !== undefined) throw late();
        await nap.sleep(Math.max(0, Math.min(poll, left)), signal);
      }
    } finally {
      this.#naps.delete(nap);
    }
  }
}
