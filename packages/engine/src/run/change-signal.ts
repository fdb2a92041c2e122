/** Wakes whoever waits for "something has changed": a level, not an edge, so no wake-up is lost. */
export class ChangeSignal {
  #set = false;
  #wake: (() => void) | undefined;

  /** Something has changed. */
  notify(): void {
    this.#set = true;
    this.#wake?.();
  }

  /** Resolves when something has changed since the last wait, or the time is over. */
  async wait(milliseconds: number): Promise<void> {
    if (!this.#set) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(done, milliseconds);
        function done(): void {
          clearTimeout(timer);
          resolve();
        }
        this.#wake = done;
      });
      this.#wake = undefined;
    }
    this.#set = false;
  }
}
