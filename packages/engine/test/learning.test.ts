import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { MnemosyneError, type Agent, type RunEvent } from "@mnemosyne/core";
import { OrchestrationEngine, type EngineOptions } from "@mnemosyne/engine";
import { Optimizer } from "@mnemosyne/optimizer";
import { definePlan } from "@mnemosyne/plan";
import { openStorage, type Storage } from "@mnemosyne/storage";
import { afterEach, beforeEach, expect, test } from "vitest";

const NAMESPACE = "project:demo";
const CHECK = `import { readFileSync } from "node:fs";
const [name, wanted] = process.argv.slice(2);
const text = readFileSync(name, "utf8").trim();
if (text !== wanted) { console.log(\`\${name}: expected "\${wanted}", found "\${text}"\`); process.exit(1); }
`;

let folder: string;
let storage: Storage;
let engines: OrchestrationEngine[];
/** The contexts that the agent was given, by `task attempt`. */
let contexts: Map<string, string>;

/** Writes `no` into its task's file, and `yes` once something blocked that or the context warns of it. */
const mender: Agent = {
  name: "mender",
  execute: async ({ definition, attempt, findings }, { payload, workspace, memory }) => {
    contexts.set(`${definition.id} ${attempt}`, payload?.text ?? "");
    const warned = payload?.text.includes("<playbook-") === true && definition.id === "again";
    const text = findings.length > 0 || warned ? "yes\n" : "no\n";
    await writeFile(path.join(workspace.root, `${definition.id}.txt`), text);
    await memory.remember(`What ${definition.id} wrote: ${text}`);
    return { status: "completed", report: "It is done." };
  },
};

const engineWith = async (options: Partial<EngineOptions> = {}): Promise<OrchestrationEngine> => {
  const engine = new OrchestrationEngine({ storage, agents: [mender], namespace: NAMESPACE, ...options });
  engines.push(engine);
  await engine.start();
  return engine;
};

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "mnemosyne-learning-"));
  await mkdir(path.join(folder, ".mnemosyne"));
  await writeFile(path.join(folder, "check.mjs"), CHECK);
  storage = await openStorage(`file:${path.join(folder, ".mnemosyne", "mnemosyne.db")}`);
  engines = [];
  contexts = new Map();
});
afterEach(async () => {
  for (const engine of engines) await engine.stop();
  await storage.close();
  await rm(folder, { recursive: true, force: true });
});

const work = (id: string, more: object = {}) => ({
  id,
  instructions: `Write the word that the check wants into ${id}.txt.`,
  agent: "mender",
  writes: [`${id}.txt`],
  attempts: 2,
  budget: { tokens: 20_000 },
  sandbox: "off" as const,
  gates: [{ tests: { command: `node check.mjs ${id}.txt yes`, count: "unchecked" } }],
  ...more,
});
const plan = (...tasks: readonly ReturnType<typeof work>[]) =>
  definePlan({ version: 1, name: "words", workspace: folder, tasks: [...tasks] });

const eventsOf = async <Type extends RunEvent["type"]>(
  run: string,
  type: Type,
): Promise<readonly Extract<RunEvent, { readonly type: Type }>[]> =>
  (await storage.journal.read(run)).filter(
    (event): event is Extract<RunEvent, { readonly type: Type }> => event.type === type,
  );

test("what a review blocked and then passed stands in the next run's context, and a rollback takes it back", async () => {
  const engine = await engineWith();
  expect(await engine.executePlan(plan(work("first")), { runId: "r1" })).toMatchObject({
    status: "completed",
  });
  const learnt = await storage.playbooks.read(NAMESPACE);
  expect(learnt.items).toHaveLength(1);
  const [lesson] = learnt.items;
  expect(lesson).toMatchObject({
    verified: true,
    helpful: 0,
    origin: { run: "r1", task: "first", attempt: 2, gate: "tests", agent: "mender" },
  });
  expect(lesson?.content).toContain("first.txt");
  expect(await eventsOf("r1", "playbook.learnt")).toMatchObject([
    { task: "first", attempt: 2, namespace: NAMESPACE, version: 1, ids: [lesson?.id] },
  ]);
  expect(contexts.get("first 1")).not.toContain("<playbook-");

  expect(await engine.executePlan(plan(work("again")), { runId: "r2" })).toMatchObject({
    status: "completed",
  });
  expect(contexts.get("again 1")).toContain(lesson?.content);
  expect(contexts.has("again 2")).toBe(false);
  expect(await eventsOf("r2", "context.assembled")).toMatchObject([{ playbook: [`playbook:${lesson?.id}`] }]);
  // It stood in the context of a task that passed at once.
  expect((await storage.playbooks.read(NAMESPACE)).items).toMatchObject([{ id: lesson?.id, helpful: 1 }]);

  const second = engine.open("r2");
  expect(await second.previewRollback()).toMatchObject({ playbook: [2] });
  await second.rollback();
  expect(await second.result()).toMatchObject({ status: "rolledBack" });
  expect((await storage.playbooks.read(NAMESPACE)).items).toEqual(learnt.items);

  const first = engine.open("r1");
  await first.rollback();
  expect(await first.result()).toMatchObject({ status: "rolledBack" });
  expect((await storage.playbooks.read(NAMESPACE)).items).toEqual([]);
  expect(await eventsOf("r1", "playbook.reverted")).toMatchObject([{ reverted: [1], conflicts: [] }]);
});

test("back to a task: what it taught stays, what came after it is taken back, what others changed since is reported", async () => {
  const engine = await engineWith();
  const both = plan(work("first"), work("second", { dependsOn: ["first"] }));
  await engine.executePlan(both, { runId: "r1" });
  const of = async () => (await storage.playbooks.read(NAMESPACE)).items.map(({ origin }) => origin?.task);
  expect(await of()).toEqual(["first", "second"]);
  const run = engine.open("r1");
  await run.rollback({ to: "first" });
  await run.result();
  expect(await of()).toEqual(["first"]);

  const { version, items } = await storage.playbooks.read(NAMESPACE);
  await storage.playbooks.apply(
    NAMESPACE,
    [
      {
        op: "update",
        id: items[0]?.id ?? "",
        content: `${items[0]?.content} A person checked it.`,
        verified: true,
        evidence: "a person",
      },
    ],
    version,
  );
  await run.rollback();
  await run.result();
  expect(await of()).toEqual(["first"]);
  expect((await eventsOf("r1", "playbook.reverted")).at(-1)?.conflicts).toEqual([
    `${items[0]?.id}: changed again by change ${version + 1}`,
  ]);
});

test("an outcome is learnt once, though its worker is lost before or after; a learner that fails fails no task", async () => {
  const honest = new Optimizer({ playbooks: storage.playbooks });
  const lost = new MnemosyneError("E_STORAGE_BUSY", "The disk is gone.", { kind: "unavailable" });
  const runs = plan(work("first"), work("second", { dependsOn: ["first"], attempts: 1 }));
  const before = await engineWith({
    learner: { learn: () => Promise.reject(lost) },
  });
  await expect(before.executePlan(runs, { runId: "r1" })).rejects.toMatchObject({ code: lost.code });
  await before.stop();
  const after = await engineWith({
    learner: {
      learn: async (...args) => {
        await honest.learn(...args);
        throw lost;
      },
    },
  });
  await expect(after.open("r1").result()).rejects.toMatchObject({ code: lost.code });
  await after.stop();
  const engine = await engineWith();
  await engine.open("r1").result();
  const history = await storage.playbooks.history(NAMESPACE);
  expect(history.map(({ run, task }) => `${run} ${task}`)).toEqual(["r1 first", "r1 second"]);

  const broken = await engineWith({ learner: { learn: () => Promise.reject(new Error("no idea")) } });
  expect(await broken.executePlan(plan(work("first")), { runId: "r2" })).toMatchObject({
    status: "completed",
  });
  expect((await eventsOf("r2", "note")).map(({ text }) => text)).toEqual([
    "Nothing was learnt from it: no idea",
  ]);
});

test("an item that stood in the contexts of a task that never passed is counted as harmful", async () => {
  const { ids } = await storage.playbooks.apply(
    NAMESPACE,
    [{ op: "add", section: "words", content: "Write the word no into the file.", evidence: "a rumour" }],
    0,
  );
  const engine = await engineWith();
  const never = { tests: { command: "node check.mjs first.txt never", count: "unchecked" } };
  expect(await engine.executePlan(plan(work("first", { gates: [never] })), { runId: "r1" })).toMatchObject({
    status: "failed",
  });
  expect((await storage.playbooks.read(NAMESPACE)).items).toMatchObject([
    { id: ids[0], helpful: 0, harmful: 1 },
  ]);
});
