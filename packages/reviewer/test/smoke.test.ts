import { expect, test } from "vitest";
import { Reviewer, gateNames } from "@mnemosyne/reviewer";
import { commands, openProject } from "./project.ts";

const before = {
  "package.json": JSON.stringify({ name: "calc", type: "module", main: "src/index.js", scripts: { test: "node --test" } }),
  "src/index.js": "/** Adds. */\nexport function add(a, b) {\n  return a - b;\n}\n",
  "test/add.test.js": "import test from 'node:test';\nimport assert from 'node:assert/strict';\nimport { add } from '../src/index.js';\ntest('adds', () => {\n  assert.equal(add(2, 3), 5);\n});\n",
};

test("smoke", async () => {
  await using project = await openProject(before, { "src/index.js": "/** Adds. */\nexport function add(a, b) {\n  return a + b;\n}\n" });
  const subject = await project.subject({
    instructions: "Make the failing test pass without editing it.",
    constraints: ["Do not change public APIs"],
    successCriteria: ["All tests pass"],
    testCommand: "npm test",
    report: "Fixed `add()` in `src/index.js`, which subtracted instead of adding. I ran `npm test`: 1 test passes.",
    effects: [{ tool: "run", input: { line: "npm test" }, ok: true, summary: "# tests 1\n# pass 1\n# fail 0" }],
  });
  const result = await new Reviewer().review(subject, gateNames.filter((name) => name !== "intent").map((gate) => ({ gate, with: {} })), { commands, signal: AbortSignal.timeout(20_000) });
  console.log(JSON.stringify(result, null, 1));
  expect(result.verdict).toBe("pass");
});
