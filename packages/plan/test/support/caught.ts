import { isMnemosyneError, type MnemosyneError } from "@mnemosyne/core";

/** The error that a call throws; fails when it throws none of ours. */
export function caught(call: () => unknown): MnemosyneError {
  try {
    call();
  } catch (error) {
    if (isMnemosyneError(error)) return error;
    throw error;
  }
  throw new Error("Nothing was thrown.");
}
