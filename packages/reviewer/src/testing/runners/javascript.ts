import { outcome, sumMatches, type OutcomeReader } from "../outcome.ts";

/** `1 failed | 2 passed | 1 skipped (4)` of vitest, and `1 failed, 2 passed, 3 total` of jest. */
function countsOf(summary: string): { passed: number; failed: number; skipped: number } {
  return {
    passed: sumMatches(summary, /(\d+) passed/g),
    failed: sumMatches(summary, /(\d+) failed/g),
    skipped: sumMatches(summary, /(\d+) (?:skipped|todo|pending)/g),
  };
}

const linesMatching = (output: string, pattern: RegExp): string[] =>
  [...output.matchAll(pattern)].map((match) => match[1] ?? "");

/** Names that a reporter marks with `✓` or `✗`, without their durations. */
function marked(output: string, marks: string): string[] {
  return linesMatching(
    output,
    new RegExp(`^[ \\t]*[${marks}] (.+?)(?:\\s+\\(?\\d+(?:\\.\\d+)? ?m?s\\)?)?$`, "gmu"),
  );
}

/** Vitest's default, verbose and dot reporters. */
export const readVitest: OutcomeReader = (output) => {
  const summaries = linesMatching(output, /^ {2,}Tests {2}(\d.*|no tests)$/gm);
  const files = linesMatching(output, /^ {1,}Test Files {2}(\d.*|no tests)$/gm);
  if (summaries.length === 0 && !/^No test files found/m.test(output)) return undefined;
  const counts = countsOf(summaries.join("\n"));
  return outcome("vitest", {
    ...counts,
    // A file that could not even be loaded has no failed test of its own.
    failed: Math.max(counts.failed, countsOf(files.join("\n")).failed),
    // A line of a whole file ends with its number of tests and is not a test's name.
    passing: marked(output, "✓").filter((name) => !/\(\d+ tests?/.test(name)),
    failing: [...new Set(linesMatching(output, /^ FAIL {2}(.+? > .+)$/gm))],
  });
};

/** Jest's default and verbose reporters. */
export const readJest: OutcomeReader = (output) => {
  const summaries = linesMatching(output, /^Tests: +(.*total)$/gm);
  if (summaries.length === 0 && !/^No tests found, exiting/m.test(output)) return undefined;
  const counts = countsOf(summaries.join("\n"));
  const suites = countsOf(linesMatching(output, /^Test Suites: +(.*total)$/gm).join("\n"));
  return outcome("jest", {
    ...counts,
    failed: Math.max(counts.failed, suites.failed),
    passing: marked(output, "✓√"),
    failing: [...new Set(linesMatching(output, /^ {2}● (.+)$/gm))],
  });
};

/** The JSON that jest and vitest write with `--json` or `--reporter=json`. */
export const readJestJson: OutcomeReader = (output) => {
  const line = output.split("\n").find((text) => text.startsWith("{") && text.includes('"numTotalTests"'));
  const start = line === undefined ? output.search(/^\{\s*\n\s*"num/m) : output.indexOf(line);
  if (start < 0) return undefined;
  const report = parseReport(line ?? output.slice(start, output.lastIndexOf("}") + 1));
  if (report === undefined) return undefined;
  const results = report.testResults.flatMap(({ assertionResults }) => assertionResults ?? []);
  const names = (status: string): string[] =>
    results
      .filter((result) => result.status === status)
      .map(({ fullName, title }) => fullName ?? title ?? "");
  return outcome("jest json", {
    passed: report.numPassedTests,
    failed:
      report.numFailedTests +
      report.testResults.filter(
        ({ status, assertionResults }) => status === "failed" && (assertionResults ?? []).length === 0,
      ).length,
    skipped: (report.numPendingTests ?? 0) + (report.numTodoTests ?? 0),
    passing: names("passed"),
    failing: names("failed"),
  });
};

interface JestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests?: number;
  readonly numTodoTests?: number;
  readonly testResults: readonly {
    readonly status?: string;
    readonly assertionResults?: readonly {
      readonly status: string;
      readonly fullName?: string;
      readonly title?: string;
    }[];
  }[];
}

function parseReport(text: string): JestReport | undefined {
  let value: Partial<JestReport>;
  try {
    value = JSON.parse(text) as Partial<JestReport>;
  } catch {
    // Output that merely looks like a report: another reader, or none, knows it.
    return undefined;
  }
  const { numPassedTests, numFailedTests, testResults } = value;
  if (typeof numPassedTests !== "number" || typeof numFailedTests !== "number" || !Array.isArray(testResults))
    return undefined;
  return { ...value, numPassedTests, numFailedTests, testResults };
}

/** Mocha's spec, dot and min reporters. */
export const readMocha: OutcomeReader = (output) => {
  const pattern = /^ {2}(\d+) passing(?: \(\S+\))?$/gm;
  if (!pattern.test(output)) return undefined;
  return outcome("mocha", {
    passed: sumMatches(output, pattern),
    failed: sumMatches(output, /^ {2}(\d+) failing$/gm),
    skipped: sumMatches(output, /^ {2}(\d+) pending$/gm),
    passing: marked(output, "✔✓√"),
    failing: linesMatching(output, /^ {4,}\d+\) (.+)$/gm),
  });
};

/** `bun test`. */
export const readBun: OutcomeReader = (output) => {
  if (!/^Ran \d+ tests? across \d+ files?/m.test(output)) return undefined;
  return outcome("bun", {
    passed: sumMatches(output, /^ *(\d+) pass$/gm),
    failed: sumMatches(output, /^ *(\d+) (?:fail|errors?)$/gm),
    skipped: sumMatches(output, /^ *(\d+) (?:skip|todo)$/gm),
    passing: linesMatching(output, /^\(pass\) (.+?)(?: \[[\d.]+ms\])?$/gm),
    failing: linesMatching(output, /^\(fail\) (.+?)(?: \[[\d.]+ms\])?$/gm),
  });
};

/** `deno test`. */
export const readDeno: OutcomeReader = (output) => {
  const pattern = /^(?:ok|FAILED) \| (\d+) passed[^|]*\| (\d+) failed/gm;
  if (!pattern.test(output)) return undefined;
  return outcome("deno", {
    passed: sumMatches(output, /^(?:ok|FAILED) \| (\d+) passed/gm),
    failed: sumMatches(output, /^(?:ok|FAILED) \| \d+ passed[^|]*\| (\d+) failed/gm),
    skipped: sumMatches(output, /^(?:ok|FAILED) \|.*\| (\d+) ignored/gm),
    passing: linesMatching(output, /^(.+?) \.\.\. ok(?: \(.*\))?$/gm),
    failing: linesMatching(output, /^(.+?) \.\.\. FAILED(?: \(.*\))?$/gm),
  });
};
