import { asError } from "./errors.ts";
import type { Fates } from "./fates.ts";
import type { TaskEvent } from "./task.ts";

/** Tells a listener what happens, until it throws. */
export class EventFeed {
  /** False when there is nobody to tell. */
  open: boolean;
  /** What the listener threw. */
  error: Error | undefined;
  readonly #listener: ((event: TaskEvent) => void) | undefined;
  readonly #names: readonly string[];
  readonly #fates: Fates;

  constructor(listener: ((event: TaskEvent) => void) | undefined, names: readonly string[], fates: Fates) {
    this.open = listener !== undefined;
    this.#listener = listener;
    this.#names = names;
    this.#fates = fates;
  }

  tell(type: TaskEvent["type"], task: number, error?: Error, delayMs?: number): void {
    if (!this.open) return;
    try {
      this.#listener?.({
        type,
        task: this.#names[task]!,
        attempt: this.#fates.attempts[task]!,
        ...(error === undefined ? {} : { error }),
        ...(delayMs === undefined ? {} : { delayMs }),
        settled: this.#names.length - this.#fates.unsettled,
        total: this.#names.length,
      });
    } catch (thrown) {
      this.open = false;
      this.error = asError(thrown, "onEvent");
    }
  }
}
