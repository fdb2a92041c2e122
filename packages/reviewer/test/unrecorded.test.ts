import { Reviewer } from "@mnemosyne/reviewer";
import { expect, test } from "vitest";
import { commands, openProject } from "./project.ts";

const PROJECT = {
  "package.json": JSON.stringify({
    name: "p",
    type: "module",
    scripts: { test: "node --test", lint: "true" },
  }),
  "a.js": "export const a = 1;\n",
  "test/a.test.js":
    'import assert from "node:assert";\nimport { test } from "node:test";\nimport { a } from "../a.js";\ntest("a", () => assert.equal(typeof a, "number"));\n',
};

async function judge(report: string, effectsKnown: boolean, a = "export const a = 2;\n") {
  await using project = await openProject(PROJECT, { "a.js": a });
  const subject = await project.subject({
    instructions: "",
    report,
    testCommand: "npm test",
    ...(effectsKnown ? {} : { effectsKnown }),
  });
  const { gates } = await new Reviewer().review(
    subject,
    [
      { gate: "tests", with: {} },
      { gate: "facts", with: {} },
    ],
    { commands, signal: AbortSignal.timeout(60_000) },
  );
  const { verdict, findings = [] } = gates.find(({ gate }) => gate === "facts") ?? {};
  return { verdict, rules: findings.map(({ rule, severity }) => `${severity} ${rule}`) };
}

test("what nobody recorded is not called a lie, and what was recorded is", async () => {
  const report = "I ran `npm run lint`, which is clean, and `npm test`: 1 test passes.";
  expect(await judge(report, false)).toEqual({ verdict: "pass", rules: ["warning facts.commandNotRun"] });
  expect((await judge(report, true)).verdict).toBe("fail");
});

test("what the review's own run shows is held against the report", async () => {
  expect(await judge("I ran `npm test` and it passes.", false)).toMatchObject({ verdict: "pass" });
  const broken = await judge("I ran `npm test` and it passes.", false, 'export const a = "2";\n');
  expect(broken).toEqual({ verdict: "fail", rules: ["blocker facts.command"] });
  expect((await judge("I ran the tests; all 4 tests pass.", false)).rules).toEqual([
    "blocker facts.testCount",
  ]);
});
