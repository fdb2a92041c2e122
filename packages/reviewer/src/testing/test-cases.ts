import { isScript, languageOf } from "../source/language.ts";
import { readSource } from "../source/source-text.ts";
import { evenOut } from "../source/even-out.ts";
import { readScriptTests } from "./script-tests.ts";
import type { TestCase } from "./test-case.ts";

/** The tests of a source file, in JavaScript, TypeScript, Python, Go, Rust, Ruby, Java and their kin. */
export function readTestCases(path: string, text: string): readonly TestCase[] {
  const fromTree = isScript(path) ? readScriptTests(path, text) : undefined;
  return fromTree ?? readByLine(path, text);
}

interface LineRules {
  /** Start of a test; its first group is the name. */
  readonly start: RegExp;
  readonly assertion: RegExp;
  /** On the lines just before the start, or in the body. */
  readonly skip: RegExp;
  readonly only?: RegExp;
}

const SCRIPT: LineRules = {
  start: /^\s*(?:[xf]?it|[xf]?test|specify)(?:\.\w+)*\s*\(\s*(.*)$/,
  assertion: /\b(?:expect|assert\w*|should|t\.(?:is|equal|ok|true|false|throws|deepEqual))\b/,
  skip: /^\s*(?:(?:it|test|describe|suite)\.(?:skip|todo)|x(?:it|test|describe))\b/,
  only: /^\s*(?:(?:it|test|describe|suite)\.only|f(?:it|describe))\b/,
};
const PYTHON: LineRules = {
  start: /^\s*(?:async\s+)?def (test\w*)\s*\(/,
  assertion:
    /^\s*assert\b|\bself\.(?:assert\w+|fail)\s*\(|\bpytest\.(?:raises|warns|fail|approx)\b|\bassert_\w+\s*\(/,
  skip: /^\s*@(?:pytest\.mark\.(?:skip|skipif|xfail)|unittest\.(?:skip\w*|expectedFailure))\b|^\s*(?:pytest\.skip|self\.skipTest|pytest\.xfail)\s*\(/,
};
const GO: LineRules = {
  start: /^func (Test\w*|Fuzz\w*)\s*\(/,
  assertion: /\b[tb]\.(?:Error|Errorf|Fatal|Fatalf|Fail|FailNow)\s*\(|\b(?:assert|require|is|cmp)\.\w+\s*\(/,
  skip: /\b[tb]\.(?:Skip|Skipf|SkipNow)\s*\(/,
};
const RUST: LineRules = {
  start: /^\s*(?:pub\s+)?(?:async\s+)?fn (\w+)\s*\(\s*\)/,
  assertion: /\b(?:assert\w*|panic|prop_assert\w*)!\s*[([{]|#\[should_panic/,
  skip: /^\s*#\[ignore\b/,
};
const JVM: LineRules = {
  start:
    /^\s*(?:public |private |protected |internal )?(?:static |async |suspend |fun )*[\w<>[\], ]*?\b(\w+|`[^`]+`)\s*\([^)]*\)[^;]*\{?\s*$/,
  assertion: /\b(?:assert\w*|verify|expect\w*|fail|should\w*)\s*[(.{]|\bAssert\.\w+/,
  skip: /^\s*@(?:Disabled|Ignore)\b|^\s*\[Ignore\b|\bSkip\s*=\s*"/,
};
const RUBY: LineRules = {
  start: /^\s*(?:def (test_\w+)|(?:f|x)?(?:it|test|specify)\s+["'](.+?)["'])/,
  assertion: /\b(?:assert\w*|refute\w*|expect|must_\w+|should)\b/,
  skip: /^\s*(?:x(?:it|describe|context)\b|skip\b|pending\b)/,
  only: /^\s*f(?:it|describe|context)\b/,
};

function rulesFor(path: string): LineRules | undefined {
  const language = languageOf(path)?.name;
  if (language === "javascript") return SCRIPT;
  if (language === "python") return PYTHON;
  if (language === "go") return GO;
  if (language === "rust") return RUST;
  if (/\.(?:java|kt|kts|scala|cs)$/.test(path)) return JVM;
  if (path.endsWith(".rb")) return RUBY;
  return undefined;
}

/** Without a tree: a test reaches from its start to the next one's. */
function readByLine(path: string, text: string): readonly TestCase[] {
  const rules = rulesFor(path);
  if (rules === undefined) return [];
  const lines = readSource(path, text).uncommented.split("\n");
  const starts: { index: number; head: number; name: string }[] = [];
  for (const [index, line] of lines.entries()) {
    const match = rules.start.exec(line);
    if (match === null) continue;
    const head = decorationStart(lines, index);
    if (!isMarkedAsTest(rules, lines.slice(head, index))) continue;
    starts.push({ index, head, name: match.slice(1).find(Boolean) ?? "" });
  }
  return starts.map(({ index, head, name }, position) => {
    const body = lines.slice(head, starts[position + 1]?.head ?? lines.length);
    const off = body.some((line) => rules.skip.test(line))
      ? "skip"
      : rules.only !== undefined && body.some((line) => rules.only?.test(line) === true)
        ? "only"
        : undefined;
    return {
      name,
      line: index + 1,
      body: body.join("\n"),
      assertions: body.filter((line) => rules.assertion.test(line) && !isTrivial(line)).map(evenOut),
      ...(off === undefined ? {} : { off }),
    };
  });
}

/** Where the decorators, attributes or annotations above a declaration begin. */
function decorationStart(lines: readonly string[], index: number): number {
  let head = index;
  while (head > 0 && /^\s*(?:@|#\[|\[[A-Z])/.test(lines[head - 1] ?? "")) head--;
  return head;
}

function isMarkedAsTest(rules: LineRules, decorations: readonly string[]): boolean {
  if (rules === RUST)
    return decorations.some((line) => /#\[(?:\w+::)*(?:test|rstest|test_case)\b/.test(line));
  if (rules === JVM)
    return decorations.some((line) =>
      /@(?:\w+\.)*(?:Test|ParameterizedTest)\b|\[(?:Fact|Theory|Test|TestMethod)\b/.test(line),
    );
  return true;
}

function isTrivial(line: string): boolean {
  return /^\s*assert\s+(?:True|1|1\s*==\s*1)\s*(?:,.*)?$|\bassert(?:True|_?!?)?\s*\(\s*(?:true|True|1)\s*\)|\bassertEqual\((\w+|"[^"]*"),\s*\1\)/.test(
    line,
  );
}
