import type { GateJudgement, ReviewResult } from "@mnemosyne/core";

/**
 * True if a check that a gate named as passed in an earlier attempt is not among those that it names now, while the
 * gate's verdict is `fail`: what worked was broken, or taken away. A gate that could not judge shows nothing.
 */
export function hasRegressed(
  judgements: readonly GateJudgement[],
  history: readonly ReviewResult[],
): boolean {
  return judgements.some(({ gate, verdict, passed }) => {
    if (verdict !== "fail") return false;
    const now = new Set(passed);
    return history.some(({ gates }) =>
      gates.some((earlier) => earlier.gate === gate && (earlier.passed ?? []).some((name) => !now.has(name))),
    );
  });
}
