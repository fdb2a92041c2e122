import { createHash } from "node:crypto";
import { canonicalJson, type GateJudgement } from "@mnemosyne/core";

/** What is left of a message when everything that differs between two runs of the same failure is taken out. */
export function normaliseMessage(message: string): string {
  return (
    message
      .toLowerCase()
      // Hex first: a commit or an address would otherwise survive as letters between numbers.
      .replaceAll(/\b0x[\da-f]+\b/g, "#")
      .replaceAll(/\b(?=[a-f]*\d)[\da-f]{7,}\b/g, "#")
      .replaceAll(/\b[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}\b/g, "#")
      .replaceAll(/(?:[a-z]:)?(?:[\w.@~-]*[\\/])+[\w.@~-]*/g, "/")
      .replaceAll(/\d+(?:[.,:]\d+)*\s*(?:ns|µs|us|ms|s|sec|secs|seconds?|m|min|minutes?|h)?\b/g, "#")
      .replaceAll(/\d+/g, "#")
      .replaceAll(/\s+/g, " ")
      .trim()
  );
}

/**
 * Names a failure: the same rules at the same files with the same words give the same text, whatever the numbers,
 * durations, paths and line numbers in them are. Empty when every verdict is `pass`.
 */
export function fingerprint(judgements: readonly GateJudgement[]): string {
  const marks = new Set<string>();
  for (const { gate, verdict, findings } of judgements) {
    if (verdict === "pass") continue;
    const blockers = findings.filter(({ severity }) => severity === "blocker");
    if (blockers.length === 0) marks.add(canonicalJson([gate, verdict]));
    for (const { rule, file, message } of blockers)
      marks.add(canonicalJson([gate, rule, file ?? "", normaliseMessage(message)]));
  }
  if (marks.size === 0) return "";
  return createHash("sha256")
    .update([...marks].toSorted().join("\n"))
    .digest("hex")
    .slice(0, 32);
}
