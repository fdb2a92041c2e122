import { createHash } from "node:crypto";
import type { ErrorRecord } from "@mnemosyne/core";

/**
 * Names a failure, so that the same one is seen to come back: the task, the error's code and its message without what
 * changes from run to run (numbers, hex, paths, durations).
 */
export function failureFingerprint(task: string, error: ErrorRecord): string {
  const message = error.message
    .replaceAll(/0x[0-9a-f]+|\b[0-9a-f]{7,64}\b/gi, "#")
    .replaceAll(/(?:\/[\w.@-]+){2,}/g, "<path>")
    .replaceAll(/\d+(?:\.\d+)?/g, "0");
  return createHash("sha256").update(`${task}\n${error.code}\n${message}`).digest("hex").slice(0, 16);
}
