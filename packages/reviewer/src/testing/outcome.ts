/** What a test runner's output says. */
export interface TestOutcome {
  readonly runner: string;
  readonly passed: number;
  readonly failed: number;
  /** Skipped, pending or to do. */
  readonly skipped: number;
  /** Names of passed tests, where the runner prints them. */
  readonly passing: readonly string[];
  /** Names of failed tests, where the runner prints them. */
  readonly failing: readonly string[];
  /** Files that the runner counted as passed although they hold no test. */
  readonly empty: readonly string[];
}

/** Reads one runner's output; `undefined` if there is none of it. */
export type OutcomeReader = (output: string) => TestOutcome | undefined;

/** An outcome with what is not given left empty. */
export function outcome(runner: string, known: Partial<Omit<TestOutcome, "runner">>): TestOutcome {
  return { runner, passed: 0, failed: 0, skipped: 0, passing: [], failing: [], empty: [], ...known };
}

/** Several outcomes as one: a command may run more than one runner, or one runner for each package. */
export function sumOutcomes(outcomes: readonly TestOutcome[]): TestOutcome | undefined {
  const [first, ...others] = outcomes;
  if (first === undefined) return undefined;
  return others.reduce(
    (sum, next) => ({
      runner: sum.runner === next.runner ? sum.runner : `${sum.runner}, ${next.runner}`,
      passed: sum.passed + next.passed,
      failed: sum.failed + next.failed,
      skipped: sum.skipped + next.skipped,
      passing: [...sum.passing, ...next.passing],
      failing: [...sum.failing, ...next.failing],
      empty: [...sum.empty, ...next.empty],
    }),
    first,
  );
}

/** Sum of what a pattern's first group says over all of its matches. */
export function sumMatches(text: string, pattern: RegExp): number {
  let sum = 0;
  // A copy: a global pattern that was tested before would go on from where it stopped.
  const flags = pattern.flags.includes("g") ? pattern.flags : `${pattern.flags}g`;
  const matches = text.matchAll(new RegExp(pattern.source, flags));
  for (const match of matches) sum += Number(match[1] ?? 0);
  return sum;
}
