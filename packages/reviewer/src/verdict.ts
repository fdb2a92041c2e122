import type { Finding, Verdict } from "@mnemosyne/core";

const VERDICTS: ReadonlySet<unknown> = new Set<Verdict>(["pass", "fail", "error", "inconclusive"]);

/** True for one of the four verdicts; anything else that a plug-in returns does not count as one. */
export function isVerdict(value: unknown): value is Verdict {
  return VERDICTS.has(value);
}

/**
 * The verdict of several together: `fail` if any failed, else `error` if any could not judge, else `inconclusive` if
 * any was, else `pass`. Of none: `inconclusive`, because nothing was looked at.
 */
export function overallVerdict(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes("fail")) return "fail";
  if (verdicts.includes("error")) return "error";
  if (verdicts.includes("inconclusive") || verdicts.length === 0) return "inconclusive";
  return "pass";
}

/** `fail` if a finding blocks, else `pass`. */
export function verdictOf(findings: readonly Finding[]): "pass" | "fail" {
  return findings.some(({ severity }) => severity === "blocker") ? "fail" : "pass";
}
