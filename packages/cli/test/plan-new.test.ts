import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { checkTraces, exitCriteria, readSpec, readTestPlan, readTraceability } from "@mnemosyne/executor";
import { loadPlan } from "@mnemosyne/plan";
import type { Script } from "@mnemosyne/testkit";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CommandFolder } from "./command.ts";

const SPEC = {
  title: "Greeting",
  intent: "The project greets by name.",
  stack: ["Node 20"],
  constraints: ["No dependency is added"],
  requirements: [
    { text: "greet(name) gives a greeting.", acceptance: "greet('Ada') returns 'Hello, Ada'." },
    { text: "An empty name is refused.", acceptance: "greet('') throws a RangeError." },
  ],
  questions: [{ question: "Which language does it greet in?", assumption: "English." }],
};
const FULL = {
  parts: [{ name: "greet", purpose: "Greets.", interface: "greet(name: string): string", dependsOn: [] }],
  invariants: ["It never returns an empty text."],
  edgeCases: [{ requirement: "R2", text: "A name of blanks only." }],
  tests: [
    { description: "greets Ada", kind: "unit", requirements: ["R1"], file: "test/greet.test.js" },
    { description: "refuses the empty name", kind: "unit", requirements: ["R2"], file: "test/greet.test.js" },
  ],
};
const WORK = {
  testCommand: "node --test",
  tasks: [
    {
      id: "greet",
      instructions: "Write greet.js and its tests.",
      dependsOn: [],
      reads: [],
      writes: ["greet.js", "test/**"],
      requirements: ["R1", "R2"],
      tests: ["T1", "T2"],
    },
  ],
};
const phase = (name: string, value: object, more: object = {}) => ({
  when: { text: `Phase: ${name}`, schema: true, ...more },
  text: JSON.stringify(value),
});
const SCRIPT: Script = {
  name: "planner",
  turns: [phase("spec", SPEC), phase("fullSpec", FULL), phase("plan", WORK)],
};
const GREET =
  "export function greet(name) {\n  if (name === '') throw new RangeError('a name is needed');\n  return `Hello, ${name}`;\n}\n";
const TESTS =
  'import assert from "node:assert/strict";\nimport { test } from "node:test";\nimport { greet } from "../greet.js";\ntest("greets Ada", () => assert.equal(greet("Ada"), "Hello, Ada"));\ntest("refuses the empty name", () => assert.throws(() => greet(""), RangeError));\n';

let folder: CommandFolder;
beforeEach(async () => {
  folder = await CommandFolder.make();
  await folder.write("package.json", '{ "name": "greeting", "type": "module" }\n');
});
afterEach(async () => {
  await folder.remove();
});

const write = async (script: object) => await folder.write("script.json", JSON.stringify(script));
const read = (file: string): string => readFileSync(path.join(folder.path, file), "utf8");

describe("plan new", () => {
  test("goes from a prompt to files that trace to each other, and to a plan that runs", async () => {
    await write(SCRIPT);
    const { code, lines } = await folder.call(
      "plan",
      "new",
      "Greet users by name.",
      "--out",
      "plans/greet",
      "--script",
      "script.json",
      "--json",
    );
    expect(lines.at(-1)).toMatchObject({
      plan: { valid: true, order: ["greet"] },
      assumptions: [{ id: "Q1", assumption: "English." }],
      phases: [
        { phase: "spec", outcome: "accepted", calls: 1, redrafts: 0 },
        { phase: "fullSpec", outcome: "accepted" },
        { phase: "plan", outcome: "accepted" },
      ],
    });
    expect(code).toBe(0);

    const { spec, parts, invariants } = readSpec(read("plans/greet/spec.md"));
    const fullSpec = { parts, invariants, ...readTestPlan(read("plans/greet/test-plan.md")) };
    expect(exitCriteria("spec", { spec }).every(({ met }) => met)).toBe(true);
    expect(exitCriteria("fullSpec", { spec, fullSpec }).every(({ met }) => met)).toBe(true);
    expect(readTraceability(read("plans/greet/traceability.md"))).toEqual([
      { requirement: "R1", tasks: ["greet"], tests: ["T1"], artifacts: ["greet.js", "test/**"] },
      { requirement: "R2", tasks: ["greet"], tests: ["T2"], artifacts: ["greet.js", "test/**"] },
    ]);
    expect(await checkTraces({ spec, fullSpec, plan: WORK })).toEqual([]);
    const { plan } = await loadPlan(path.join(folder.path, "plans/greet/plan.yaml"));
    expect(plan).toMatchObject({
      workspace: folder.path,
      testCommand: "node --test",
      successCriteria: [SPEC.requirements[0]?.acceptance, SPEC.requirements[1]?.acceptance],
    });

    await write({
      name: "worker",
      turns: [
        {
          when: { task: "greet", turn: 0 },
          toolUses: [{ name: "write", input: { path: "greet.js", content: GREET } }],
        },
        {
          when: { task: "greet", turn: 1 },
          toolUses: [{ name: "write", input: { path: "test/greet.test.js", content: TESTS } }],
        },
        {
          when: { task: "greet" },
          text: "I wrote `greet` in `greet.js` and two tests in `test/greet.test.js`.",
        },
      ],
    });
    const run = await folder.call("run", "plans/greet/plan.yaml", "--script", "script.json", "--json");
    expect(run.lines.at(-1)).toMatchObject({ type: "run.finished", status: "completed" });
    expect(run.code).toBe(0);
    expect(read("greet.js")).toBe(GREET);
  });

  test("a draft that misses a criterion is drafted again with what is missing", async () => {
    const vague = {
      ...SPEC,
      requirements: [{ text: "It greets.", acceptance: "The greeting should be nice." }],
    };
    await write({
      name: "planner",
      turns: [
        phase("spec", SPEC, { text: ["Phase: spec", "Your last draft lacked this"] }),
        phase("spec", vague),
        phase("fullSpec", FULL),
        phase("plan", WORK),
      ],
    });
    const { lines } = await folder.call("plan", "new", "Greet users.", "--script", "script.json", "--json");
    expect(lines.at(-1)).toMatchObject({ phases: [{ phase: "spec", calls: 2, redrafts: 1 }, {}, {}] });
  });

  test("a plan that cannot be made goes back a phase once, then fails and leaves nothing", async () => {
    const cyclic = { ...WORK, tasks: [{ ...WORK.tasks[0], dependsOn: ["greet"] }] };
    await write({
      name: "planner",
      turns: [phase("spec", SPEC), phase("fullSpec", FULL), phase("plan", cyclic)],
    });
    const { code, lines, stderr } = await folder.call(
      "plan",
      "new",
      "Greet users.",
      "--script",
      "script.json",
      "--json",
    );
    expect(code).toBe(1);
    expect(lines.at(-1)).toMatchObject({ error: { code: "E_MODEL_OUTPUT", path: "plan" } });
    expect(stderr.match(/plan: rolledBack/g)).toHaveLength(1);
    expect(stderr.match(/fullSpec: accepted/g)).toHaveLength(2);
    expect(existsSync(path.join(folder.path, "plans"))).toBe(false);
  });

  test("every phase can be skipped, and the plan still runs", async () => {
    await write({ name: "nobody", turns: [{ text: "not asked" }] });
    const { code, lines } = await folder.call(
      "plan",
      "new",
      "Write greet.js.",
      "--skip",
      "spec,fullSpec,plan",
      "--script",
      "script.json",
      "--json",
    );
    expect(lines.at(-1)).toMatchObject({
      plan: { valid: true, order: ["work"] },
      phases: [{ outcome: "skipped", calls: 0 }, {}, {}],
    });
    expect(code).toBe(0);
    await write(SCRIPT);
    const some = await folder.call(
      "plan",
      "new",
      "Greet.",
      "--skip",
      "fullSpec",
      "--out",
      "b",
      "--script",
      "script.json",
      "--json",
    );
    // Without a test plan no task can write a test of it.
    expect(some.lines.at(-1)).toMatchObject({ error: { code: "E_MODEL_OUTPUT" } });
  });

  test("without a model it says so, and what is there is not overwritten", async () => {
    const none = await folder.call("plan", "new", "Greet users.", "--json");
    expect(none.code).toBe(5);
    expect(none.lines.at(-1)).toMatchObject({
      error: { code: "E_UNAVAILABLE", hint: expect.stringContaining("--script") },
    });
    await folder.write("spec.md", "# Mine\n");
    await write(SCRIPT);
    const there = await folder.call(
      "plan",
      "new",
      "Greet users.",
      "--out",
      ".",
      "--script",
      "script.json",
      "--json",
    );
    expect(there.code).toBe(2);
    expect(there.lines.at(-1)).toMatchObject({ error: { path: "out" } });
    expect(read("spec.md")).toBe("# Mine\n");
    const unknown = await folder.call("plan", "new", "Greet users.", "--skip", "thinking", "--json");
    expect(unknown.lines.at(-1)).toMatchObject({ error: { path: "skip" } });
  });
});
