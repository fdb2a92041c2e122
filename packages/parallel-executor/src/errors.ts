import { isMnemosyneError, MnemosyneError, toErrorRecord } from "@mnemosyne/core";

/** A thrown value as an error; what is none becomes the cause of one. */
export function asError(thrown: unknown, name: string): Error {
  if (thrown instanceof Error || isMnemosyneError(thrown)) return thrown;
  return new MnemosyneError("E_TASK_FAILED", `Task '${name}' threw ${printed(thrown)}, which is no error.`, {
    kind: "conflict",
    cause: thrown,
  });
}

function printed(thrown: unknown): string {
  if (typeof thrown === "string") return `'${thrown.slice(0, 200)}'`;
  return typeof thrown === "object" && thrown !== null ? "an object" : String(thrown);
}

/** Why tasks behind a failed one do not run; the same for all of them. */
export function dependencyFailed(name: string, error: Error | undefined): MnemosyneError {
  return new MnemosyneError(
    "E_DEPENDENCY_FAILED",
    `Not run: task '${name}' before it failed${error === undefined ? "" : ` (${toErrorRecord(error).message})`}.`,
    { kind: "conflict", cause: error },
  );
}

/** Why tasks that do not depend on the failed one do not run either. */
export function stoppedBy(name: string, policy: string, error: Error | undefined): MnemosyneError {
  return new MnemosyneError("E_CANCELLED", `Not run: task '${name}' failed, and the policy is '${policy}'.`, {
    kind: "cancelled",
    cause: error,
  });
}

/** Why tasks of a cancelled execution end. */
export function cancelledBy(reason: unknown): MnemosyneError {
  if (isMnemosyneError(reason) && reason.kind === "cancelled") return reason;
  return new MnemosyneError("E_CANCELLED", "The execution was cancelled.", {
    kind: "cancelled",
    cause: reason,
  });
}

/** A try that took too long. */
export function tookTooLong(name: string, milliseconds: number, what = "Task"): MnemosyneError {
  return new MnemosyneError(
    "E_TIMEOUT",
    `${what} '${name}' did not end within ${milliseconds} ms and was left behind; give it a longer timeout, or let it heed its signal.`,
    { kind: "conflict", retryable: true },
  );
}
