import type { Finding } from "@mnemosyne/core";

const ORDER: Readonly<Record<Finding["severity"], number>> = { blocker: 0, warning: 1, note: 2 };

/** True for what the `tests` gate says about a run of the tests, as against other rules. */
function isTest({ rule }: Finding): boolean {
  return rule.startsWith("tests.");
}

/**
 * What of a failed review goes into the next attempt's context, most serious first. `attempt` is the number of the
 * attempt that failed: after the first, all findings; after the second and third, at most five findings and three
 * tests; from the fourth on, at most three blockers. Fewer, sharper findings help an agent that already had them all.
 */
export function retryFindings(attempt: number, findings: readonly Finding[]): readonly Finding[] {
  const sorted = findings.toSorted((a, b) => ORDER[a.severity] - ORDER[b.severity]);
  if (attempt <= 1) return sorted;
  if (attempt >= 4) return sorted.filter(({ severity }) => severity === "blocker").slice(0, 3);
  const tests = new Set(sorted.filter(isTest).slice(0, 3));
  const others = new Set(sorted.filter((finding) => !isTest(finding)).slice(0, 5));
  return sorted.filter((finding) => tests.has(finding) || others.has(finding));
}
