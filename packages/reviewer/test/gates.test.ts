import { describe, expect, test } from "vitest";
import type { GateJudgement, GateSubject, JsonObject } from "@mnemosyne/core";
import { Reviewer } from "@mnemosyne/reviewer";
import { commands, openProject, type Files } from "./project.ts";

async function judge(
  gate: string,
  before: Files,
  edits: Files,
  overrides: Partial<GateSubject> = {},
  settings: JsonObject = {},
): Promise<GateJudgement> {
  await using project = await openProject(before, edits);
  const subject = await project.subject(overrides);
  const { gates } = await new Reviewer({ retryDelays: [] }).review(subject, [{ gate, with: settings }], {
    commands,
    signal: AbortSignal.timeout(60_000),
  });
  if (gates[0] === undefined) throw new Error("no judgement");
  return gates[0];
}

const rules = ({ findings }: GateJudgement, severity = "blocker"): readonly string[] =>
  findings.filter((finding) => finding.severity === severity).map(({ rule }) => rule.replace(/^\w+\./, ""));

describe("noTodos", () => {
  const added = async (file: string, text: string): Promise<readonly string[]> =>
    rules(await judge("noTodos", { "old.txt": "x" }, { [file]: text }));

  test.each([
    ["a.ts", "// TODO: finish\n"],
    ["a.ts", "// todo: finish\n"],
    ["a.ts", "const a = 1; // FIXME handle zero\n"],
    ["a.ts", "/**\n * XXX this is wrong\n */\n"],
    ["a.ts", "/* HACK */ const a = 1;\n"],
    ["a.ts", "// @todo handle zero\n"],
    ["a.ts", "const re = /\\/\\//; // TODO\n"],
    ["a.ts", "const s = `${a /* TODO: name it */}`;\n"],
    ["a.tsx", "export const A = () => <p>it's {/* TODO: text */}</p>;\n"],
    ["a.py", "x = 1  # TODO later\n"],
    ["a.py", "def f():\n    raise NotImplementedError\n"],
    ["a.sh", "# FIXME: quoting\n"],
    ["a.sql", "-- TODO: index\n"],
    ["a.html", "<!-- TODO: text -->\n"],
    ["a.css", "/* FIXME: colour */\n"],
    ["a.yaml", "key: value # TODO: check\n"],
    ["a.rs", "fn f<'a>(x: &'a str) { todo!() }\n"],
    ["a.rs", 'fn f() { unimplemented!("later") }\n'],
    ["a.go", 'func f() { panic("not implemented") }\n'],
    ["a.java", 'void f() { throw new UnsupportedOperationException("Not implemented yet"); }\n'],
    ["a.cs", "void F() => throw new NotImplementedException();\n"],
    ["a.ts", 'export function f() { throw new Error("Not implemented"); }\n'],
    ["a.ts", 'const f = () => { throw new Error("f: not implemented yet"); };\n'],
    ["a.ts", "// ... rest of the implementation\n"],
    ["a.ts", "// Placeholder\n"],
    ["a.ts", "// implement this later\n"],
    ["a.ts", "function f() {\n  // your code here\n}\n"],
    ["Dockerfile", "FROM node\n# TODO: pin\n"],
    ["README.md", "# Usage\n\nTODO: explain\n"],
    ["README.md", "text\n\n<!-- TODO -->\n"],
  ])("%s: %j is found", async (file, text) => {
    expect(await added(file, text)).toHaveLength(1);
  });

  test.each([
    ["a.ts", 'const word = "TODO: not a comment";\n'],
    ["a.ts", "const text = `// TODO: in a template`;\n"],
    ["a.ts", "// Finds TODO comments in the source.\n"],
    ["a.ts", "// No TODOs are left here.\n"],
    ["a.ts", "// The words TODO and FIXME are looked for.\n"],
    ["a.ts", "// The format is XXX-XXX-XXXX.\n"],
    ["a.ts", "export interface Todo { title: string }\nexport const todoList: Todo[] = [];\n"],
    ["a.ts", "const pattern = /TODO|FIXME/;\n"],
    ["a.ts", 'throw new HttpError(501, "Not Implemented");\n'],
    ["a.ts", "// The placeholder text of the input.\n"],
    ["a.ts", "// Stubs are written by the generator.\n"],
    [
      "a.py",
      "from abc import abstractmethod\nclass A:\n    @abstractmethod\n    def f(self):\n        raise NotImplementedError\n",
    ],
    ["a.py", 'text = """\n# TODO in a string\n"""\n'],
    ["a.sh", 'echo "# TODO: printed"\n'],
    ["a.json", '{ "TODO": true }\n'],
    ["README.md", "The gate finds `TODO` and FIXME comments.\n"],
    ["README.md", "```ts\n// TODO: an example\n```\n"],
    ["notes.txt", "Buy milk. The TODO app is done.\n"],
  ])("%s: %j is not", async (file, text) => {
    expect(await added(file, text)).toEqual([]);
  });

  test("only new ones count, with their line, also in a file that moved", async () => {
    const old = "// TODO: old\nconst a = 1;\nconst b = 2;\nconst c = 3;\n";
    expect(rules(await judge("noTodos", { "a.ts": old }, { "a.ts": `${old}const d = 4;\n` }))).toEqual([]);
    expect(
      rules(await judge("noTodos", { "a.ts": old }, { "a.ts": undefined, "b.ts": `${old}const d = 4;\n` })),
    ).toEqual([]);
    const { findings } = await judge(
      "noTodos",
      { "a.ts": old },
      { "a.ts": `${old}const d = 4; // TODO: new\n` },
    );
    expect(findings).toMatchObject([{ file: "a.ts", line: 5, evidence: "// TODO: new" }]);
  });
});

describe("antiPatterns", () => {
  const added = async (file: string, text: string, more: Files = {}): Promise<readonly string[]> =>
    rules(await judge("antiPatterns", { "old.txt": "x", ...more }, { [file]: text }));
  const KEY = ["ghp", "_", "aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5"].join("");

  test.each([
    ["a.ts", "try { f(); } catch {}\n", "swallowedError"],
    ["a.ts", "try {\n  f();\n} catch (error) {\n}\n", "swallowedError"],
    ["a.js", "f().catch(() => {});\n", "swallowedError"],
    ["a.js", "f().catch(() => undefined);\n", "swallowedError"],
    ["a.py", "try:\n    f()\nexcept Exception:\n    pass\n", "swallowedError"],
    ["a.py", "try:\n    f()\nexcept: pass\n", "swallowedError"],
    ["A.java", "try { f(); } catch (IOException e) { }\n", "swallowedError"],
    ["a.go", "if err != nil {\n}\n", "swallowedError"],
    ["a.ts", "// @ts-ignore\nf();\n", "disabledCheck"],
    ["a.ts", "// @ts-nocheck\nf();\n", "disabledCheck"],
    ["a.ts", "/* eslint-disable */\nf();\n", "disabledCheck"],
    ["a.ts", "f(); // eslint-disable-line no-undef\n", "disabledCheck"],
    ["a.py", "f()  # type: ignore\n", "disabledCheck"],
    ["a.py", "f()  # noqa\n", "disabledCheck"],
    ["a.go", "f() //nolint\n", "disabledCheck"],
    ["a.js", "function f() {\n  debugger;\n}\n", "breakpoint"],
    ["a.py", "breakpoint()\n", "breakpoint"],
    ["a.rs", "let x = dbg!(y);\n", "breakpoint"],
    ["a.ts", `const token = "${KEY}";\n`, "secret"],
    [".env", `API_TOKEN=${KEY}\n`, "secret"],
    ["key.pem", "-----BEGIN RSA PRIVATE KEY-----\nabc\n", "secret"],
    ["a.ts", 'const password = "g7Kq92mZx4Lp";\n', "secret"],
    ["a.ts", 'const url = "postgres://admin:hunter22@db.internal/app";\n', "secret"],
    ["a.js", 'export const f = () => (process.env.NODE_ENV === "test" ? 1 : 2);\n', "testDetection"],
    [
      "a.py",
      'import os\nif "PYTEST_CURRENT_TEST" in os.environ: pass\nx = os.environ.get("PYTEST_CURRENT_TEST")\n',
      "testDetection",
    ],
  ])("%s: %j is found", async (file, text, rule) => {
    expect(await added(file, text)).toEqual([rule]);
  });

  test.each([
    ["a.ts", "try { f(); } catch {\n  // A missing file is an empty one.\n}\n"],
    ["a.ts", "try { f(); } catch (error) {\n  throw new Error('no', { cause: error });\n}\n"],
    ["a.js", "f().catch((error) => log(error));\n"],
    ["a.js", 'const text = "try {} catch {}";\n'],
    ["a.py", "try:\n    f()\nexcept OSError:\n    pass  # gone already\n"],
    ["a.ts", "// @ts-expect-error the types of this module lag behind its code\nf();\n"],
    ["a.ts", "// eslint-disable-next-line no-await-in-loop -- one after another on purpose\nawait f();\n"],
    ["a.py", "f()  # noqa: E501\n"],
    ["a.ts", 'const password = process.env["PASSWORD"];\n'],
    ["a.ts", 'const password = "example-password-1";\n'],
    ["a.ts", 'const apiKey = "your_api_key_here";\n'],
    ["README.md", "Set `API_KEY=<your key>`.\n"],
    ["a.ts", 'const debuggerName = "x";\n'],
    ["a.js", 'if (process.env.NODE_ENV === "production") minify();\n'],
  ])("%s: %j is not", async (file, text) => {
    expect(await added(file, text)).toEqual([]);
  });

  test("a secret is not told in full", async () => {
    const { findings } = await judge(
      "antiPatterns",
      { "a.txt": "" },
      { "a.ts": `const token = "${KEY}";\n` },
    );
    expect(JSON.stringify(findings)).not.toContain(KEY);
    expect(findings[0]?.evidence).toBe("ghp_… (40 characters)");
  });

  test("only what is new counts", async () => {
    const old = "try { f(); } catch {}\nconst a = 1;\n";
    expect(rules(await judge("antiPatterns", { "a.ts": old }, { "a.ts": `${old}const b = 2;\n` }))).toEqual(
      [],
    );
  });

  test("prints are a warning, and none in tests", async () => {
    expect(
      rules(await judge("antiPatterns", { "a.txt": "" }, { "a.ts": "console.log(1);\n" }), "warning"),
    ).toEqual(["print"]);
    expect(
      rules(await judge("antiPatterns", { "a.txt": "" }, { "a.test.ts": "console.log(1);\n" }), "warning"),
    ).toEqual([]);
  });

  const tests = {
    "test/a.test.js": [
      'import { expect, test } from "vitest";',
      'import { fib, price, roman, status, isLeap } from "../a.js";',
      "test('a', () => {",
      "  expect(fib(10)).toBe(55);",
      "  expect(fib(0)).toBe(0);",
      "  assert.equal(price('gold', 12), 480);",
      "  expect(roman('X')).toEqual(10);",
      "  expect(status(404)).toBe('Not Found');",
      "  expect(isLeap(2000)).toBe(true);",
      "});",
      "",
    ].join("\n"),
  };

  test.each([
    ["a branch", "export function fib(n) {\n  if (n === 10) return 55;\n  return 0;\n}\n"],
    ["a conditional", "export const fib = (n) => (n === 10 ? 55 : 0);\n"],
    [
      "two inputs",
      "export function price(kind, amount) {\n  if (kind === 'gold' && amount === 12) {\n    return 480;\n  }\n  return amount;\n}\n",
    ],
    [
      "a switch",
      "export function fib(n) {\n  switch (n) {\n    case 10:\n      return 55;\n    case 0:\n      return 0;\n  }\n}\n",
    ],
    ["a constant", "export function price(kind, amount) {\n  return 480;\n}\n"],
    ["an arrow that ignores its argument", "export const fib = (n) => 55;\n"],
  ])("answers written to the tests are found: %s", async (_name, text) => {
    expect(new Set(await added("a.js", text, tests))).toEqual(new Set(["hardCoded"]));
  });

  test.each([
    [
      "a base case",
      "export function fib(n) {\n  if (n === 0) return 0;\n  if (n === 1) return 1;\n  return fib(n - 1) + fib(n - 2);\n}\n",
    ],
    [
      "a table of the domain",
      "export function roman(c) {\n  switch (c) {\n    case 'I':\n      return 1;\n    case 'V':\n      return 5;\n    case 'X':\n      return 10;\n  }\n}\n",
    ],
    [
      "status texts",
      "export function status(code) {\n  if (code === 200) return 'OK';\n  if (code === 404) return 'Not Found';\n  return 'Unknown';\n}\n",
    ],
    [
      "a rule with the same number",
      "export function price(kind, amount) {\n  if (kind === 'gold') return amount * 40;\n  return amount;\n}\n",
    ],
    ["a constant that nothing expects", "export const version = () => 3;\n"],
  ])("honest code is not: %s", async (_name, text) => {
    expect(await added("a.js", text, tests)).toEqual([]);
  });
});

describe("constraints", () => {
  const before = {
    "package.json": JSON.stringify({ name: "a", main: "src/index.js", dependencies: { zod: "^4.0.0" } }),
    "src/index.js": 'export { parse } from "./parse.js";\nexport const VERSION = 1;\n',
    "src/parse.js":
      "/** Parses. */\nexport function parse(text) {\n  return text;\n}\nexport function inner(a) {\n  return a;\n}\n",
    "docs/guide.md": "# Guide\n",
    "test/a.test.js": "",
  };
  const found = async (constraint: string, edits: Files, severity = "blocker"): Promise<readonly string[]> =>
    rules(
      await judge("constraints", before, edits, { constraints: [constraint], instructions: "Do it." }),
      severity,
    );

  test.each([
    [
      "Do not change public APIs",
      { "src/index.js": 'export { parse } from "./parse.js";\n' },
      ["apiRemoved"],
    ],
    [
      "Keep the public API stable",
      { "src/parse.js": "export function parse(text, options) {\n  return text;\n}\n" },
      ["apiChanged"],
    ],
    [
      "No breaking changes",
      { "src/index.js": 'export { parse as read } from "./parse.js";\nexport const VERSION = 1;\n' },
      ["apiRemoved"],
    ],
    [
      "Do not change public APIs",
      { "src/parse.js": "export function parse(text, options = {}) {\n  return text;\n}\n" },
      [],
    ],
    [
      "Do not change public APIs",
      {
        "src/parse.js":
          "export function parse(input) {\n  return input.trim();\n}\nexport function other() {}\n",
      },
      [],
    ],
    ["Do not edit `docs/guide.md`", { "docs/guide.md": "# Guide!\n" }, ["forbiddenPath"]],
    ["Never touch anything in docs/", { "docs/more.md": "x\n" }, ["forbiddenPath"]],
    [
      "Leave src/**/*.js alone",
      { "src/parse.js": "export const parse = (text) => text;\n" },
      ["forbiddenPath"],
    ],
    ["Do not edit `docs/guide.md`", { "docs/more.md": "x\n" }, []],
    ["Only change files in src/", { "docs/guide.md": "x\n", "src/parse.js": "1\n" }, ["outside"]],
    ["Change only `src/parse.js`", { "src/parse.js": "1\n" }, []],
    ["Do not modify the tests", { "test/a.test.js": "1\n" }, ["testsEdited"]],
    [
      "No new dependencies",
      { "package.json": JSON.stringify({ dependencies: { zod: "^4.0.0", yaml: "2.0.0" } }) },
      ["dependencyAdded"],
    ],
    [
      "Do not add dependencies",
      { "package.json": JSON.stringify({ name: "b", dependencies: { zod: "^4.0.0" } }) },
      [],
    ],
    ["Don't create any new files", { "src/more.js": "1\n" }, ["fileAdded"]],
    [
      "Do not use `eval`",
      { "src/parse.js": "export const parse = (text) => eval(text);\n" },
      ["forbiddenWord"],
    ],
    [
      "Do not use `eval`",
      { "src/parse.js": "// eval would be wrong here\nexport const parse = (text) => text;\n" },
      [],
    ],
  ])("%s: %j", async (constraint, edits, expected) => {
    expect(await found(constraint, edits)).toEqual(expected);
  });

  test("one that no program can check is a warning, not a silent pass", async () => {
    expect(await found("Keep the tone friendly", { "docs/guide.md": "x\n" }, "warning")).toEqual([
      "unchecked",
    ]);
  });

  test("prohibitions in the instructions count, too", async () => {
    const judged = await judge(
      "constraints",
      before,
      { "docs/guide.md": "x\n" },
      { instructions: "Fix the parser. Do not touch `docs/guide.md`." },
    );
    expect(rules(judged)).toEqual(["forbiddenPath"]);
  });

  test("types are part of an API: what a caller may pass, and what comes back", async () => {
    const ts = {
      "package.json": JSON.stringify({
        exports: { ".": { types: "./dist/index.d.ts", default: "./dist/index.js" } },
      }),
      "src/index.ts":
        "export interface Options { readonly a: string }\nexport function f(options: Options): number {\n  return 1;\n}\n",
    };
    const constraints = ["Do not change public APIs"];
    const change = async (text: string): Promise<readonly string[]> =>
      rules(await judge("constraints", ts, { "src/index.ts": text }, { constraints }));
    expect(await change(ts["src/index.ts"].replace("a: string", "a: number"))).toEqual(["apiChanged"]);
    expect(await change(ts["src/index.ts"].replace(": number {", ": string {"))).toEqual(["apiChanged"]);
    expect(
      await change(
        ts["src/index.ts"].replace("return 1", "return 2").replace("options: Options", "given: Options"),
      ),
    ).toEqual([]);
  });
});

describe("documentation", () => {
  const before = {
    "package.json": JSON.stringify({ name: "a", exports: "./src/index.js" }),
    "src/index.js": "/** Parses. */\nexport function parseText(text) {\n  return text;\n}\n",
    "README.md": "# a\n\n`parseText` reads a text.\n",
  };
  const found = async (edits: Files, severity = "blocker"): Promise<readonly string[]> =>
    rules(await judge("documentation", before, edits), severity);
  const source = before["src/index.js"];

  test("a new export needs words: before it, or in a document", async () => {
    expect(await found({ "src/index.js": `${source}export function formatText(text) {}\n` })).toEqual([
      "missing",
    ]);
    expect(
      await found({ "src/index.js": `${source}/** Formats. */\nexport function formatText(text) {}\n` }),
    ).toEqual([]);
    expect(
      await found({
        "src/index.js": `${source}export function formatText(text) {}\n`,
        "README.md": `${before["README.md"]}\n\`formatText(text)\` writes one.\n`,
      }),
    ).toEqual([]);
  });

  test("a document that names what is gone is stale", async () => {
    expect(await found({ "src/index.js": source.replace("parseText", "readText") })).toEqual(["stale"]);
    expect(
      await found({
        "src/index.js": source.replace("parseText", "readText"),
        "README.md": "# a\n\n`readText` reads a text.\n",
      }),
    ).toEqual([]);
  });

  test("a document that names what changed may be", async () => {
    expect(await found({ "src/index.js": source.replace("(text)", "(text, options)") }, "warning")).toEqual([
      "unchanged",
    ]);
  });

  test("what is not exported needs none", async () => {
    expect(
      await found({
        "src/index.js": `${source}function inner() {}\n`,
        "src/other.js": "export const x = 1;\n",
      }),
    ).toEqual([]);
  });
});

describe("completeness", () => {
  const before = { "src/a.js": "1\n" };
  const edits = { "src/a.js": "2\n" };
  const ran = {
    tool: "run",
    input: { line: "npm test" },
    ok: true,
    summary: "# tests 2\n# pass 2\n# fail 0",
  };
  const found = async (
    overrides: Partial<GateSubject>,
    made: Files = edits,
    severity = "blocker",
  ): Promise<readonly string[]> => rules(await judge("completeness", before, made, overrides), severity);

  test("nothing done is not complete", async () => {
    expect(await found({}, {})).toEqual(["nothingDone"]);
    expect(await found({ report: undefined as unknown as string }, {})).toEqual(["noReport", "nothingDone"]);
    expect(await found({ output: { answer: 42 } }, {})).toEqual([]);
    expect(await found({ effects: [ran] }, {})).toEqual([]);
  });

  test.each([
    ["Repair src/a.js so that every test passes.", "I repaired it."],
    ["Add a rule to src/a.js that says how weights are rounded.", "`src/a.js` has the rule."],
    ["Please update `src/a.js`.", "Done."],
  ])("a file whose change was ordered is changed: %s", async (instructions, report) => {
    const told = { instructions, report, effects: [ran] };
    expect(await found(told)).toEqual([]);
    expect(await found(told, {})).toEqual(["unchanged"]);
    expect(await found({ ...told, report: `${report} It was right already.` }, {})).toEqual([]);
    expect(await found({ ...told, instructions: "Read src/a.js and report." }, {})).toEqual([]);
    expect(await found({ ...told, instructions: "Do not edit src/a.js." }, {})).toEqual([]);
  });

  test.each([
    "The parser is partially implemented.",
    "Retries are not implemented yet.",
    "I left the error handling out.",
    "I could not get the second case to work.",
    "I ran out of time for the docs.",
    "The export still needs to be wired up.",
    "Caching was left for later.",
    "Windows paths are not fully supported.",
    "Most of it works.\n\n- [x] parser\n- [ ] printer",
    "Remaining work: the printer.",
    "The tests will be added in a later step.",
  ])("%j admits a gap", async (report) => {
    expect(await found({ report })).toEqual(["admitted"]);
  });

  test.each([
    "Everything that was asked for is done; nothing was left out.",
    "The partial index is now used.",
    "Before, retries were not implemented yet; now they are.",
    "Finished the printer that was only partially implemented.",
    "No partial implementation remains. Remaining work: none.",
    "The message now says when a payment is incomplete or pending.",
    "Missing values are filled in with zero.",
    "- [x] parser\n- [x] printer",
    "I could not find any other use of it.",
  ])("%j does not", async (report) => {
    expect(await found({ report })).toEqual([]);
  });

  test("a criterion about tests is held against their run", async () => {
    const criteria = { successCriteria: ["All tests pass"] };
    expect(await found({ ...criteria, effects: [ran] })).toEqual([]);
    expect(await found({ ...criteria, effects: [{ ...ran, ok: false }] })).toEqual(["criterion"]);
    expect(await found(criteria)).toEqual([]);
    expect(await found(criteria, edits, "warning")).toEqual(["unproven"]);
    // A whole run has nobody after it who could show it.
    expect(await found({ ...criteria, instructions: "" })).toEqual(["unproven"]);
    expect(
      await found({
        ...criteria,
        instructions: "",
        earlier: [{ task: await subjectTask(), gate: "tests", verdict: "pass" }],
      }),
    ).toEqual([]);
  });

  test("a criterion about files or commands is looked up", async () => {
    expect(await found({ successCriteria: ["`src/a.js` exists"] })).toEqual([]);
    expect(await found({ successCriteria: ["`docs/a.md` exists"] })).toEqual(["criterion"]);
    expect(await found({ successCriteria: ["`src/a.js` is removed"] })).toEqual(["criterion"]);
    expect(await found({ successCriteria: ['`src/a.js` contains "2"'] })).toEqual([]);
    expect(
      await found({
        successCriteria: ["`npm run lint` passes"],
        effects: [{ ...ran, input: { line: "npm run lint" }, ok: false }],
      }),
    ).toEqual(["criterion"]);
  });

  test("any other criterion must be spoken of; silence is a warning", async () => {
    const successCriteria = ["Errors name the file and the line"];
    expect(
      await found(
        { successCriteria, report: "Every error now names the file with its line." },
        edits,
        "note",
      ),
    ).toEqual(["claimed"]);
    expect(await found({ successCriteria, report: "Done." }, edits, "warning")).toEqual(["unaddressed"]);
    expect(
      await found({ successCriteria, report: "Errors should name the file and the line." }, edits, "warning"),
    ).toEqual(["unaddressed"]);
  });

  test("files that the instructions order must be there", async () => {
    const instructions =
      "Write a summary to `docs/summary.md`. Do not create `docs/other.md`. See `docs/style.md`.";
    expect(await found({ instructions })).toEqual(["missing"]);
    expect(await found({ instructions }, { "docs/summary.md": "x\n" })).toEqual([]);
  });
});

async function subjectTask(): Promise<GateSubject["task"]> {
  await using project = await openProject({});
  return (await project.subject()).task;
}
