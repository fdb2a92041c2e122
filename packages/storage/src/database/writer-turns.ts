/** Milliseconds after which who writes without a pause leaves the lock to others. */
const STRETCH = 50;
/** So long, where nobody else was seen; longer than that is idleness. */
const GAP = 1;
/** So long, where another process, or connection, has written lately. */
const GAP_FOR_OTHERS = 6;
/** What is lately, in milliseconds. */
const LATELY = 2000;

/**
 * SQLite hands its lock to nobody: who writes without a pause keeps out those who ask for it now and then. So after a
 * stretch of writing a process leaves the lock alone for a moment, a longer one while others do write.
 */
export class WriterTurns {
  #since = Number.NEGATIVE_INFINITY;
  #last = Number.NEGATIVE_INFINITY;
  #version = 0;
  #othersAt = Number.NEGATIVE_INFINITY;

  /** Notes that a transaction begins. */
  begin(now: number): void {
    if (now - this.#last > GAP + 2) this.#since = now;
  }

  /** Notes that one has ended. Gives the milliseconds to wait before the next one. `version` rises when others have written. */
  end(now: number, version: () => number): number {
    this.#last = now;
    if (now - this.#since < STRETCH) return 0;
    this.#since = now;
    const seen = version();
    if (seen !== this.#version) {
      // The first one tells nothing yet.
      if (this.#version !== 0) this.#othersAt = now;
      this.#version = seen;
    }
    return now - this.#othersAt < LATELY ? GAP_FOR_OTHERS : GAP;
  }
}
