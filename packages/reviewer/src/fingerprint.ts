import { createHash } from "node:crypto";
import { canonicalJson, type GateJudgement } from "@mnemosyne/core";

/** What is left of a message when everything that differs between two runs of the same failure is taken out. */
export function normaliseMessage(message: string): string {
  return (
    message
      .toLowerCase()
      .replaceAll(/(?:[a-z]:)?(?:[\w.@~-]*[\\/])+[\w.@~-]*/g, "/")
      .replaceAll(
        /\b0x[\da-f]+\b|\b[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}\b|\b(?=[a-f]*\d)[\da-f]{7,}\b/g,
        "#",
      )
      .replaceAll(/\d+/g, "#")
      // A number's parts, and then its unit: `12.5 ms` and `3 s` are the same.
      .replaceAll(/#(?:[.,:]?#)*/g, "#")
      .replaceAll(/#\s*(?:ns|µs|us|ms|s|secs?|seconds?|m|mins?|minutes?|h)\b/g, "#")
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
