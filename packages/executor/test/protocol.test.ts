import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import {
  advanceProtocol,
  checkTraces,
  exitCriteria,
  openCriteria,
  planInputOf,
  readSpec,
  readTestPlan,
  readTraceability,
  startProtocol,
  tracesOf,
  writeSpec,
  writeTestPlan,
  writeTraceability,
  type Documents,
  type FullSpec,
  type PlannedWork,
  type Spec,
} from "@mnemosyne/executor";
import { openShared } from "@mnemosyne/workspace";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

const spec: Spec = {
  title: "Sums",
  intent: "Sums come out right.",
  stack: ["Node 20"],
  constraints: [],
  requirements: [{ id: "R1", text: "All numbers are added.", acceptance: "sum([1, 2]) returns 3." }],
  questions: [],
};
const fullSpec: FullSpec = {
  parts: [{ name: "sum", purpose: "Adds.", interface: "sum(n: number[]): number", dependsOn: [] }],
  invariants: [],
  edgeCases: [{ requirement: "R1", text: "The empty list." }],
  tests: [
    { id: "T1", description: "adds two", kind: "unit", requirements: ["R1"], file: "test/sum.test.js" },
  ],
};
const plan: PlannedWork = {
  testCommand: "node --test",
  tasks: [
    {
      id: "sum",
      instructions: "Write sum.",
      dependsOn: [],
      reads: [],
      writes: ["sum.js"],
      requirements: ["R1"],
      tests: ["T1"],
    },
  ],
};

const accept = (phase: "spec" | "fullSpec" | "plan" | "artifacts") =>
  ({ type: "accepted", phase, by: "test" }) as const;
const through = () => {
  let state = advanceProtocol(startProtocol("Sum numbers."), {
    type: "drafted",
    phase: "spec",
    document: spec,
  });
  state = advanceProtocol(state, accept("spec"));
  state = advanceProtocol(state, { type: "drafted", phase: "fullSpec", document: fullSpec });
  state = advanceProtocol(state, accept("fullSpec"));
  state = advanceProtocol(state, { type: "drafted", phase: "plan", document: plan });
  return advanceProtocol(state, accept("plan"));
};

describe("the phases", () => {
  test("follow each other, and none is left while a criterion is not met", () => {
    expect(through().phase).toBe("artifacts");
    expect(advanceProtocol(through(), accept("artifacts")).phase).toBe("done");
    const start = startProtocol("Sum numbers.");
    expect(() => advanceProtocol(start, accept("spec"))).toThrow(/spec.md is not written/);
    expect(() => advanceProtocol(start, accept("plan"))).toThrow(/the work is at 'spec'/);
    expect(() => startProtocol("  ")).toThrow(/no prompt/);
    const vague = { ...spec, requirements: [{ id: "R1", text: "Fast.", acceptance: "It should be fast." }] };
    const drafted = advanceProtocol(start, { type: "drafted", phase: "spec", document: vague });
    expect(openCriteria(drafted)).toMatchObject([
      { name: "spec.judgeable", missing: [expect.stringContaining("R1")] },
    ]);
    expect(() => advanceProtocol(drafted, accept("spec"))).toThrow(/It should be fast/);
  });

  test("going back voids what came after, and going on needs it again", () => {
    const back = advanceProtocol(through(), {
      type: "rolledBack",
      to: "fullSpec",
      reason: "the interface is wrong",
    });
    expect(back).toMatchObject({ phase: "fullSpec", documents: { spec } });
    expect(back.documents).not.toHaveProperty("fullSpec");
    expect(back.documents).not.toHaveProperty("plan");
    expect(() => advanceProtocol(back, accept("fullSpec"))).toThrow(/test-plan.md/);
    expect(() => advanceProtocol(back, { type: "rolledBack", to: "plan", reason: "?" })).toThrow(
      /no way back/,
    );
  });

  test("an answer belongs to its question", () => {
    const open = { ...spec, questions: [{ id: "Q1", question: "Which?", assumption: "" }] };
    const drafted = advanceProtocol(startProtocol("Sum."), {
      type: "drafted",
      phase: "spec",
      document: open,
    });
    expect(openCriteria(drafted).map(({ name }) => name)).toEqual(["spec.questions"]);
    expect(
      openCriteria(advanceProtocol(drafted, { type: "answered", question: "Q1", answer: "All." })),
    ).toEqual([]);
    expect(() => advanceProtocol(drafted, { type: "answered", question: "Q9", answer: "?" })).toThrow(
      /no question/,
    );
  });

  test.each([
    ["fullSpec.tested", { ...fullSpec, tests: [] }],
    [
      "fullSpec.tests",
      { ...fullSpec, tests: [...fullSpec.tests, { ...fullSpec.tests[0]!, id: "T2", requirements: ["R7"] }] },
    ],
    ["fullSpec.holes", { ...fullSpec, parts: [{ ...fullSpec.parts[0]!, interface: "" }] }],
    ["fullSpec.dependencies", { ...fullSpec, parts: [{ ...fullSpec.parts[0]!, dependsOn: ["sum"] }] }],
    ["fullSpec.edgeCases", { ...fullSpec, edgeCases: [] }],
  ] satisfies [string, FullSpec][])("%s is held", (name, document) => {
    const open = exitCriteria("fullSpec", { spec, fullSpec: document }).filter(({ met }) => !met);
    expect(open.map((criterion) => criterion.name)).toEqual([name]);
  });

  test.each([
    ["plan.requirements", { requirements: [] }],
    ["plan.requirements", { requirements: ["R1", "R8"] }],
    ["plan.tests", { tests: [] }],
    ["plan.artifacts", { writes: [] }],
  ])("%s is held: %j", (name, change) => {
    const changed = { ...plan, tasks: [{ ...plan.tasks[0]!, ...change }] };
    const open = exitCriteria("plan", { spec, fullSpec, plan: changed }).filter(({ met }) => !met);
    expect(open.map((criterion) => criterion.name)).toEqual([name]);
  });
});

const word = fc
  .stringMatching(/^[A-Za-z][A-Za-z0-9 .'()_-]{0,30}[A-Za-z0-9]$/)
  .map((text) => text.replaceAll(/ +/g, " "));
const ids = (letter: string) =>
  fc.uniqueArray(
    fc.integer({ min: 1, max: 9 }).map((n) => `${letter}${n}`),
    { minLength: 1, maxLength: 3 },
  );

describe("the files", () => {
  test("are read back as they were written", () => {
    fc.assert(
      fc.property(
        word,
        word,
        fc.array(word, { maxLength: 3 }),
        ids("R"),
        ids("T"),
        (title, text, list, rs, ts) => {
          const some: Spec = {
            title,
            intent: text,
            stack: list,
            constraints: list,
            requirements: rs.map((id) => ({ id, text, acceptance: title })),
            questions: [{ id: "Q1", question: title, assumption: text, answer: text }],
          };
          const full: FullSpec = {
            parts: [{ name: title, purpose: text, interface: text, dependsOn: [] }],
            invariants: list,
            edgeCases: rs.map((requirement) => ({ requirement, text })),
            tests: ts.map((id) => ({
              id,
              description: text,
              kind: "unit",
              requirements: rs,
              file: "a/b.js",
            })),
          };
          const { spec: read, parts, invariants } = readSpec(writeSpec(some, full));
          expect(read).toEqual(some);
          expect({ parts, invariants, ...readTestPlan(writeTestPlan(title, full)) }).toEqual(full);
          const traces = tracesOf({ spec: some, fullSpec: full, plan });
          expect(readTraceability(writeTraceability(title, traces))).toEqual(traces);
        },
      ),
      { numRuns: 100 },
    );
  });

  test("that were broken by an edit say where", () => {
    expect(() => readSpec("nothing\n")).toThrow(/no title/);
    expect(() => readSpec("# A\n\n## Requirements\n\n### First: x\n")).toThrow(/line 5/);
    expect(() => readTestPlan("# A\n\n## Tests\n\n### T1: x\n\n- Kind: magic\n")).toThrow(/kind of T1/);
    expect(() => readTraceability("# A\n")).toThrow(/no table/);
  });

  test("a plan's tasks carry what they are there for", () => {
    const [task] = planInputOf({ spec, fullSpec, plan }, "Sum.", { name: "sums", workspace: ".." }).tasks;
    expect(task?.instructions).toContain("R1: All numbers are added. Accepted when: sum([1, 2]) returns 3.");
    expect(task?.instructions).toContain("T1: write this test in `test/sum.test.js`: adds two");
  });
});

test("traces are followed both ways, down to files that are there", async () => {
  const all: Documents = { spec, fullSpec, plan };
  const messages = async (documents: Documents, folder?: string) =>
    (
      await checkTraces(
        documents,
        folder === undefined ? undefined : await openShared(folder, { base: "none" }),
      )
    ).map(({ direction, message }) => `${direction}: ${message}`);
  expect(await messages(all)).toEqual([]);
  expect(
    await messages({
      spec,
      fullSpec,
      plan: { ...plan, tasks: [{ ...plan.tasks[0]!, requirements: ["R9"] }] },
    }),
  ).toEqual(["forward: No task meets R1.", "backward: The task 'sum' is there for no requirement."]);
  const folder = await mkdtemp(path.join(tmpdir(), "mnemosyne-traces-"));
  try {
    expect(await messages(all, folder)).toEqual([
      "forward: Nothing is there of 'sum.js', which task 'sum' was to write.",
      "forward: The file 'test/sum.test.js' of T1 is not there.",
    ]);
    await writeFile(path.join(folder, "sum.js"), "");
    expect(await messages(all, folder)).toHaveLength(1);
  } finally {
    await rm(folder, { recursive: true });
  }
});
