import { formatDuration, MnemosyneError } from "@mnemosyne/core";

/** A signal that also fires when a time limit is over. */
export interface TimeLimit {
  readonly signal: AbortSignal;
  /** True when the limit fired (and not the signal that it was made from). */
  readonly passed: () => boolean;
  readonly error: () => MnemosyneError;
  readonly stop: () => void;
}

/** Milliseconds that an execution may take: its task's timeout or what is left of the deadline, whichever is less. */
export function timeAllowed(
  timeout: number | undefined,
  timeLeft: (() => number) | undefined,
): number | undefined {
  const left = timeLeft?.();
  const allowed = Math.min(timeout ?? Infinity, left ?? Infinity);
  return Number.isFinite(allowed) ? Math.max(1, Math.ceil(allowed)) : undefined;
}

/** Limits time: the signal aborts with `E_TIMEOUT` after so many milliseconds, or with the outer signal. */
export function limitTime(outer: AbortSignal, milliseconds: number | undefined, what: string): TimeLimit {
  const error = (): MnemosyneError => timeoutError(what, milliseconds ?? 0);
  if (milliseconds === undefined) return { signal: outer, passed: () => false, error, stop: () => {} };
  const controller = new AbortController();
  let passed = false;
  const timer = setTimeout(
    () => {
      passed = true;
      controller.abort(error());
    },
    Math.min(milliseconds, 2 ** 31 - 1),
  );
  return {
    signal: AbortSignal.any([outer, controller.signal]),
    passed: () => passed && !outer.aborted,
    error,
    stop: () => clearTimeout(timer),
  };
}

/** `E_TIMEOUT` of something that took longer than it may. */
export function timeoutError(what: string, milliseconds: number): MnemosyneError {
  return new MnemosyneError(
    "E_TIMEOUT",
    `${what} took longer than its ${formatDuration(milliseconds)} and was stopped; give the task a longer 'timeout' or less to do.`,
    { kind: "conflict", retryable: true },
  );
}

/** Milliseconds that work gets to end by itself once its signal has fired. */
const GRACE = 1000;

/**
 * Settles as the work does. Once the signal fires, the work gets a second to end by itself, so that nothing of it goes
 * on unseen; work that ignores its signal is then left behind, and this rejects with the signal's reason.
 */
export async function untilAborted<T>(work: Promise<T>, signal: AbortSignal, grace = GRACE): Promise<T> {
  const over = new AbortController();
  try {
    return await Promise.race([work, leftBehind(signal, grace, over.signal)]);
  } finally {
    over.abort();
  }
}

/** Rejects so many milliseconds after the signal fired, unless it is all over before. */
function leftBehind(signal: AbortSignal, grace: number, over: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const giveUp = (): void => {
      const timer = setTimeout(() => reject(signal.reason as Error), grace);
      over.addEventListener("abort", () => clearTimeout(timer), { once: true });
    };
    if (signal.aborted) giveUp();
    else signal.addEventListener("abort", giveUp, { once: true, signal: over });
  });
}
