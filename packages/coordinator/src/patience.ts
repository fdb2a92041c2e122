import { MnemosyneError } from "@mnemosyne/core";

/** How long a call waits. */
export interface Patience {
  /** Milliseconds to wait at most; then `E_TIMEOUT`. Default: as long as it takes. */
  readonly wait?: number;
  /** Ends the waiting; the call throws its reason. */
  readonly signal?: AbortSignal;
}

/** A number of milliseconds above 0. Throws `E_INPUT`. */
export function checkDuration(path: string, milliseconds: number): number {
  if (Number.isFinite(milliseconds) && milliseconds > 0) return milliseconds;
  throw new MnemosyneError("E_INPUT", `${path} is a number of milliseconds above 0, not ${milliseconds}.`, {
    kind: "input",
    path,
  });
}

/** The error of a wait that took too long. `what` reads on after "Waiting for". */
export function tookTooLong(what: string, milliseconds: number | undefined): MnemosyneError {
  return new MnemosyneError(
    "E_TIMEOUT",
    `Waiting for ${what} took more than ${milliseconds} ms; wait longer, or look whether those who should act are alive.`,
    { kind: "conflict", retryable: true },
  );
}
