/**
 * Keeps promise chains from starving timers and sockets: work goes on in microtasks, which is fastest, until the
 * current turn of the event loop has lasted too long; then it waits for the next turn.
 */
export class EventLoopTurn {
  readonly #limit: number;
  #began = 0;
  #running = false;

  /** `limit`: milliseconds of one turn. */
  constructor(limit = 10) {
    this.#limit = limit;
  }

  /** Whether the current turn has lasted too long. */
  isSpent(): boolean {
    const now = performance.now();
    if (!this.#running) {
      this.#running = true;
      this.#began = now;
      setImmediate(() => {
        this.#running = false;
      });
    }
    return now - this.#began > this.#limit;
  }

  /** Runs the task after the microtasks that are queued now, or in the next turn when this one is spent. */
  soon(task: () => void): void {
    if (this.isSpent()) setImmediate(task);
    else queueMicrotask(task);
  }

  /** Waits for the next turn when this one is spent. */
  async yieldIfSpent(): Promise<void> {
    if (this.isSpent()) await new Promise<void>((resolve) => setImmediate(resolve));
  }
}
