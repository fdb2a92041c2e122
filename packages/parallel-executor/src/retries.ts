import { asError } from "./errors.ts";
import type { RetryPolicy } from "./task.ts";

/** Tasks that wait for their next try. */
export class RetryTimers {
  readonly #timers = new Map<number, NodeJS.Timeout>();

  wait(task: number, milliseconds: number, again: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(task);
      again();
    }, milliseconds);
    this.#timers.set(task, timer);
  }

  /** Stops all waiting; gives the tasks that waited. */
  drop(): readonly number[] {
    const tasks = [...this.#timers.keys()];
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    return tasks;
  }
}

/** Milliseconds until the next try, or the error with which the task has failed for good. */
export function nextTry(
  policy: RetryPolicy,
  error: Error,
  tries: number,
  random: () => number,
): number | Error {
  const { attempts = 3, backoff = 100, maxBackoff = 30_000, jitter = 0.5, when } = policy;
  if (tries >= attempts) return error;
  try {
    if (when?.(error, tries) === false) return error;
  } catch (thrown) {
    const { message } = asError(thrown, "retries.when");
    return new AggregateError([error, thrown], `${error.message} (and its retries.when threw: ${message})`);
  }
  return Math.min(maxBackoff, backoff * 2 ** (tries - 1)) * (1 - jitter * random());
}
