import type { PlanFinding } from "@mnemosyne/core";
import { describe, expect, it } from "vitest";
import { checkPlanText, parsePlan } from "@mnemosyne/plan";
import { caught } from "./support/caught.ts";

const CONTRACT = `
version: 1
name: release-notes
goal: Ship 2.0 with notes that are true.
constraints: [Do not change public APIs]
successCriteria: [All tests pass]
workspace: .
namespace: project:demo
concurrency: 4
testCommand: npm test
budget: { tokens: 200000, usd: 3, time: 30m }
onFailure: stop
gates: [facts, noTodos, completeness]
finalGates: [completeness]
tasks:
  - id: build
    run: npm run build
    timeout: 120s
  - id: fix
    dependsOn: [build]
    instructions: Make the failing test pass without editing it.
    agent: executor
    reads: ["test/**"]
    writes: ["src/**"]
    attempts: 3
    budget: { tokens: 60000 }
    gates:
      - tests: { command: npm test }
      - noTodos
      - facts
  - id: publish
    dependsOn: [fix]
    approval: "Publish 2.0?"
    run: ./publish.sh
    onCrash: ask
    compensate: { run: ./unpublish.sh }
`;

function faultsOf(text: string, format: "yaml" | "json" = "yaml"): readonly PlanFinding[] {
  return checkPlanText(text, { format }).findings;
}

/** `rule@path` of each fault. */
function briefly(text: string): string[] {
  return faultsOf(text).map(({ rule, path }) => `${rule}@${path}`);
}

describe("a plan file", () => {
  it("of the documentation is read as it says", () => {
    const plan = parsePlan(CONTRACT);
    expect(plan).toMatchObject({
      version: 1,
      name: "release-notes",
      namespace: "project:demo",
      budget: { tokens: 200_000, usd: 3, time: 1_800_000 },
      finalGates: [{ gate: "completeness", with: {} }],
      caches: ["node_modules", ".venv", "target"],
      sandbox: "preferred",
    });
    expect(plan.tasks[0]).toEqual({
      id: "build",
      work: { kind: "run", run: "npm run build" },
      dependsOn: [],
      reads: [],
      isolation: "shared",
      merge: "files",
      attempts: 1,
      timeout: 120_000,
      budget: {},
      gates: [],
      onCrash: "rerun",
      env: [],
      sandbox: "preferred",
    });
    expect(plan.tasks[1]).toMatchObject({
      work: { kind: "instructions", agent: "executor" },
      isolation: "tree",
      writes: ["src/**"],
      gates: [
        { gate: "tests", with: { command: "npm test" } },
        { gate: "noTodos", with: {} },
        { gate: "facts", with: {} },
      ],
    });
    expect(plan.tasks[2]).toMatchObject({ onCrash: "ask", compensate: { run: "./unpublish.sh" } });
  });

  it("has the defaults of the documentation", () => {
    const plan = parsePlan(
      "version: 1\nsandbox: required\ntestCommand: make test\ntasks:\n" +
        "  - { id: a, instructions: Do it. }\n  - { id: b, run: x, writes: [out/**] }\n" +
        "  - { id: c, run: y, approval: 'Sure?' }\n  - { id: d, instructions: Do it too., gates: [], sandbox: off }\n",
      { name: "notes" },
    );
    expect(plan).toMatchObject({
      name: "notes",
      goal: "",
      concurrency: 4,
      onFailure: "stop",
      workspace: ".",
    });
    const [a, b, c, d] = plan.tasks;
    expect(a).toMatchObject({ attempts: 3, isolation: "tree", onCrash: "rerun", sandbox: "required" });
    expect(a?.gates.map(({ gate }) => gate)).toEqual(["facts", "noTodos", "completeness", "tests"]);
    expect(b).toMatchObject({ attempts: 1, isolation: "tree", gates: [] });
    expect(c).toMatchObject({ isolation: "shared", onCrash: "ask" });
    expect(d).toMatchObject({ gates: [], sandbox: "off" });
  });

  it("reads every key that a task may have", () => {
    const { plan, findings } = checkPlanText(`
version: 1
tasks:
  - { id: list, run: ls }
  - id: each
    dependsOn: [list]
    instructions: Look at it.
    forEach: list
    when: { task: list, path: result.ok, equals: { a: [1, null] } }
    model: claude-x
    tools: [read, search]
    env: [NPM_TOKEN]
    output: { type: object, properties: { n: { type: integer } } }
    isolation: shared
    merge: lines
    onCrash: fail
`);
    expect(findings).toEqual([]);
    expect(plan?.tasks[1]).toMatchObject({
      forEach: "list",
      when: { task: "list", path: "result.ok", equals: { a: [1, null] } },
      model: "claude-x",
      tools: ["read", "search"],
      env: ["NPM_TOKEN"],
      output: { type: "object", properties: { n: { type: "integer" } } },
      isolation: "shared",
      merge: "lines",
      onCrash: "fail",
    });
  });
});

describe("faults of a plan file", () => {
  it("are all found at once, each with its place and what to do", () => {
    const findings = faultsOf(`version: 2
naem: x
budget: { tokens: -1, euro: 3 }
tasks:
  - id: a
    run: x
    dependson: [b]
    timeout: 90
  - id: a
    instructions: Do it.
    run: y
    dependsOn: [zz, a]
  - dependsOn: [a]
`);
    expect(findings.map(({ rule, path, line }) => ({ rule, path, line }))).toEqual([
      { rule: "value", path: "version", line: 1 },
      { rule: "unknownKey", path: "naem", line: 2 },
      { rule: "value", path: "budget.tokens", line: 3 },
      { rule: "unknownKey", path: "budget.euro", line: 3 },
      { rule: "unknownKey", path: "tasks[0].dependson", line: 7 },
      { rule: "value", path: "tasks[0].timeout", line: 8 },
      { rule: "work", path: "tasks[1]", line: 9 },
      { rule: "duplicateId", path: "tasks[1].id", line: 9 },
      { rule: "unknownDependency", path: "tasks[1].dependsOn[0]", line: 12 },
      { rule: "selfDependency", path: "tasks[1].dependsOn[1]", line: 12 },
      { rule: "missing", path: "tasks[2].id", line: 13 },
      { rule: "work", path: "tasks[2]", line: 13 },
    ]);
    for (const { fix, message } of findings) {
      expect(message).not.toBe("");
      expect(fix).toBeTruthy();
    }
    const texts = findings.map(({ message, fix }) => `${message} ${fix}`);
    expect(texts[0]).toContain("must be 1, not 2");
    expect(texts[1]).toBe("The key 'naem' is not known here. Did you mean 'name'?");
    expect(texts[3]).toContain("Legal keys are: tokens, usd, time.");
    expect(texts[4]).toContain("Did you mean 'dependsOn'?");
    expect(texts[5]).toContain("must be text, not the number 90");
    expect(texts[5]).toContain("90s");
    expect(findings[8]?.column).toBe(17);
  });

  it.each([
    ["nothing", "", "empty@"],
    ["white space", " \n\n", "empty@"],
    ["only a comment", "# nothing\n", "notAMapping@"],
    ["a list", "- a\n- b\n", "notAMapping@"],
    ["a text", "hello", "notAMapping@"],
    ["wrong YAML", "version: 1\n  tasks: [", "syntax@"],
    ["tabs", "version: 1\ntasks:\n\t- id: a\n", "syntax@"],
    ["a key twice", "version: 1\nversion: 1\ntasks: [{id: a, run: x}]\n", "duplicateKey@"],
    ["a task's key twice", "version: 1\ntasks: [{id: a, run: x, run: y}]\n", "duplicateKey@"],
    ["two documents", "version: 1\ntasks: [{id: a, run: x}]\n---\nversion: 1\n", "syntax@"],
    ["a strange tag", "version: !!js/function 1\ntasks: [{id: a, run: x}]\n", "syntax@"],
    ["an alias without anchor", "version: 1\ntasks: *none\n", "syntax@"],
    ["no version", "tasks: [{id: a, run: x}]\n", "missing@version"],
    ["no tasks", "version: 1\n", "missing@tasks"],
    ["an empty list of tasks", "version: 1\ntasks: []\n", "value@tasks"],
    ["tasks that are no list", "version: 1\ntasks: {a: {run: x}}\n", "value@tasks"],
    ["a task that is a text", "version: 1\ntasks: [a]\n", "value@tasks[0]"],
    ["a bad id", "version: 1\ntasks: [{id: 'a b', run: x}]\n", "value@tasks[0].id"],
    ["a bad duration", "version: 1\ntasks: [{id: a, run: x, timeout: soon}]\n", "value@tasks[0].timeout"],
    ["no time at all", "version: 1\ntasks: [{id: a, run: x, timeout: 0s}]\n", "value@tasks[0].timeout"],
    ["a bad namespace", "version: 1\nnamespace: p\ntasks: [{id: a, run: x}]\n", "value@namespace"],
    ["a bad word", "version: 1\nonFailure: pray\ntasks: [{id: a, run: x}]\n", "value@onFailure"],
    ["a bad gate", "version: 1\ntasks: [{id: a, run: x, gates: [3]}]\n", "value@tasks[0].gates[0]"],
    [
      "a gate with two names",
      "version: 1\ntasks: [{id: a, run: x, gates: [{a: {}, b: {}}]}]\n",
      "value@tasks[0].gates[0]",
    ],
    ["a bad variable", "version: 1\ntasks: [{id: a, run: x, env: ['A=1']}]\n", "value@tasks[0].env[0]"],
    ["a function in a file", "version: 1\ntasks: [{id: a, function: f}]\n", "work@tasks[0].function"],
    ["an agent for a command", "version: 1\ntasks: [{id: a, run: x, agent: b}]\n", "work@tasks[0].agent"],
    ["no attempts", "version: 1\ntasks: [{id: a, run: x, attempts: 0}]\n", "value@tasks[0].attempts"],
    [
      "an unknown key deep inside",
      "version: 1\ntasks: [{id: a, run: x, compensate: {run: y, function: z}}]\n",
      "unknownKey@tasks[0].compensate.function",
    ],
  ])("tells of %s", (_name, text, fault) => {
    const findings = faultsOf(text);
    expect(briefly(text)).toContain(fault);
    expect(findings).toHaveLength(1);
    expect(findings[0]?.severity).toBe("error");
    expect(findings[0]?.fix).toBeTruthy();
  });

  it("in JSON name the line too", () => {
    expect(faultsOf('{\n  "version": 1,\n  "tasks": [,]\n}', "json")).toMatchObject([
      { rule: "syntax", line: 3 },
    ]);
    expect(
      faultsOf('{ "version": 1, "version": 1, "tasks": [{ "id": "a", "run": "x" }] }', "json"),
    ).toMatchObject([{ rule: "duplicateKey", line: 1 }]);
    expect(
      faultsOf('{\n\t"version": 1,\n\t"tasks": [\n\t\t{ "id": "a", "runn": "x" }\n\t]\n}', "json"),
    ).toMatchObject([
      { rule: "work", line: 4 },
      { rule: "unknownKey", line: 4, path: "tasks[0].runn", fix: "Did you mean 'run'?" },
    ]);
    expect(faultsOf("version: 1\ntasks: []", "json")).toMatchObject([{ rule: "syntax" }]);
  });

  it("are thrown with the first few in the message and all in the details", () => {
    const bad = `version: 1\ntasks:\n${Array.from({ length: 9 }, (_, index) => `  - { id: t${index}, runn: x }`).join("\n")}\n`;
    const error = caught(() => parsePlan(bad, { source: "bad.yaml" }));
    expect(error).toMatchObject({ code: "E_PLAN_INVALID", kind: "input", path: "tasks[0]" });
    expect(error.message).toContain("'bad.yaml' has 18 faults");
    expect(error.message).toContain(
      "tasks[0].runn, line 3:15: The key 'runn' is not known here. Did you mean 'run'?",
    );
    expect(error.message).toContain("and 13 more");
    expect(error.details).toHaveLength(18);
  });

  it("in a file that uses aliases to grow without end are refused", () => {
    const bomb = `version: 1\na: &a [x, x, x, x, x, x, x, x, x]\n${"bcdefghij"
      .split("")
      .map((name, index) => `${name}: &${name} [${Array(9).fill(`*${"abcdefghi"[index]}`).join(", ")}]`)
      .join("\n")}\ntasks: *j\n`;
    expect(faultsOf(bomb)).toMatchObject([{ rule: "syntax" }]);
  });

  it("never include a key of a prototype", () => {
    expect(briefly("version: 1\n__proto__: { x: 1 }\ntasks: [{id: a, run: x}]\n")).toEqual([
      "unknownKey@__proto__",
    ]);
    expect(briefly("version: 1\nconstructor: 1\ntasks: [{id: a, run: x}]\n")).toEqual([
      "unknownKey@constructor",
    ]);
  });
});
