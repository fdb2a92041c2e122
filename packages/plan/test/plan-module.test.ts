import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Json } from "@mnemosyne/core";
import {
  checkPlan,
  definePlan,
  defineTask,
  loadModule,
  loadPlan,
  parsePlan,
  planHash,
  planJsonSchema,
  preparePlan,
  type PlanInput,
} from "@mnemosyne/plan";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { caught } from "./support/caught.ts";
import { plan, task } from "./support/plans.ts";

const folder = mkdtempSync(join(tmpdir(), "mnemosyne-plan-files-"));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const YAML = "version: 1\ntasks:\n  - { id: a, run: 'true' }\n";

const count = (): number => 3;
const undo = (): void => undefined;

describe("definePlan", () => {
  it("takes functions, compensations and Standard Schemas and gives them by task id", () => {
    const output = z.object({ n: z.number() });
    const defined = definePlan({
      version: 1,
      name: "counted",
      tasks: [
        { id: "count", function: count, compensate: undo, output },
        { id: "show", dependsOn: ["count"], run: "cat", output: { type: "string" } },
      ],
    });
    expect(defined.functions).toEqual({ count });
    expect(defined.compensations).toEqual({ count: undo });
    expect(defined.outputs).toEqual({ count: output });
    expect(defined.plan.tasks[0]).toMatchObject({
      work: { kind: "function", function: "count" },
      isolation: "shared",
      attempts: 1,
      compensate: { function: "count" },
      output: { type: "object", properties: { n: { type: "number" } }, required: ["n"] },
    });
    expect(defined.plan.tasks[1]).toMatchObject({ output: { type: "string" } });
    // The plan itself is data: functions are only named in it.
    expect(JSON.parse(JSON.stringify(defined.plan))).toEqual(defined.plan);
  });

  it("refuses what a file would be refused for, and functions that are none", () => {
    const bad = {
      version: 1,
      tasks: [
        { id: "a", function: 3, gats: [] },
        { id: "b", dependsOn: ["c"], run: "x" },
      ],
    };
    const error = caught(() => definePlan(bad as never));
    expect(error.code).toBe("E_PLAN_INVALID");
    expect(error.message).toContain("tasks[0].function");
    expect(error.message).toContain("Did you mean 'gates'?");
    expect(error.message).toContain("tasks[1].dependsOn[0]");
  });

  it("accepts a schema of another library", () => {
    const foreign = {
      "~standard": { version: 1, vendor: "other", validate: (value: unknown) => ({ value }) },
    } as const;
    const { plan: made, outputs } = definePlan({
      version: 1,
      tasks: [{ id: "a", run: "x", output: foreign }],
    });
    expect(made.tasks[0]?.output).toEqual({});
    expect(outputs).toEqual({ a: foreign });
  });
});

describe("defineTask", () => {
  it("fills in the defaults of a task that is added to a run", () => {
    expect(defineTask({ id: "s", instructions: "Look." }, { sandbox: "required" })).toMatchObject({
      id: "s",
      attempts: 3,
      isolation: "tree",
      sandbox: "required",
      gates: [{ gate: "facts" }, { gate: "noTodos" }, { gate: "completeness" }],
    });
    expect(caught(() => defineTask({ id: "s" } as never)).code).toBe("E_PLAN_INVALID");
    expect(caught(() => defineTask({ id: "s", function: () => 1 })).message).toContain("function");
  });
});

describe("preparePlan", () => {
  it("takes a plan in any form", async () => {
    const input: PlanInput = { version: 1, name: "p", tasks: [{ id: "a", run: "true" }] };
    const written = await preparePlan(input);
    const defined = await preparePlan(definePlan(input));
    const checked = await preparePlan(written.plan);
    const loaded = await loadPlan(write("prepared.yaml", YAML));
    expect(written.hash).toBe(planHash(written.plan));
    expect(defined).toEqual(written);
    expect(checked.plan).toEqual(written.plan);
    expect(await preparePlan(loaded)).toEqual(loaded);
  });

  it("rejects one that is not sound, in any form", async () => {
    const invalid = { code: "E_PLAN_INVALID" };
    await expect(preparePlan({ version: 1, tasks: [] })).rejects.toMatchObject(invalid);
    await expect(preparePlan(plan([task("a", ["a"])]))).rejects.toMatchObject(invalid);
    await expect(preparePlan("plan.yaml" as never)).rejects.toMatchObject(invalid);
  });
});

describe("loadPlan", () => {
  it.each([
    ["notes.yaml", YAML],
    ["notes.yml", YAML],
    ["notes.json", '{ "version": 1, "tasks": [{ "id": "a", "run": "true" }] }'],
    ["notes.mjs", 'export default { version: 1, tasks: [{ id: "a", run: "true" }] };'],
    ["notes.js", 'export default { version: 1, tasks: [{ id: "a", run: "true" }] };'],
    ["notes.ts", 'const run: string = "true";\nexport default { version: 1, tasks: [{ id: "a", run }] };'],
    [
      "notes.mts",
      'interface X { run: string }\nconst x: X = { run: "true" };\nexport default { version: 1, tasks: [{ id: "a", ...x }] };',
    ],
  ])("reads %s", async (name, text) => {
    // Without a type, Node takes a .js file for CommonJS where it does not look into it.
    write("package.json", '{ "type": "module" }');
    const loaded = await loadPlan(write(name, text));
    expect(loaded.plan).toMatchObject({
      name: "notes",
      workspace: folder,
      tasks: [{ id: "a", work: { run: "true" } }],
    });
    expect(loaded).toMatchObject({ path: join(folder, name), hash: planHash(loaded.plan) });
    expect(loaded.sourceHash).toMatch(/^[0-9a-f]{64}$/);
  });

  it("gives every form of the same plan the same hash", async () => {
    const files = [
      write("same.yaml", YAML),
      write("same.json", '{"tasks":[{"run":"true","id":"a","dependsOn":[]}],"version":1,"concurrency":4}'),
    ];
    const hashes = await Promise.all(files.map(async (file) => (await loadPlan(file)).hash));
    expect(new Set(hashes).size).toBe(1);
  });

  it("makes the workspace absolute, from the file's folder", async () => {
    mkdirSync(join(folder, "plans"), { recursive: true });
    const loaded = await loadPlan(write("plans/up.yaml", `workspace: ../app\n${YAML}`));
    expect(loaded.plan.workspace).toBe(join(folder, "app"));
  });

  it("runs a module's functions", async () => {
    const path = write(
      "functions.ts",
      `export default {
        version: 1 as const,
        tasks: [{ id: "double", function: (inputs: { n: number }) => inputs.n * 2, compensate: () => "undone" }],
      };`,
    );
    const { functions, compensations, plan: made } = await loadPlan(path);
    const table = functions as Record<string, (inputs: Record<string, Json>, context: never) => unknown>;
    expect(table["double"]?.({ n: 4 }, undefined as never)).toBe(8);
    expect(Object.keys(compensations)).toEqual(["double"]);
    expect(made.tasks[0]?.work).toEqual({ kind: "function", function: "double" });
  });

  it("reads a module again when it has changed", async () => {
    for (const extension of ["mjs", "ts"]) {
      const names: string[] = [];
      for (const name of ["one", "two"]) {
        const text = `export default { version: 1, name: "${name}", tasks: [{ id: "a", run: "x" }] };`;
        names.push((await loadPlan(write(`changing.${extension}`, text))).plan.name);
      }
      expect(names).toEqual(["one", "two"]);
    }
  });

  it.each([
    ["nowhere.yaml", undefined, "E_INPUT", "cannot be read"],
    ["plan.txt", YAML, "E_INPUT", "must end in .yaml"],
    ["bad.yaml", "version: 1\n", "E_PLAN_INVALID", "'tasks' is missing"],
    ["bad.json", "{", "E_PLAN_INVALID", "not valid JSON"],
    ["bad.mjs", "export default {", "E_INPUT", "cannot be loaded"],
    ["throws.mjs", 'throw new Error("Oh no");', "E_INPUT", "Oh no"],
    ["empty.mjs", "export const plan = 1;", "E_INPUT", "no plan as its default export"],
    ["wrong.mjs", "export default { version: 1, tasks: [{ id: 'a' }] };", "E_PLAN_INVALID", "nothing to do"],
  ])("refuses %s", async (name, text, code, message) => {
    if (text !== undefined) write(name, text);
    await expect(loadPlan(join(folder, name))).rejects.toMatchObject({
      code,
      kind: "input",
      message: expect.stringContaining(message) as string,
    });
  });

  it("gives an error of this project that the module throws as it is, also from another copy of it", async () => {
    const text = `
      const error = Object.assign(new Error("tasks[0] is wrong"), { code: "E_PLAN_INVALID", kind: "input" });
      error[Symbol.for("mnemosyne.error")] = true;
      throw error;`;
    await expect(loadPlan(write("refused.mjs", text))).rejects.toMatchObject({
      code: "E_PLAN_INVALID",
      message: "tasks[0] is wrong",
    });
  });
});

describe("loadModule", () => {
  it("gives the default export, whatever it is", async () => {
    expect(await loadModule(write("value.mjs", "export default 5;"))).toBe(5);
    expect(await loadModule(write("none.mjs", "export const x = 1;"))).toBeUndefined();
    await expect(loadModule(join(folder, "nothing.mjs"))).rejects.toMatchObject({ code: "E_INPUT" });
  });
});

describe("planHash", () => {
  const base = "version: 1\nname: p\ntasks:\n  - { id: a, run: x }\n  - { id: b, run: y, dependsOn: [a] }\n";

  it("is the same whatever the text looks like, and wherever the workspace lies", () => {
    const hash = planHash(parsePlan(base));
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    expect(planHash(parsePlan(`# a comment\n${base}concurrency: 4\n`))).toBe(hash);
    expect(planHash({ ...parsePlan(base), workspace: "/somewhere/else" })).toBe(hash);
  });

  it.each([
    ["a command", base.replace("run: x", "run: z")],
    ["a dependency", base.replace(", dependsOn: [a]", "")],
    [
      "the order of tasks",
      "version: 1\nname: p\ntasks:\n  - { id: b, run: y, dependsOn: [a] }\n  - { id: a, run: x }\n",
    ],
    ["a budget", `${base}budget: { usd: 1 }\n`],
    ["a timeout", base.replace("run: x", "run: x, timeout: 1s")],
  ])("is another one when %s is another one", (_name, text) => {
    expect(planHash(parsePlan(text))).not.toBe(planHash(parsePlan(base)));
  });
});

describe("the JSON Schema", () => {
  const file = fileURLToPath(new URL("../plan.schema.json", import.meta.url));

  beforeAll(() => {
    if (process.env["MNEMOSYNE_WRITE_SCHEMA"] !== undefined)
      writeFileSync(file, `${JSON.stringify(planJsonSchema(), undefined, 2)}\n`);
  });

  it("that is shipped is the one that plans are checked with (MNEMOSYNE_WRITE_SCHEMA=1 writes it)", () => {
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(planJsonSchema());
  });

  it("has every key of a plan and a task, refuses others, and knows no functions", () => {
    const schema = planJsonSchema() as {
      properties: Record<
        string,
        { items?: { properties: Record<string, unknown>; required: string[]; additionalProperties: boolean } }
      >;
      required: string[];
      additionalProperties: boolean;
    };
    expect(schema.required).toEqual(["version", "tasks"]);
    expect(schema.additionalProperties).toBe(false);
    const { items } = schema.properties["tasks"] ?? {};
    expect(items).toMatchObject({ required: ["id"], additionalProperties: false });
    const keys = `id dependsOn run instructions agent reads writes attempts timeout budget gates approval onCrash
      compensate model tools env output when forEach isolation merge sandbox`;
    expect(new Set(Object.keys(items?.properties ?? {}))).toEqual(new Set(keys.split(/\s+/)));
  });
});

it("a plan that was defined is one that the checks of a plan pass", () => {
  const { plan: made } = definePlan({
    version: 1,
    tasks: [
      { id: "a", run: "x" },
      { id: "b", dependsOn: ["a"], run: "y" },
    ],
  });
  expect(checkPlan(made)).toEqual({ valid: true, order: ["a", "b"], criticalPath: ["a", "b"], findings: [] });
});
