import { outcome, sumMatches, type OutcomeReader, type TestOutcome } from "../outcome.ts";

const SUMMARY = /^(?:#|ℹ) (tests|pass|fail|cancelled|skipped|todo) (\d+)$/gm;
/** Node counts a file in which no test was registered as one passed test with the file's path as its name. */
const FILE_NAME = /^(?:[A-Za-z]:)?[\\/].*\.[cm]?[jt]sx?$|^[\w.@/\\-]+[\\/.](?:test|spec)\.[cm]?[jt]sx?$/;

/** Node's own test runner, with its `tap` or its `spec` reporter. */
export const readNodeTest: OutcomeReader = (output) => {
  const counts = new Map<string, number>();
  for (const [, name = "", count] of output.matchAll(SUMMARY))
    counts.set(name, (counts.get(name) ?? 0) + Number(count));
  if (!counts.has("tests") || !counts.has("pass") || !counts.has("fail")) return undefined;
  const count = (name: string): number => counts.get(name) ?? 0;
  const named = /^TAP version 1\d$/m.test(output) ? readTap(output) : readSpec(output);
  const empty = named.passing.filter((name) => FILE_NAME.test(name));
  return outcome("node:test", {
    // In TAP, what a test prints becomes a comment and could pass for the summary; the result lines cannot be printed.
    passed: (named.complete ? Math.min(count("pass"), named.passing.length) : count("pass")) - empty.length,
    failed: Math.max(count("fail") + count("cancelled"), named.failing.length),
    skipped: count("skipped") + count("todo"),
    passing: named.passing.filter((name) => !FILE_NAME.test(name)),
    failing: named.failing,
    empty,
  });
};

/** Any other program that writes the Test Anything Protocol. */
export const readAnyTap: OutcomeReader = (output) => {
  if (!/^TAP version 1\d$/m.test(output) && !/^1\.\.\d+/m.test(output)) return undefined;
  if (readNodeTest(output) !== undefined || !/^(?:not )?ok\b/m.test(output)) return undefined;
  const named = readTap(output);
  return outcome("TAP", {
    passed: named.passing.length,
    failed: named.failing.length + sumMatches(output, /^(Bail out!)/gm),
    skipped: named.skipped,
    passing: named.passing,
    failing: named.failing,
  });
};

type Named = Pick<TestOutcome, "passing" | "failing" | "skipped"> & { readonly complete: boolean };

interface Frame {
  readonly indent: number;
  readonly name: string;
}

/** Names of tests with those of the tests around them, `outer > inner`; suites themselves are left out. */
function readTap(output: string): Named {
  const passing: string[] = [];
  const failing: string[] = [];
  let skipped = 0;
  const open: Frame[] = [];
  const lines = output.split("\n");
  for (const [index, line] of lines.entries()) {
    const indent = line.length - line.trimStart().length;
    const subtest = /^\s*# Subtest: (.*)$/.exec(line);
    if (subtest?.[1] !== undefined) {
      while ((open.at(-1)?.indent ?? -1) >= indent) open.pop();
      open.push({ indent, name: unescape(subtest[1]) });
      continue;
    }
    const result = /^\s*(not )?ok\b(?: \d+)?(?: -)?(?: (.*?))?(?: # (SKIP|TODO|skip|todo)\b.*)?$/.exec(line);
    if (result === null) continue;
    const outer = open.filter((frame) => frame.indent < indent).map(({ name }) => name);
    const name = [...outer, unescape(result[2] ?? "")].join(" > ");
    if (isSuite(lines, index)) continue;
    if (result[3] !== undefined) skipped++;
    else if (result[1] === undefined) passing.push(name);
    else failing.push(name);
  }
  return { passing, failing, skipped, complete: !output.includes("bytes of output were cut") };
}

function isSuite(lines: readonly string[], index: number): boolean {
  for (const line of lines.slice(index + 1, index + 6)) {
    const text = line.trim();
    if (text === "type: 'suite'") return true;
    if (text === "..." || /^(?:not )?ok\b/.test(text)) return false;
  }
  return false;
}

/** The `spec` reporter: a tree by indentation, in which `▶` opens what has parts. */
function readSpec(output: string): Named {
  const passing: string[] = [];
  const failing: string[] = [];
  const open: Frame[] = [];
  for (const line of output.split("\n")) {
    // Failures are told again after the summary.
    if (/^ℹ tests \d+$/.test(line)) break;
    const match = /^(\s*)([▶✔✖]) (.*?)(?: \(\d+(?:\.\d+)?ms\))?(?: # (SKIP|TODO).*)?$/u.exec(line);
    if (match === null) continue;
    const [, space = "", mark, name = "", directive] = match;
    let closes = false;
    while ((open.at(-1)?.indent ?? -1) >= space.length) closes = open.pop()?.name === name && mark !== "▶";
    if (mark === "▶") open.push({ indent: space.length, name });
    // What has parts may be a suite, which is no test; its parts were told before.
    else if (directive === undefined && !closes)
      (mark === "✔" ? passing : failing).push([...open.map((frame) => frame.name), name].join(" > "));
  }
  return { passing, failing, skipped: 0, complete: false };
}

/** TAP writes `#` and a backslash in names with a backslash before them. */
function unescape(name: string): string {
  return name.replaceAll(/\\([#\\])/g, "$1");
}
