import { MnemosyneError } from "@mnemosyne/core";

/** An error that a tool answers the model with: what is wrong and what to do instead. */
export function toolFault(message: string): MnemosyneError {
  return new MnemosyneError("E_TOOL", message, { kind: "input" });
}

/** A refusal: not wrong, but not allowed. */
export function refused(message: string): MnemosyneError {
  return new MnemosyneError("E_NOT_ALLOWED", message, { kind: "input" });
}
