import {
  isAbortError,
  isMnemosyneError,
  MnemosyneError,
  toErrorRecord,
  type AgentResult,
  type ErrorRecord,
  type Json,
} from "@mnemosyne/core";

/** A failed result made of an error that we name ourselves. */
export function failedWith(error: MnemosyneError, retryable: boolean, output?: Json): AgentResult {
  return { status: "failed", error: error.toJSON(), retryable, ...(output === undefined ? {} : { output }) };
}

/**
 * What a thrown value means for a task: an ordinary failure becomes a failed result; what only the engine can act on
 * (cancelled, waiting for a person, budget used up, no valid key for the model) is thrown on.
 *
 * @internal
 */
export function failureOf(thrown: unknown, signal: AbortSignal, describe: string): AgentResult {
  if (signal.aborted) throw asCancelled(thrown, signal);
  if (isMnemosyneError(thrown)) {
    if (concernsEngine(thrown)) throw thrown;
    if (thrown.code === "E_MODEL_AUTH")
      throw thrown.kind === "unavailable"
        ? thrown
        : new MnemosyneError("E_MODEL_AUTH", thrown.message, {
            kind: "unavailable",
            retryable: false,
            cause: thrown,
          });
    return { status: "failed", error: thrown.toJSON(), retryable: thrown.retryable };
  }
  const record: ErrorRecord = {
    code: "E_TASK_FAILED",
    kind: "conflict",
    message: `${describe}: ${toErrorRecord(thrown).message}`,
  };
  return { status: "failed", error: record, retryable: true };
}

/** Errors that end an execution without being its failure. */
export function concernsEngine(error: MnemosyneError): boolean {
  return error.kind === "cancelled" || error.kind === "waiting" || error.kind === "budget";
}

/** The error of an aborted execution, keeping a MnemosyneError that the signal or the thrown value already carries. */
export function asCancelled(thrown: unknown, signal: AbortSignal): MnemosyneError {
  for (const candidate of [thrown, signal.reason])
    if (isMnemosyneError(candidate) && concernsEngine(candidate)) return candidate;
  const why = isAbortError(signal.reason) ? "" : ` (${toErrorRecord(signal.reason).message})`;
  return new MnemosyneError("E_CANCELLED", `The execution was cancelled${why}.`, {
    kind: "cancelled",
    cause: thrown,
  });
}
