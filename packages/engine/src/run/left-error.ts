import { MnemosyneError, toErrorRecord } from "@mnemosyne/core";

/** Says that a run was left before its end, and how to carry it on. */
export function leftError(runId: string, cause?: unknown): MnemosyneError {
  return new MnemosyneError(
    "E_CANCELLED",
    `Run ${runId} was left before its end; carry it on with 'mnemosyne resume ${runId}'.`,
    { kind: "cancelled", ...(cause === undefined ? {} : { details: toErrorRecord(cause).message }) },
  );
}
