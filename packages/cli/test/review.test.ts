import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CommandFolder, type Called } from "./command.ts";
import { commit, git, hasProgram, makeRepository, writeFiles } from "./repository-folder.ts";

interface Finding {
  readonly rule: string;
  readonly severity: string;
  readonly file?: string;
  readonly line?: number;
  readonly message: string;
}

interface Review {
  readonly verdict: string;
  readonly gates: readonly {
    readonly gate: string;
    readonly verdict: string;
    readonly findings: readonly Finding[];
  }[];
  readonly base: { readonly commit: string | null; readonly from: string };
  readonly changes: number;
  readonly testCommand: string | null;
}

const PROJECT = {
  "package.json": JSON.stringify({ name: "sum", type: "module", scripts: { test: "node --test" } }),
  "src/sum.js": "/** Adds. */\nexport const sum = (a, b) => a + b;\n",
  "test/sum.test.js":
    'import assert from "node:assert/strict";\nimport { test } from "node:test";\nimport { sum } from "../src/sum.js";\n\ntest("adds", () => {\n  assert.equal(sum(2, 3), 5);\n});\n',
  ".gitignore": "node_modules/\n.env\n",
  ".env": "TOKEN=1\n",
};

let folder: CommandFolder;
let project: string;
beforeEach(async () => {
  folder = await CommandFolder.make();
  project = path.join(folder.path, "project");
});
afterEach(async () => {
  await folder.remove();
});

async function review(...args: readonly string[]): Promise<Called & { readonly review: Review }> {
  const called = await folder.call(
    "review",
    "--workspace",
    "project",
    "--format",
    "json",
    "--quiet",
    ...args,
  );
  expect(called.lines).toHaveLength(1);
  return { ...called, review: called.lines[0] as unknown as Review };
}

const blockers = ({ gates }: Review): readonly string[] =>
  gates.flatMap(({ findings }) =>
    findings.filter(({ severity }) => severity === "blocker").map(({ rule }) => rule),
  );

describe("what changes count from", () => {
  test("uncommitted work is judged against HEAD, and ignored files are none", async () => {
    makeRepository(project, PROJECT);
    writeFiles(project, { "src/sum.js": "/** Adds. */\nexport const sum = (a, b) => a - b;\n" });
    const { code, review: result } = await review();
    expect(code).toBe(1);
    expect(result).toMatchObject({
      verdict: "fail",
      changes: 1,
      base: { from: "head", commit: git(project, "rev-parse", "HEAD").trim() },
      testCommand: "npm test",
    });
    expect(blockers(result)).toEqual(["tests.failed"]);
    expect(existsSync(path.join(project, ".mnemosyne"))).toBe(false);
  });

  test("committed work is judged against the merge base with upstream, in a subfolder of the repository too", async () => {
    const top = path.join(folder.path, "top");
    makeRepository(top, { "README.md": "# All\n" });
    git(top, "branch", "-q", "trunk");
    git(top, "checkout", "-q", "-b", "work", "--track", "trunk");
    writeFiles(path.join(top, "project"), PROJECT);
    commit(top, "second");
    const called = await folder.call("review", "--workspace", "top/project", "--format", "json", "--quiet");
    const result = called.lines[0] as unknown as Review;
    expect(result.base).toEqual({ from: "upstream", commit: git(top, "rev-parse", "trunk").trim() });
    // .gitignore, package.json, source and test; .env is ignored, README.md lies outside.
    expect(result.changes).toBe(4);
    expect(blockers(result)).toEqual([]);
    expect(called.code).toBe(0);
  });

  test("a revision that is asked for", async () => {
    makeRepository(project, PROJECT);
    writeFiles(project, { "src/sum.js": "// TODO negative numbers\nexport const sum = (a, b) => a + b;\n" });
    commit(project, "second");
    writeFiles(project, { "docs/notes.md": "Nothing yet.\n" });
    expect((await review("--gates", "noTodos")).code).toBe(0);
    const { code, review: result } = await review("--gates", "noTodos", "--base", "HEAD~1");
    expect(code).toBe(1);
    expect(result).toMatchObject({ base: { from: "flag" }, changes: 2 });
    expect(result.gates[0]?.findings[0]).toMatchObject({
      rule: "noTodos.marker",
      file: "src/sum.js",
      line: 1,
    });
  });

  test("deleted, moved and relinked files, and those that git filters, are seen as they were", async () => {
    makeRepository(project, {
      ...PROJECT,
      ".gitattributes": "*.txt filter=shout text eol=crlf\n",
      "a.txt": "one\r\ntwo\r\n",
      "test/old.test.js":
        'import { test } from "node:test";\nimport assert from "node:assert";\ntest("holds", () => assert.ok(Math.PI));\n',
    });
    git(project, "config", "filter.shout.smudge", "touch SMUDGED; cat");
    git(project, "config", "filter.shout.clean", "touch CLEANED; cat");
    writeFiles(project, { "test/old.test.js": undefined });
    const { review: result } = await review();
    expect(result.changes).toBe(1);
    expect(blockers(result)).toEqual(["tests.removed"]);
    expect(existsSync(path.join(project, "CLEANED"))).toBe(false);
  });

  test("without commits or without git everything is new", async () => {
    writeFiles(project, PROJECT);
    const plain = (await review()).review;
    expect(plain).toMatchObject({ verdict: "pass", changes: 4, base: { from: "empty", commit: null } });
    git(project, "init", "-q");
    expect((await review()).review).toMatchObject({ verdict: "pass", changes: 4, base: { from: "empty" } });
  });
});

describe("what it is told", () => {
  test.each([
    [["--base", "nowhere"], "base"],
    [["--base", "--output=pwned"], "base"],
    [["--gates", "tests,vibes"], "gates"],
    [["--gates", ","], "gates"],
    [["--report", "missing.md"], "report"],
    [["--format", "xml"], "format"],
    [["--json", "--format", "sarif"], "format"],
    [["--workspace", "missing"], "workspace"],
  ])("refuses %j, naming it", async (args, field) => {
    makeRepository(project, PROJECT);
    const { code, lines } = await folder.call("review", "--workspace", "project", "--json", ...args);
    expect(code).toBe(2);
    expect(lines.at(-1)).toMatchObject({ error: { code: "E_INPUT", path: field } });
  });

  test("an unknown runner counts by its exit code, and the finding says so", async () => {
    makeRepository(project, PROJECT);
    const passed = await review("--gates", "tests", "--test-command", "node -e 'process.exit(0)'");
    expect(passed.review.gates[0]?.findings.map(({ rule }) => rule)).toContain("tests.unchecked");
    expect(passed.code).toBe(0);
    expect((await review("--gates", "tests", "--test-command", "node -e 'process.exit(3)'")).code).toBe(1);
  });

  test("where nothing says how to test, nothing is called tested", async () => {
    makeRepository(project, { "notes.md": "# Notes\n" });
    const { code, review: result } = await review();
    expect(result.verdict).toBe("inconclusive");
    expect(code).toBe(1);
    expect(blockers(result)).toEqual(["tests.noCommand"]);
    expect((await review("--gates", "facts,noTodos")).code).toBe(0);
  });

  test("a report's claims are looked up against the files and the tests that were run", async () => {
    makeRepository(project, PROJECT);
    writeFiles(project, { "src/sum.js": "/** Adds numbers. */\nexport const sum = (a, b) => a + b;\n" });
    await folder.write(
      "true.md",
      "I reworded the comment in `src/sum.js`. I ran `npm test` and 1 test passes.\n",
    );
    await folder.write("false.md", "I changed `src/summe.js`. All 7 tests pass.\n");
    expect((await review("--report", "true.md")).review.verdict).toBe("pass");
    const { review: result } = await review("--report", "false.md");
    expect(blockers(result).toSorted()).toEqual(["facts.path", "facts.testCount"]);
  });

  test("a test command that rewrites what is judged is not believed", async () => {
    makeRepository(project, PROJECT);
    writeFiles(project, { "src/sum.js": "/** Adds. */\nexport const sum = (a, b) => a - b;\n" });
    const fixer = "sed -i.bak 's/a - b/a + b/' src/sum.js && rm src/sum.js.bak && node --test";
    const { code, review: result } = await review("--gates", "tests", "--test-command", fixer);
    expect(result.verdict).toBe("inconclusive");
    expect(code).toBe(1);
    expect(blockers(result)).toEqual(["review.changedMeanwhile"]);
  });
});

describe("formats", () => {
  beforeEach(() => {
    makeRepository(path.join(folder.path, "all"), { "README.md": "# All\n" });
    project = path.join(folder.path, "all", "pro ject");
    writeFiles(project, {
      ...PROJECT,
      "src/sum.js": "// TODO: 100% of it, later\nexport const sum = (a, b) => a + b;\n",
    });
  });

  test("SARIF names files from the repository's top", async () => {
    const { code, lines } = await folder.call(
      "review",
      "--workspace",
      "all/pro ject",
      "--gates",
      "noTodos",
      "--format",
      "sarif",
    );
    expect(code).toBe(1);
    expect(lines[0]).toMatchObject({
      version: "2.1.0",
      runs: [
        {
          tool: { driver: { name: "mnemosyne", rules: [{ id: "noTodos.marker" }] } },
          results: [
            {
              ruleId: "noTodos.marker",
              level: "error",
              locations: [
                {
                  physicalLocation: {
                    artifactLocation: { uri: "pro%20ject/src/sum.js", uriBaseId: "SRCROOT" },
                    region: { startLine: 1 },
                  },
                },
              ],
            },
          ],
        },
      ],
    });
  });

  test("annotations and text", async () => {
    const github = await folder.call(
      "review",
      "--workspace",
      "all/pro ject",
      "--gates",
      "noTodos",
      "--format",
      "github",
      "--quiet",
    );
    expect(github.stdout).toContain(
      "::error file=pro ject/src/sum.js,line=1,title=noTodos.marker::A TODO was left behind.",
    );
    expect(github.stdout).toContain("%0A// TODO: 100%25 of it, later");
    const text = await folder.call("review", "--workspace", "all/pro ject", "--gates", "noTodos");
    expect(text.stdout).toMatch(/fail {9}noTodos\n {2}blocker src\/sum\.js:1 .*\n/);
    expect(text.stdout.trimEnd().split("\n").at(-1)).toBe("verdict: fail");
    expect(text.stderr).toContain("noTodos: fail");
  });
});

const PYTHON = {
  "calc.py": '"""Sums."""\n\n\ndef total(values):\n    """Adds them."""\n    return sum(values)\n',
};
const BUGGY = '"""Sums."""\n\n\ndef total(values):\n    """Adds them."""\n    return max(values)\n';

describe("Python", () => {
  test.skipIf(!hasProgram("python3", "-c", "import pytest"))("pytest", async () => {
    makeRepository(project, {
      ...PYTHON,
      "test_calc.py": "from calc import total\n\n\ndef test_total():\n    assert total([1, 2]) == 3\n",
    });
    expect((await review()).review).toMatchObject({ verdict: "pass", testCommand: "python3 -m pytest" });
    writeFiles(project, { "calc.py": BUGGY });
    const { code, review: result } = await review();
    expect(code).toBe(1);
    expect(blockers(result)).toEqual(["tests.failed"]);
    expect(existsSync(path.join(project, "__pycache__"))).toBe(false);
  });

  test.skipIf(!hasProgram("python3", "-c", "import unittest"))("unittest", async () => {
    makeRepository(project, {
      ...PYTHON,
      "tests/test_calc.py":
        "import unittest\n\nfrom calc import total\n\n\nclass TotalTest(unittest.TestCase):\n    def test_total(self):\n        self.assertEqual(total([1, 2]), 3)\n",
    });
    expect((await review()).review).toMatchObject({
      verdict: "pass",
      testCommand: "python3 -m unittest discover -v -s tests",
    });
    writeFiles(project, { "calc.py": BUGGY });
    expect(blockers((await review()).review)).toEqual(["tests.failed"]);
    expect(readFileSync(path.join(project, "calc.py"), "utf8")).toBe(BUGGY);
  });
});
