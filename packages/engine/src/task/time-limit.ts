import { formatDuration, MnemosyneError } from "@mnemosyne/core";

/** A signal that aborts with another one, or with `E_TIMEOUT` when the time is over. */
export interface TimeLimit {
  readonly signal: AbortSignal;
  /** Milliseconds left; infinite without a limit. */
  readonly left: () => number;
  clear(): void;
}

/** Limits work to so many milliseconds. */
export function limitTime(parent: AbortSignal, milliseconds: number | undefined, task: string): TimeLimit {
  if (milliseconds === undefined) return { signal: parent, left: () => Infinity, clear: () => {} };
  const controller = new AbortController();
  const endsAt = performance.now() + milliseconds;
  const timer = setTimeout(() => {
    controller.abort(
      new MnemosyneError("E_TIMEOUT", `Task '${task}' took longer than ${formatDuration(milliseconds)}.`, {
        kind: "unavailable",
        retryable: true,
      }),
    );
  }, milliseconds);
  return {
    signal: AbortSignal.any([parent, controller.signal]),
    left: () => Math.max(0, endsAt - performance.now()),
    clear: () => clearTimeout(timer),
  };
}
