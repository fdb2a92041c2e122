import type { Timers } from "./timers.ts";

/** A sleep of one sleeper that others can cut short; a call between two sleeps cuts the next one. */
export class Nap {
  readonly #timers: Timers;
  #cut: AbortController | undefined;
  #called = false;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /** Ends the sleep. */
  wake(): void {
    this.#called = true;
    this.#cut?.abort();
  }

  /** Sleeps until the time is over or `wake` is called. Throws the signal's reason when it aborts. */
  async sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (!this.#called) {
      const cut = new AbortController();
      const forward = (): void => cut.abort();
      this.#cut = cut;
      signal.addEventListener("abort", forward, { once: true });
      try {
        await this.#timers.sleep(milliseconds, cut.signal);
      } catch (error) {
        if (!cut.signal.aborted) throw error;
      } finally {
        signal.removeEventListener("abort", forward);
        this.#cut = undefined;
      }
    }
    this.#called = false;
    signal.throwIfAborted();
  }
}
