import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { JournalAppend } from "@mnemosyne/core";
import { OrchestrationEngine } from "@mnemosyne/engine";
import { definePlan } from "@mnemosyne/plan";
import { openStorage, type Storage } from "@mnemosyne/storage";
import { afterEach, beforeEach, expect, test } from "vitest";

let folder: string;
let storage: Storage;
let engine: OrchestrationEngine;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "mnemosyne-rollback-"));
  await mkdir(path.join(folder, ".mnemosyne"));
  storage = await openStorage(`file:${path.join(folder, ".mnemosyne", "mnemosyne.db")}`);
  engine = new OrchestrationEngine(storage);
  await engine.start();
});
afterEach(async () => {
  await engine.stop();
  await storage.close();
  await rm(folder, { recursive: true, force: true });
});

const text = (name: string) => readFile(path.join(folder, name), "utf8");
const recalled = async (query: string): Promise<readonly string[]> =>
  (await storage.search(query, { namespace: "global" })).map(({ content }) => content);

test("to a task: what it would do and cannot do is said before; what came after is undone, memories too", async () => {
  await writeFile(path.join(folder, "a.txt"), "one\n");
  const plan = definePlan({
    version: 1,
    name: "stages",
    workspace: folder,
    tasks: [
      { id: "first", writes: ["a.txt"], sandbox: "off", run: "echo two > a.txt" },
      {
        id: "learn",
        dependsOn: ["first"],
        function: async (_inputs, { memory }) => {
          await memory.remember("The walrus prefers cold water.");
          return null;
        },
      },
      {
        id: "second",
        dependsOn: ["learn"],
        writes: ["a.txt", "b.txt"],
        sandbox: "off",
        run: "echo three > a.txt; echo new > b.txt",
      },
      { id: "effect", dependsOn: ["second"], sandbox: "off", run: "echo effect >> effects.log" },
      {
        id: "publish",
        dependsOn: ["effect"],
        sandbox: "off",
        run: "echo published >> effects.log",
        compensate: { run: "echo unpublished >> effects.log" },
      },
    ],
  });
  expect(await engine.executePlan(plan, { runId: "r1" })).toMatchObject({ status: "completed" });
  expect(await recalled("walrus water")).toEqual(["The walrus prefers cold water."]);

  const run = engine.open("r1", plan);
  const preview = await run.previewRollback({ to: "first" });
  expect(preview).toMatchObject({
    to: "first",
    tasks: ["learn", "second", "effect", "publish"],
    compensations: [{ task: "publish", outcome: "completed", with: "echo unpublished >> effects.log" }],
    files: ["a.txt", "b.txt"],
    cannotUndo: [
      { task: "learn", what: "effects" },
      { task: "effect", what: "effects" },
    ],
  });
  expect(preview.memories).toHaveLength(1);
  // A preview changes nothing.
  expect(await text("a.txt")).toBe("three\n");
  expect((await run.report()).status).toBe("completed");

  await writeFile(path.join(folder, "b.txt"), "somebody's edit\n");
  expect((await run.previewRollback({ to: "first" })).cannotUndo.at(-1)).toMatchObject({
    task: "second",
    what: "file",
    path: "b.txt",
  });
  await writeFile(path.join(folder, "b.txt"), "new\n");

  await run.rollback({ to: "first" });
  expect(await run.result()).toMatchObject({ status: "rolledBack" });
  expect(await text("a.txt")).toBe("two\n");
  expect(existsSync(path.join(folder, "b.txt"))).toBe(false);
  expect(await text("effects.log")).toBe("effect\npublished\nunpublished\n");
  expect(await recalled("walrus water")).toEqual([]);
  // Quarantined, not lost.
  await storage.restore(preview.memories[0] ?? "");
  expect(await recalled("walrus water")).toEqual(["The walrus prefers cold water."]);
  await expect(run.previewRollback({ to: "second" })).rejects.toMatchObject({ code: "E_INPUT", path: "to" });
  await expect(run.previewRollback({ to: "nothing" })).rejects.toMatchObject({ code: "E_TASK_NOT_FOUND" });
});

test("what a failed task remembered is not recalled, neither in its run nor after", async () => {
  const seen: (readonly string[])[] = [];
  const result = await engine.executePlan(
    definePlan({
      version: 1,
      name: "fails",
      workspace: folder,
      onFailure: "continue",
      tasks: [
        {
          id: "wrong",
          function: async (_inputs, { memory }) => {
            await memory.remember("The walrus lives in the desert.");
            throw new Error("no");
          },
        },
        {
          id: "later",
          function: async () => await new Promise((resolve) => setTimeout(() => resolve(null), 300)),
        },
        {
          id: "asks",
          dependsOn: ["later"],
          function: async (_inputs, { memory }) => {
            seen.push((await memory.recall("walrus desert")).map(({ content }) => content));
            return null;
          },
        },
      ],
    }),
    { runId: "r1" },
  );
  expect(result).toMatchObject({ status: "failed" });
  expect(seen).toEqual([[]]);
  expect(await recalled("walrus desert")).toEqual([]);
  expect((await storage.journal.read("r1")).filter(({ type }) => type === "memory.quarantined")).toHaveLength(
    1,
  );
});

/** The same, but for what is given instead. */
function instead<Target extends object>(target: Target, parts: object): Target {
  return new Proxy(target, {
    get: (real, name) => {
      const value: unknown = Reflect.get(name in parts ? parts : real, name);
      return typeof value === "function" ? value.bind(real) : value;
    },
  });
}

test("the run holds what its merges overwrote and deleted, so that no collection takes it before a rollback", async () => {
  const held: string[] = [];
  const journal = instead(storage.journal, {
    append: async (append: JournalAppend) => {
      held.push(...(append.payloads ?? []).flatMap(({ keeps = [] }) => keeps));
      return await storage.journal.append(append);
    },
  });
  const listening = new OrchestrationEngine(instead(storage, { journal }));
  await listening.start();
  await writeFile(path.join(folder, "a.txt"), "one\n");
  await writeFile(path.join(folder, "b.txt"), "gone\n");
  const overwrites = { id: "overwrites", writes: ["*.txt"], sandbox: "off" as const };
  await listening.executePlan({
    version: 1,
    name: "held",
    workspace: folder,
    tasks: [{ ...overwrites, run: "echo two > a.txt; rm b.txt; echo new > c.txt" }],
  });
  await listening.stop();
  const contents = await Promise.all(held.map(async (hash) => Buffer.from(await storage.blobs.get(hash))));
  expect(contents.map(String).toSorted()).toEqual(["gone\n", "one\n"]);
});
