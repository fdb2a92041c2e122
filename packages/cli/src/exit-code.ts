import { exitCodeOf, isMnemosyneError, type ErrorRecord, type RunStatus } from "@mnemosyne/core";

const UNAVAILABLE: ReadonlySet<string> = new Set([
  "E_UNAVAILABLE",
  "E_STORAGE",
  "E_STORAGE_BUSY",
  "E_MODEL",
  "E_MODEL_AUTH",
  "E_MODEL_OVERLOADED",
]);

/** The exit code of a run that has ended or waits: completed 0, failed or rolled back 1, paused 3, budget 4, unavailable 5, cancelled 6. */
export function exitCodeOfRun(status: RunStatus, error?: ErrorRecord): number {
  switch (status) {
    case "completed":
      return 0;
    case "paused":
      return 3;
    case "cancelled":
      return 6;
    case "failed":
    case "rolledBack":
      if (error?.code === "E_BUDGET") return 4;
      return error !== undefined && UNAVAILABLE.has(error.code) ? 5 : 1;
    default:
      // Pending or running: it was left, and whoever carries it on will know.
      return 6;
  }
}

/** The exit code of something that was thrown. */
export function exitCodeOfError(error: unknown): number {
  return exitCodeOf(isMnemosyneError(error) ? error.kind : "internal");
}
