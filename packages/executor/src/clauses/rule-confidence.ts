/** How often a rule spoke on the labelled requirements it was written against, and how often it was right. */
const OBSERVED: Readonly<Record<string, readonly [found: number, right: number]>> = {
  placeholder: [1, 1],
  emptyAction: [13, 13],
  indefinite: [1, 1],
  openList: [1, 1],
  hedge: [5, 5],
  unmeasuredQuality: [42, 42],
  unmeasuredChange: [21, 21],
  unmeasuredComparison: [3, 3],
  unboundedSize: [2, 2],
  unnamedSet: [4, 4],
  vagueQuantity: [2, 2],
  vagueTime: [2, 2],
  nothingNamed: [1, 1],
  unanchored: [15, 14],
};

/** How often a requirement without any finding was vague all the same, on those that no rule was written against. */
export const MISSED = 0.1;

/** How likely a finding of this rule is right: Laplace's estimate, so that a rule that spoke seldom is trusted less. */
export function confidenceOf(rule: string): number {
  const [found, right] = OBSERVED[rule] ?? [0, 0];
  return (right + 1) / (found + 2);
}
