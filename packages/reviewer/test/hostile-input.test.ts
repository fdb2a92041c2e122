import { expect, test } from "vitest";
import { Reviewer, readTestOutcome } from "@mnemosyne/reviewer";
import { commands, openProject } from "./project.ts";

const many = (text: string, count: number): string => text.repeat(count);

/** Texts that patterns with nested repetition would take for ever on. */
const HOSTILE: Readonly<Record<string, string>> = {
  underscores: `Only ${many("_", 10_000)} x`,
  "open backticks": `${many("`", 5001)} only \`a\` ${many("`a` ", 2000)}`,
  "one word": many("a", 20_000),
  slashes: many("a/", 10_000),
  dots: `Added ${many("a.", 10_000)}ts`,
  verbs: many("added the file ", 3000),
  commas: `Only \`a\`${many(", `b`", 3000)} were changed`,
  conditions: many("if you, ", 5000),
  numbers: many("1 of 2 tests ", 3000),
  passes: many("all tests pass ", 3000),
  brackets: many("(", 10_000),
  links: many("[a](", 5000),
  fences: many("```\n", 5001),
  headings: many("# a\n", 5000),
  commands: many("npm run a ", 3000),
  calls: many("f(", 10_000),
  dashes: many("a-", 10_000),
  "snake case": many("a_", 10_000),
  camels: many("aB", 10_000),
  spaces: `Added${many(" ", 10_000)}\`a.ts\`${many(" ", 10_000)}x`,
  orders: many("ignore all the previous ", 2000),
};

/** Seconds that a pattern gone wrong would overrun many times; a busy machine does not. */
const LIMIT = 20_000;
const GATES = ["facts", "completeness", "noTodos", "antiPatterns", "constraints", "documentation"].map(
  (gate) => ({
    gate,
    with: {},
  }),
);

test("no report or instruction keeps the gates busy for long", async () => {
  await using project = await openProject({ "src/a.js": "1\n" }, { "src/a.js": "2\n" });
  for (const [name, text] of Object.entries(HOSTILE)) {
    const subject = await project.subject({
      report: text,
      instructions: text,
      constraints: [text],
      successCriteria: [text],
    });
    const signal = AbortSignal.timeout(LIMIT);
    const started = performance.now();
    const { gates } = await new Reviewer({ retryDelays: [] }).review(subject, GATES, { commands, signal });
    expect(gates.filter(({ verdict }) => verdict === "error")).toEqual([]);
    expect({ name, slow: performance.now() - started > LIMIT }).toEqual({ name, slow: false });
  }
}, 110_000);

test("no file does", async () => {
  const code = Object.values(HOSTILE)
    .map((text) => text.replaceAll(/["\\\n]|\*\//g, ""))
    .map((text, index) => `// ${text}\nconst v${index} = "${text}";\n`)
    .join("");
  await using project = await openProject(
    { "src/a.js": "1\n" },
    {
      "src/a.js": code,
      "src/b.py": code.replaceAll("// ", "# "),
      "README.md": Object.values(HOSTILE).join("\n\n"),
      "test/a.test.js": code,
    },
  );
  const started = performance.now();
  const { gates } = await new Reviewer({ retryDelays: [] }).review(await project.subject(), GATES, {
    commands,
    signal: AbortSignal.timeout(110_000),
  });
  expect(gates.filter(({ verdict }) => verdict === "error")).toEqual([]);
  expect(performance.now() - started).toBeLessThan(2 * LIMIT);
}, 110_000);

test("no output of a command does either", () => {
  const lines = [
    "1 passed, ",
    "12 tests, ",
    "(ok) ",
    " ✓ a (1 ms)",
    "ok 1 - a # SKIP ",
    "a ... ",
    "=",
    "Tests: ",
    "not ok ",
    "FAIL a > ",
    " ",
  ];
  const slow: string[] = [];
  for (const text of [
    ...Object.values(HOSTILE),
    ...lines.map((line) => many(line, 10_000)),
    ...lines.map((line) => many(`${line}\n`, 100_000)),
  ]) {
    const started = performance.now();
    readTestOutcome(text);
    const took = performance.now() - started;
    if (took > LIMIT / 4) slow.push(`${text.slice(0, 30)}: ${Math.round(took)} ms`);
  }
  expect(slow).toEqual([]);
}, 110_000);
