import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { LanguageModel } from "@mnemosyne/core";
import { OrchestrationEngine, type PlanEdit } from "@mnemosyne/engine";
import type { PlanInput } from "@mnemosyne/plan";
import { openStorage, type Storage } from "@mnemosyne/storage";
import { afterEach, beforeEach, expect, test } from "vitest";

let folder: string;
let storage: Storage;
let engine: OrchestrationEngine;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "mnemosyne-edit-"));
  await mkdir(path.join(folder, ".mnemosyne"));
  await mkdir(path.join(folder, "in"));
  for (const name of ["a", "b"]) await writeFile(path.join(folder, "in", name), `${name}\n`);
  storage = await openStorage(`file:${path.join(folder, ".mnemosyne", "mnemosyne.db")}`);
  engine = new OrchestrationEngine(storage);
  await engine.start();
});
afterEach(async () => {
  await engine.stop();
  await storage.close();
  await rm(folder, { recursive: true, force: true });
});

// No task reads the log.
const note = (text: string) => `echo ${text} >> "${path.join(folder, ".mnemosyne", "ran.log")}"`;
const ran = async () =>
  (await readFile(path.join(folder, ".mnemosyne", "ran.log"), "utf8")).trim().split("\n");
const actions = ({ tasks }: PlanEdit) => Object.fromEntries(tasks.map(({ task, action }) => [task, action]));

const plan = (tasks: PlanInput["tasks"]): PlanInput => ({
  version: 1,
  name: "edited",
  workspace: folder,
  sandbox: "off",
  tasks,
});
function parts() {
  return {
    a: { id: "a", reads: ["in/a"], run: note("a") },
    b: { id: "b", reads: ["in/b"], run: note("b") },
    land: { id: "land", reads: ["in/a"], writes: ["out.txt"], run: `echo out > out.txt; ${note("land")}` },
    fails: { id: "fails", dependsOn: ["a", "b", "land", "sold"], reads: ["in/a"], run: "exit 1" },
    sold: { id: "sold", reads: ["in/a"], run: note("sold"), compensate: { run: note("refunded") } },
  };
}

test("finished tasks whose key is unchanged stay; the rest runs, each with its reason", async () => {
  const { a, b, land, fails, sold } = parts();
  expect(await engine.executePlan(plan([a, b, land, fails, sold]), { runId: "r1" })).toMatchObject({
    status: "failed",
  });
  expect((await ran()).toSorted()).toEqual(["a", "b", "land", "sold"]);
  await writeFile(path.join(folder, "in", "b"), "changed\n");

  const next = plan([
    a,
    b,
    land,
    { ...fails, dependsOn: ["a", "b", "land"], run: note("fixed") },
    { id: "new", dependsOn: ["fails"], reads: ["in/a"], run: note("new") },
  ]);
  const told = await engine.editPlan("r1", next, { dryRun: true });
  const edit = await engine.editPlan("r1", next);
  expect(edit).toEqual(told);
  expect(edit.tasks).toMatchObject([
    { task: "a", action: "kept" },
    { task: "b", action: "run", reason: "A file that it reads changed." },
    { task: "land", action: "kept" },
    { task: "fails", action: "run", reason: "It is failed." },
    { task: "new", action: "added" },
    { task: "sold", action: "removed" },
  ]);
  const result = await engine.open("r1").result();
  expect(result).toMatchObject({ status: "completed" });
  expect(await ran()).toEqual([...(await ran()).slice(0, 4), "b", "fixed", "new"]);
  // The finished task that the plan no longer has is still listed, and nothing of it was undone.
  expect(result.tasks.find(({ id }) => id === "sold")).toMatchObject({ status: "completed" });

  const events = await storage.journal.read("r1");
  expect(events.filter(({ type }) => type === "plan.edited")).toHaveLength(1);
  // A fresh fold gives the same state.
  const other = new OrchestrationEngine(storage);
  await other.start();
  const finished = events.findLast((event) => event.type === "run.finished");
  expect((await other.open("r1").report()).digest).toBe(
    finished?.type === "run.finished" ? finished.digest : "",
  );
  await other.stop();
});

test("what was removed is compensated when that is asked for; an attempt's number never comes again", async () => {
  const { a, sold } = parts();
  await engine.executePlan(plan([a, sold]), { runId: "r1" });
  await engine.editPlan("r1", plan([{ ...a, run: note("a2") }]), { undoRemoved: true });
  const result = await engine.open("r1").result();
  expect(result).toMatchObject({ status: "completed" });
  expect((await ran()).slice(2)).toEqual(["refunded", "a2"]);
  expect(result.tasks).toMatchObject([
    { id: "a", status: "completed", attempts: 2 },
    { id: "sold", status: "compensated" },
  ]);
});

test("a changed output, a changed dependency, a plan that is not sound, and an unchanged plan", async () => {
  const { a, b, land } = parts();
  const c = { id: "c", dependsOn: ["land"], reads: ["in/a"], run: note("c") };
  await engine.executePlan(plan([a, land, c]), { runId: "r1" });
  expect(actions(await engine.editPlan("r1", plan([a, land, c])))).toEqual({
    a: "kept",
    land: "kept",
    c: "kept",
  });
  expect((await storage.journal.read("r1")).some(({ type }) => type === "plan.edited")).toBe(false);
  await writeFile(path.join(folder, "out.txt"), "somebody's\n");
  const edit = await engine.editPlan("r1", plan([a, land, c, b]), { dryRun: true });
  expect(edit.tasks).toMatchObject([
    { task: "a", action: "kept" },
    { task: "land", action: "run", reason: "Its file out.txt was changed." },
    { task: "c", action: "run", reason: "'land' runs again." },
    { task: "b", action: "added" },
  ]);
  await expect(
    engine.editPlan(
      "r1",
      plan([
        { ...a, dependsOn: ["c"] },
        { ...c, dependsOn: ["a"] },
      ]),
    ),
  ).rejects.toMatchObject({ code: "E_PLAN_INVALID" });
});

/** A model that no agent of the test asks anything. */
function neverAsked(model: string): LanguageModel {
  const refuse = (): never => {
    throw new Error("nobody asks this model");
  };
  return {
    provider: "nobody",
    model,
    generate: refuse,
    stream: refuse,
    generateObject: refuse,
    runTools: refuse,
  };
}

test("another prompt, model, tool or gate makes another result of the same definition", async () => {
  const uses = { version: "1", model: "small", tool: "1", gate: "1" };
  const opened: OrchestrationEngine[] = [];
  const engineWith = async (changed: Partial<typeof uses>): Promise<OrchestrationEngine> => {
    const now = { ...uses, ...changed };
    const made = new OrchestrationEngine({
      storage,
      model: neverAsked(now.model),
      agents: [{ name: "writer", version: now.version, execute: async () => ({ status: "completed" }) }],
      tools: [
        {
          name: "look",
          description: "Looks.",
          version: now.tool,
          inputSchema: { type: "object" },
          execute: async () => ({ content: "" }),
        },
      ],
      gates: [
        {
          name: "seen",
          version: now.gate,
          kind: "program",
          judge: async () => ({ verdict: "pass", findings: [] }),
        },
      ],
    });
    opened.push(made);
    await made.start();
    return made;
  };
  const write = {
    id: "write",
    agent: "writer",
    instructions: "Write.",
    reads: ["in/a"],
    gates: ["seen"],
    budget: { tokens: 1000 },
  };
  const first = await engineWith({});
  expect(await first.executePlan(plan([write]), { runId: "r1" })).toMatchObject({ ok: true });
  const next = plan([write, { id: "new", run: "true" }]);
  const reasonWith = async (changed: Partial<typeof uses>): Promise<string | undefined> =>
    (await (await engineWith(changed)).editPlan("r1", next, { dryRun: true })).tasks[0]?.reason;
  expect(await reasonWith({})).toBe("Nothing that it depends on changed.");
  expect(await reasonWith({ version: "2" })).toBe("Its agent's prompt changed.");
  expect(await reasonWith({ model: "large" })).toBe("The model changed.");
  expect(await reasonWith({ tool: "2" })).toBe("A tool changed.");
  expect(await reasonWith({ gate: "2" })).toBe("A gate's version changed.");
  for (const made of opened) await made.stop();
});
