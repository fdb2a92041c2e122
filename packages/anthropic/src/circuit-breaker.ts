import { isMnemosyneError, MnemosyneError } from "@mnemosyne/core";

/** When a provider that keeps failing is left alone. */
export interface CircuitOptions {
  /** Questions in a row that fail, their tries used up, before it opens. Default 5. */
  readonly failures?: number;
  /** Milliseconds that it stays open; then one question is let through to see. Default 30 s. */
  readonly openFor?: number;
}

/**
 * Keeps questions from a provider that is down: after so many failures in a row each is refused at once, unsent and
 * uncharged, until a single one that is let through succeeds. Only what says that the provider is down counts:
 * `E_MODEL_OVERLOADED` and `E_TIMEOUT`.
 */
export interface CircuitBreaker {
  /** Throws `E_MODEL_OVERLOADED` (retryable, `details.circuit: "open"`) while it is open. */
  enter(): void;
  succeeded(): void;
  failed(error: unknown): void;
}

/** Makes a breaker; `now` gives milliseconds that never go back. */
export function createCircuitBreaker(
  { failures = 5, openFor = 30_000 }: CircuitOptions = {},
  now: () => number = () => performance.now(),
): CircuitBreaker {
  let inRow = 0;
  let openUntil: number | undefined;
  let probing = false;
  return {
    enter() {
      if (openUntil === undefined) return;
      const left = openUntil - now();
      if (left <= 0 && !probing) {
        probing = true;
        return;
      }
      const retryAfterMs = Math.max(1, Math.ceil(left));
      throw new MnemosyneError(
        "E_MODEL_OVERLOADED",
        `The model's provider failed ${inRow} times in a row; it is left alone for now. Nothing was sent.`,
        {
          kind: "unavailable",
          hint: "Try again later, or resume the run.",
          details: { circuit: "open", retryAfterMs, sent: false },
        },
      );
    },
    succeeded() {
      inRow = 0;
      openUntil = undefined;
      probing = false;
    },
    failed(error) {
      const down =
        isMnemosyneError(error) && (error.code === "E_MODEL_OVERLOADED" || error.code === "E_TIMEOUT");
      if (!down) {
        // An answer, even a refusal, came from a provider that is up; a cancelled probe tells nothing.
        if (isMnemosyneError(error) && error.code === "E_CANCELLED") probing = false;
        else this.succeeded();
        return;
      }
      inRow++;
      if (inRow >= failures || probing) openUntil = now() + openFor;
      probing = false;
    },
  };
}
