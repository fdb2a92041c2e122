import { describe, expect, test } from "vitest";
import type { GateJudgement, GateSubject, JsonObject } from "@mnemosyne/core";
import { Reviewer } from "@mnemosyne/reviewer";
import { commands, openProject, type Files } from "./project.ts";

async function judge(
  before: Files,
  edits: Files,
  settings: JsonObject,
  overrides: Partial<GateSubject> = {},
): Promise<GateJudgement> {
  await using project = await openProject(before, edits);
  const subject = await project.subject(overrides);
  const { gates } = await new Reviewer({ retryDelays: [] }).review(
    subject,
    [{ gate: "tests", with: settings }],
    { commands, signal: AbortSignal.timeout(60_000) },
  );
  if (gates[0] === undefined) throw new Error("no judgement");
  return gates[0];
}

/** Only what was done to the tests counts: there is no command to run them with. */
const changesOnly = async (
  before: Files,
  edits: Files,
  settings: JsonObject = {},
  overrides: Partial<GateSubject> = {},
): Promise<readonly string[]> => {
  const { findings } = await judge(before, edits, settings, overrides);
  return findings
    .filter(({ severity, rule }) => severity !== "note" && rule !== "tests.noCommand")
    .map(({ rule, severity }) => `${rule.replace("tests.", "")}:${severity}`);
};

const PASSING =
  'import test from "node:test";\nimport assert from "node:assert";\ntest("one", () => assert.equal(1 + 1, 2));\n';
const NODE = "node --test-reporter=tap a.test.mjs";

describe("a run", () => {
  test("that passes names its tests and counts them", async () => {
    await expect(judge({ "a.test.mjs": PASSING }, {}, { command: NODE })).resolves.toMatchObject({
      verdict: "pass",
      passed: ["one"],
      measured: { passed: 1, failed: 0, skipped: 0 },
      findings: [
        { rule: "tests.ran", severity: "note" },
        { rule: "tests.noCoverage", severity: "note" },
      ],
    });
  });

  test("that fails names the failed test, with what was expected", async () => {
    const failing = PASSING.replace("1 + 1, 2", "1 + 1, 3");
    const { verdict, findings, passed } = await judge(
      { "a.test.mjs": `${failing}test("two", () => assert.ok(Date.now()));\n` },
      {},
      { command: NODE },
    );
    expect({ verdict, passed }).toEqual({ verdict: "fail", passed: ["two"] });
    expect(findings).toMatchObject([
      {
        rule: "tests.failed",
        severity: "blocker",
        message: "The test 'one' fails.",
        evidence: expect.stringContaining("2 == 3"),
      },
    ]);
  });

  test("in which no test was run, or all were skipped, fails", async () => {
    const skipped = PASSING.replace("test(", "test.skip(");
    for (const [text, message] of [
      ["export {};\n", "No test was run."],
      [skipped, "Every test was skipped."],
    ] as const) {
      const { verdict, findings } = await judge(
        { "a.test.mjs": text },
        {},
        { command: "node --test --test-reporter=tap a.test.mjs" },
      );
      expect(verdict).toBe("fail");
      expect(findings[0]).toMatchObject({ rule: "tests.none", message });
    }
  });

  test("whose file ends before its tests fails", async () => {
    const early = PASSING.replace("test(", "if (Date.now() > 0) process.exit(0);\ntest(");
    const { verdict, findings } = await judge(
      { "a.test.mjs": early, "b.test.mjs": PASSING },
      {},
      { command: "node --test --test-reporter=tap" },
    );
    expect(verdict).toBe("fail");
    expect(findings).toContainEqual(
      expect.objectContaining({ rule: "tests.emptyFile", severity: "blocker", file: "a.test.mjs" }),
    );
  });

  test("that cannot be loaded fails", async () => {
    const { verdict, findings } = await judge(
      { "a.test.mjs": "import './gone.mjs';\n" },
      {},
      { command: NODE },
    );
    expect(verdict).toBe("fail");
    expect(findings[0]?.evidence).toContain("gone.mjs");
  });

  test("that does not end is stopped and fails", async () => {
    const { verdict, findings } = await judge({ "a.txt": "" }, {}, { command: "sleep 30", timeout: "200ms" });
    expect(verdict).toBe("fail");
    expect(findings[0]).toMatchObject({
      rule: "tests.timeout",
      message: expect.stringContaining("within 0.2 s"),
    });
  });

  test("whose command does not exist is inconclusive", async () => {
    await expect(judge({ "a.txt": "" }, {}, { command: "no-such-runner --all" })).resolves.toMatchObject({
      verdict: "inconclusive",
      findings: [{ rule: "tests.notRun" }],
    });
  });

  test("of an unknown runner is inconclusive, unless its exit code is to count alone", async () => {
    const command = "echo fine";
    await expect(judge({ "a.txt": "" }, {}, { command })).resolves.toMatchObject({
      verdict: "inconclusive",
      findings: [
        {
          rule: "tests.uncounted",
          severity: "blocker",
          message: expect.stringContaining("count: unchecked"),
        },
      ],
    });
    await expect(judge({ "a.txt": "" }, {}, { command, count: "unchecked" })).resolves.toMatchObject({
      verdict: "pass",
      passed: ["echo fine"],
    });
    await expect(
      judge({ "a.txt": "" }, {}, { command: "echo fine; exit 3", count: "unchecked" }),
    ).resolves.toMatchObject({ verdict: "fail", findings: [{ rule: "tests.exit" }] });
  });

  test("that says it passed with an exit code that says it did not fails", async () => {
    await expect(
      judge({ "a.txt": "" }, {}, { command: "printf '# tests 1\n# pass 1\n# fail 0\n'; exit 1" }),
    ).resolves.toMatchObject({ verdict: "fail", findings: [{ rule: "tests.exit" }] });
  });

  test("without a command is inconclusive and says how to give one; the plan's command is the default", async () => {
    await expect(judge({ "a.txt": "" }, {}, {})).resolves.toMatchObject({
      verdict: "inconclusive",
      findings: [{ rule: "tests.noCommand", message: expect.stringContaining("testCommand") }],
    });
    await expect(judge({ "a.test.mjs": PASSING }, {}, {}, { testCommand: NODE })).resolves.toMatchObject({
      verdict: "pass",
    });
  });
});

describe("what was done to the tests, in each language", () => {
  const PYTHON =
    "import pytest\n\ndef test_adds():\n    assert 1 + 1 == 2\n\ndef test_words():\n    assert 'a' == 'a'\n    assert 'b' == 'b'\n";
  const GO =
    'package a\n\nimport "testing"\n\nfunc TestAdds(t *testing.T) {\n\tif add(1, 1) != 2 {\n\t\tt.Fatal("no")\n\t}\n}\n\nfunc TestSubs(t *testing.T) {\n\tif sub(1, 1) != 0 {\n\t\tt.Error("no")\n\t}\n}\n';
  const RUST =
    "pub fn add(a: i32) -> i32 { a }\n\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn adds() {\n        assert_eq!(super::add(1), 1);\n    }\n    #[test]\n    fn more() {\n        assert!(super::add(2) > 1);\n    }\n}\n";
  const JAVA =
    "class MathTest {\n  @Test\n  void adds() {\n    assertEquals(2, add(1, 1));\n  }\n\n  @Test\n  void subtracts() {\n    assertEquals(0, sub(1, 1));\n  }\n}\n";
  const SUITE =
    'import { describe, it, expect } from "vitest";\n\ndescribe("sum", () => {\n  it("adds", () => {\n    expect(1 + 1).toBe(2);\n    expect(2 + 2).toBe(4);\n  });\n  it("subtracts", () => {\n    expect(1 - 1).toBe(0);\n  });\n});\n';

  test.each([
    [
      "python: removed",
      "test_a.py",
      PYTHON,
      PYTHON.replace(/def test_adds[\s\S]*?\n\n/, ""),
      ["removed:blocker"],
    ],
    [
      "python: skipped",
      "test_a.py",
      PYTHON,
      PYTHON.replace("def test_adds", '@pytest.mark.skip(reason="later")\ndef test_adds'),
      ["switchedOff:blocker"],
    ],
    [
      "python: expected to fail",
      "test_a.py",
      PYTHON,
      PYTHON.replace("def test_adds", "@pytest.mark.xfail\ndef test_adds"),
      ["switchedOff:blocker"],
    ],
    [
      "python: weakened",
      "test_a.py",
      PYTHON,
      PYTHON.replace("    assert 'b' == 'b'\n", ""),
      ["weakened:blocker"],
    ],
    [
      "python: a test that asserts nothing",
      "test_a.py",
      PYTHON,
      `${PYTHON}\ndef test_more():\n    print(1)\n`,
      ["noAssertion:blocker"],
    ],
    [
      "python: one more test",
      "test_a.py",
      PYTHON,
      `${PYTHON}\ndef test_more():\n    with pytest.raises(ValueError):\n        int('x')\n`,
      [],
    ],
    ["go: removed", "a_test.go", GO, GO.slice(0, GO.indexOf("\nfunc TestSubs")), ["removed:blocker"]],
    [
      "go: skipped",
      "a_test.go",
      GO,
      GO.replace("\tif add", '\tt.Skip("later")\n\tif add'),
      ["switchedOff:blocker"],
    ],
    [
      "go: one more test",
      "a_test.go",
      GO,
      `${GO}\nfunc TestMore(t *testing.T) {\n\trequire.Equal(t, 1, 1)\n}\n`,
      [],
    ],
    [
      "rust: removed",
      "src/lib.rs",
      RUST,
      RUST.replace(/ {4}#\[test\]\n {4}fn more[\s\S]*?\n {4}\}\n/, ""),
      ["removed:blocker"],
    ],
    [
      "rust: ignored",
      "src/lib.rs",
      RUST,
      RUST.replace("#[test]\n    fn adds", "#[test]\n    #[ignore]\n    fn adds"),
      ["switchedOff:blocker"],
    ],
    ["rust: the code changed, the tests did not", "src/lib.rs", RUST, RUST.replace("{ a }", "{ a + 0 }"), []],
    [
      "java: removed",
      "src/test/java/MathTest.java",
      JAVA,
      JAVA.replace(/\n {2}@Test\n {2}void subtracts[\s\S]*?\n {2}\}\n/, ""),
      ["removed:blocker"],
    ],
    [
      "java: disabled",
      "src/test/java/MathTest.java",
      JAVA,
      JAVA.replace("@Test\n  void adds", "@Disabled\n  @Test\n  void adds"),
      ["switchedOff:blocker"],
    ],
    [
      "vitest: skipped",
      "a.test.ts",
      SUITE,
      SUITE.replace('it("adds"', 'it.skip("adds"'),
      ["switchedOff:blocker"],
    ],
    [
      "vitest: a whole suite skipped",
      "a.test.ts",
      SUITE,
      SUITE.replace("describe(", "describe.skip("),
      ["switchedOff:blocker", "switchedOff:blocker"],
    ],
    ["vitest: xit", "a.test.ts", SUITE, SUITE.replace('it("adds"', 'xit("adds"'), ["switchedOff:blocker"]],
    [
      "vitest: only",
      "a.test.ts",
      SUITE,
      SUITE.replace('it("adds"', 'it.only("adds"'),
      ["switchedOff:blocker"],
    ],
    [
      "vitest: todo instead of the test",
      "a.test.ts",
      SUITE,
      SUITE.replace(/it\("subtracts"[\s\S]*?\}\);\n/, 'it.todo("subtracts");\n'),
      ["weakened:blocker", "switchedOff:blocker"],
    ],
    [
      "vitest: weakened",
      "a.test.ts",
      SUITE,
      SUITE.replace("    expect(2 + 2).toBe(4);\n", ""),
      ["weakened:blocker"],
    ],
    [
      "vitest: an assertion that cannot fail",
      "a.test.ts",
      SUITE,
      SUITE.replace("expect(2 + 2).toBe(4)", "expect(true).toBe(true)"),
      ["weakened:blocker"],
    ],
    [
      "vitest: another expectation",
      "a.test.ts",
      SUITE,
      SUITE.replace("toBe(4)", "toBe(5)"),
      ["expectationChanged:warning"],
    ],
    ["vitest: renamed", "a.test.ts", SUITE, SUITE.replace('it("adds"', 'it("adds two numbers"'), []],
    [
      "vitest: commented out",
      "a.test.ts",
      SUITE,
      SUITE.replace("    expect(2 + 2).toBe(4);\n", "    // expect(2 + 2).toBe(4);\n"),
      ["weakened:blocker"],
    ],
    [
      "vitest: written as a table",
      "a.test.ts",
      SUITE,
      SUITE.replace(
        "    expect(1 + 1).toBe(2);\n    expect(2 + 2).toBe(4);\n",
        "    for (const n of [1, 2]) expect(n + n).toBe(2 * n);\n",
      ),
      ["weakened:warning"],
    ],
    [
      "vitest: an unnecessary rewrite in another style",
      "a.test.ts",
      SUITE,
      SUITE.replaceAll("  it(", "  test(").replace("{ describe, it,", "{ describe, test,"),
      [],
    ],
    [
      "node:test: skipped by an option",
      "a.test.js",
      PASSING,
      PASSING.replace('"one", ', '"one", { skip: "later" }, '),
      ["switchedOff:blocker"],
    ],
    [
      "node:test: skipped from within",
      "a.test.js",
      PASSING,
      PASSING.replace("() => assert.equal(1 + 1, 2)", "(t) => {\n  t.skip();\n  assert.equal(1 + 1, 2);\n}"),
      ["switchedOff:blocker"],
    ],
    ["a helper's test was renamed with its file", "test/a.test.js", PASSING, undefined, ["removed:blocker"]],
  ])("%s", async (_name, file, before, after, expected) => {
    expect(await changesOnly({ [file]: before, "other.txt": "x" }, { [file]: after })).toEqual(expected);
  });

  test("a test file that moves keeps its tests", async () => {
    expect(
      await changesOnly(
        { "test/a.test.ts": SUITE },
        { "test/a.test.ts": undefined, "test/unit/sum.test.ts": SUITE },
      ),
    ).toEqual([]);
  });

  test("a skipped test that was skipped before is no new one", async () => {
    const off = SUITE.replace('it("adds"', 'it.skip("adds"');
    expect(
      await changesOnly({ "a.test.ts": off }, { "a.test.ts": off.replace("toBe(0)", "toEqual(0)") }),
    ).toEqual(["expectationChanged:warning"]);
  });

  test("a rewritten snapshot is worth a look", async () => {
    expect(
      await changesOnly(
        { "test/__snapshots__/a.test.ts.snap": "exports[`a`] = `1`;\n" },
        { "test/__snapshots__/a.test.ts.snap": "exports[`a`] = `2`;\n" },
      ),
    ).toEqual(["snapshotChanged:warning"]);
  });

  test("a test that asserts through a helper with an asserting name is one", async () => {
    const helper =
      'import { test } from "vitest";\nimport { assertSame, checkRoundTrip } from "./helpers.ts";\ntest("a", () => assertSame(1, f()));\ntest("b", () => checkRoundTrip(2));\n';
    expect(await changesOnly({ "a.txt": "" }, { "a.test.ts": helper })).toEqual([]);
  });
});

describe("tests that must stay as they are", () => {
  const before = { "test/a.test.mjs": PASSING, "test/data.json": "{}\n", "src/a.js": "1\n" };
  const edited = { "test/a.test.mjs": PASSING.replace("1 + 1, 2", "2, 2") };

  test.each([
    "Make the failing test pass without editing it.",
    "Fix the bug. Do not change the tests.",
    "Fix it; don't touch any tests.",
    "The tests must not be modified.",
    "Repair the parser and leave the tests unchanged.",
    "Make all specs green without modifying the test files.",
  ])("%s", async (instructions) => {
    expect(await changesOnly(before, edited, {}, { instructions })).toContain("edited:blocker");
    expect(await changesOnly(before, { "test/data.json": "{ }\n" }, {}, { instructions })).toEqual([
      "edited:blocker",
    ]);
    expect(
      await changesOnly(before, { "src/a.js": "2\n", "test/b.test.mjs": PASSING }, {}, { instructions }),
    ).toEqual([]);
  });

  test.each([
    "Change the tests to the new format.",
    "Update the code without changing its API, and add tests.",
    "Do not change the README. Rewrite the tests.",
  ])("%s", async (instructions) => {
    expect(await changesOnly(before, edited, {}, { instructions })).not.toContain("edited:blocker");
  });

  test("a constraint of the plan says so, too", async () => {
    expect(await changesOnly(before, edited, {}, { constraints: ["Never edit tests."] })).toContain(
      "edited:blocker",
    );
  });

  test("`protect` names files, `allow` lets rules go", async () => {
    expect(
      await changesOnly(before, { "src/a.js": "2\n", "test/data.json": "[]\n" }, { protect: ["test/**"] }),
    ).toEqual(["protected:blocker"]);
    expect(await changesOnly(before, { "test/a.test.mjs": undefined })).toEqual(["removed:blocker"]);
    expect(await changesOnly(before, { "test/a.test.mjs": undefined }, { allow: ["tests.removed"] })).toEqual(
      [],
    );
  });
});

describe("the command's own script", () => {
  const manifest = (scripts: JsonObject): string => JSON.stringify({ name: "a", scripts });
  const change = (before: JsonObject, after: JsonObject, command: string): Promise<GateJudgement> =>
    judge(
      { "package.json": manifest(before), "bin/npm": "#!/bin/sh\nexit 0\n" },
      { "package.json": manifest(after) },
      { command: `true || ${command}`, count: "unchecked" },
    );

  test("may not be changed by what it judges", async () => {
    for (const [before, after, command] of [
      [{ test: "node --test" }, { test: "true" }, "npm test"],
      [{ unit: "vitest run" }, { unit: "vitest run --passWithNoTests" }, "npm run unit"],
      [{ test: "node --test" }, {}, "npm t"],
      [{ test: "node --test" }, { test: "node --test", pretest: "rm -r test" }, "npm test"],
    ] as const)
      expect((await change(before, after, command)).findings).toContainEqual(
        expect.objectContaining({ rule: "tests.commandChanged", severity: "blocker" }),
      );
  });

  test("may be written where there was none", async () => {
    for (const before of [{}, { test: 'echo "Error: no test specified" && exit 1' }])
      expect((await change(before, { test: "node --test" }, "npm test")).verdict).toBe("pass");
    expect((await change({ test: "a", lint: "b" }, { test: "a", lint: "c" }, "npm test")).verdict).toBe(
      "pass",
    );
  });
});

describe("coverage of the changed lines", () => {
  const lcov = (hits: readonly number[]): string =>
    `SF:src/a.js\n${hits.map((count, index) => `DA:${index + 1},${count}`).join("\n")}\nend_of_record\n`;
  const before = { "src/a.js": "one();\n", "a.test.mjs": PASSING };
  const edits = { "src/a.js": "one();\ntwo();\nthree();\nfour();\nfive();\n" };
  const run = (hits: readonly number[], settings: JsonObject = {}): Promise<GateJudgement> =>
    judge(before, edits, {
      command: `mkdir -p coverage; printf '${lcov(hits)}' > coverage/lcov.info; ${NODE}`,
      ...settings,
    });

  test("passes where tests run enough of them, and blocks where not, naming the lines", async () => {
    expect((await run([1, 1, 1, 1, 0])).verdict).toBe("pass");
    const { verdict, findings } = await run([1, 1, 1, 0, 0]);
    expect(verdict).toBe("fail");
    expect(findings).toContainEqual(
      expect.objectContaining({
        rule: "tests.coverage",
        severity: "blocker",
        file: "src/a.js",
        line: 4,
        evidence: "lines not run: 4, 5 (coverage/lcov.info)",
      }),
    );
  });

  test("asks for what the plan says, by file if it does", async () => {
    expect((await run([1, 1, 1, 0, 0], { coverage: 50 })).verdict).toBe("pass");
    expect((await run([1, 1, 1, 1, 0], { coverage: { all: 50, "src/**": 90 } })).verdict).toBe("fail");
    expect((await run([1, 1, 1, 1, 0], { coverage: { all: 50, "lib/**": 90 } })).verdict).toBe("pass");
    expect((await run([1, 1, 1, 1, 0], { coverage: "most" })).verdict).toBe("error");
  });

  test("is only a note where there is no report, unless the plan asks for it; an old report is none", async () => {
    const none = await judge(before, edits, { command: NODE, coverage: 70 });
    expect(none).toMatchObject({
      verdict: "fail",
      findings: [{ rule: "tests.ran" }, { rule: "tests.noCoverage", severity: "blocker" }],
    });
    const old = { ...before, "coverage/lcov.info": lcov([1, 0, 0, 0, 0]) };
    const stale = await judge(old, edits, { command: `touch -t 202001010000 coverage/lcov.info; ${NODE}` });
    expect(stale.findings).toContainEqual(
      expect.objectContaining({ rule: "tests.noCoverage", severity: "note" }),
    );
  });

  test("reads Istanbul's JSON, with absolute paths", async () => {
    const report = `{"'$PWD'/src/a.js":{"path":"'$PWD'/src/a.js","statementMap":{"0":{"start":{"line":2}},"1":{"start":{"line":3}}},"s":{"0":0,"1":0}}}`;
    const { verdict } = await judge(before, edits, {
      command: `mkdir -p coverage; echo '${report}' > coverage/coverage-final.json; ${NODE}`,
    });
    expect(verdict).toBe("fail");
  });
});
