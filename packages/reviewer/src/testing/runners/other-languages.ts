import { outcome, sumMatches, type OutcomeReader } from "../outcome.ts";

const names = (output: string, pattern: RegExp): string[] =>
  [...output.matchAll(pattern)].map((match) => match.slice(1).filter(Boolean).join(" > "));

/** Pytest, with or without `-q` and `-v`. */
export const readPytest: OutcomeReader = (output) => {
  const summaries = [
    ...output.matchAll(/^(?:=+ )?((?:\d+ [a-z]+(?:, )?)+|no tests ran) in [\d.]+s(?: \(.*\))?(?: =+)?$/gm),
  ].map((match) => match[1] ?? "");
  if (summaries.length === 0) return undefined;
  const summary = summaries.join("\n");
  return outcome("pytest", {
    passed: sumMatches(summary, /(\d+) (?:passed|xpassed)/g),
    failed: sumMatches(summary, /(\d+) (?:failed|errors?)/g),
    skipped: sumMatches(summary, /(\d+) (?:skipped|xfailed|deselected)/g),
    passing: names(output, /^(\S+::\S.*?) PASSED\b/gm),
    failing: [...new Set(names(output, /^(?:FAILED|ERROR) (\S+::\S+)/gm))],
  });
};

/** Python's `unittest`. */
export const readUnittest: OutcomeReader = (output) => {
  const pattern = /^Ran (\d+) tests? in [\d.]+s$/gm;
  if (!pattern.test(output)) return undefined;
  const ran = sumMatches(output, pattern);
  const failed =
    sumMatches(output, /^FAILED \(.*?failures=(\d+)/gm) + sumMatches(output, /^FAILED \(.*?errors=(\d+)/gm);
  const skipped = sumMatches(output, /^(?:OK|FAILED) \(.*?skipped=(\d+)/gm);
  return outcome("unittest", {
    passed: Math.max(0, ran - failed - skipped),
    failed,
    skipped,
    passing: names(output, /^(\w+) \(([\w.]+)\)(?:\n.*)? \.\.\. ok$/gm),
    failing: names(output, /^(?:FAIL|ERROR): (\w+) \(([\w.]+)\)/gm),
  });
};

/** `go test`: without `-v` it tells packages only, and each of them counts as one. */
export const readGo: OutcomeReader = (output) => {
  const packages = [...output.matchAll(/^(ok|FAIL|---|\?)\s+(\S+)\s+(.*)$/gm)].filter(
    (match) => match[1] !== "---",
  );
  const verbose = /^[ \t]*--- (?:PASS|FAIL|SKIP): /m.test(output);
  const goPackages = packages.filter((match) => /^(?:\(cached\)|[\d.]+s|\[)/.test(match[3] ?? ""));
  if (goPackages.length === 0 && !verbose) return undefined;
  const passing = names(output, /^[ \t]*--- PASS: (\S+)/gm);
  const failing = names(output, /^[ \t]*--- FAIL: (\S+)/gm);
  const ran = goPackages.filter((match) => !/\[no (?:test files|tests to run)\]/.test(match[3] ?? ""));
  const failedPackages = ran.filter((match) => match[1] === "FAIL").length;
  return outcome("go test", {
    passed: passing.length > 0 ? passing.length : ran.filter((match) => match[1] === "ok").length,
    failed: Math.max(failing.length, failedPackages),
    skipped: sumMatches(output.replaceAll(/^[ \t]*--- SKIP: .*$/gm, "skip 1"), /^skip (1)$/gm),
    passing,
    failing,
  });
};

/** `cargo test`. */
export const readCargo: OutcomeReader = (output) => {
  if (!/^test result: /m.test(output)) return undefined;
  return outcome("cargo test", {
    passed: sumMatches(output, /^test result: .*?(\d+) passed/gm),
    failed: sumMatches(output, /^test result: .*?(\d+) failed/gm),
    skipped: sumMatches(output, /^test result: .*?(\d+) ignored/gm),
    passing: names(output, /^test (.+?) \.\.\. ok$/gm),
    failing: names(output, /^test (.+?) \.\.\. FAILED$/gm),
  });
};

/** RSpec. */
export const readRspec: OutcomeReader = (output) => {
  const pattern = /^(\d+) examples?, \d+ failures?/gm;
  if (!pattern.test(output)) return undefined;
  const failed = sumMatches(output, /^\d+ examples?, (\d+) failures?/gm);
  const skipped = sumMatches(output, /^\d+ examples?, .*?(\d+) pending/gm);
  return outcome("rspec", {
    passed: sumMatches(output, pattern) - failed - skipped,
    failed,
    skipped,
    failing: names(output, /^rspec \S+ # (.+)$/gm),
  });
};

/** Surefire and Gradle's printed totals. */
export const readJunit: OutcomeReader = (output) => {
  // Surefire repeats the sum of all classes in a line without a class's time.
  const pattern = /^(?:\[\w+\] )?Tests run: (\d+), Failures: (\d+), Errors: (\d+), Skipped: (\d+)$/gm;
  const [totals] = [...output.matchAll(pattern)].slice(-1);
  if (totals === undefined) return undefined;
  const [ran = 0, failures = 0, errors = 0, skipped = 0] = totals.slice(1).map(Number);
  return outcome("junit", { passed: ran - failures - errors - skipped, failed: failures + errors, skipped });
};
