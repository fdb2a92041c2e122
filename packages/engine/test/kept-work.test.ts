import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Agent, AgentContext, AgentResult, Json } from "@mnemosyne/core";
import { OrchestrationEngine } from "@mnemosyne/engine";
import { openStorage, type Storage } from "@mnemosyne/storage";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

let folder: string;
let storage: Storage;
const engines: OrchestrationEngine[] = [];

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "mnemosyne-kept-"));
  await mkdir(path.join(folder, ".mnemosyne"));
  await writeFile(path.join(folder, "a.txt"), "begun\n");
  storage = await openStorage(`file:${path.join(folder, ".mnemosyne", "mnemosyne.db")}`);
});
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.stop();
  await storage.close();
  await rm(folder, { recursive: true, force: true });
});

async function engineWith(...agents: readonly Agent[]): Promise<OrchestrationEngine> {
  const engine = new OrchestrationEngine({ storage, agents });
  engines.push(engine);
  await engine.start();
  return engine;
}

const agent = (name: string, work: (context: AgentContext) => Promise<AgentResult>): Agent => ({
  name,
  execute: (_task, context) => work(context),
});

const forever = async ({ signal }: AgentContext): Promise<never> => {
  signal.throwIfAborted();
  return await new Promise((_, reject) =>
    signal.addEventListener("abort", () => reject(signal.reason as Error)),
  );
};

const plan = (name: string) => ({
  version: 1 as const,
  name: "kept",
  workspace: folder,
  tasks: [{ id: "work", agent: name, instructions: "Write a.txt, b.txt and c.txt.", gates: [], attempts: 1 }],
});

const reached = async (runId: string, type: string, count: number): Promise<void> => {
  await expect
    .poll(async () => (await storage.journal.read(runId)).filter((event) => event.type === type).length, {
      timeout: 20_000,
      interval: 10,
    })
    .toBe(count);
};

const text = (name: string): Promise<string> => readFile(path.join(folder, name), "utf8");

describe("what an agent keeps", () => {
  test("is there in the next execution, with the files as they were when it was kept, and no later ones", async () => {
    const first = await engineWith(
      agent("writer", async (context) => {
        const { workspace, checkpoint } = context;
        await workspace.write("a.txt", "changed\n");
        await workspace.write("folder/b.txt", "new\n");
        await checkpoint?.save({ step: 1 });
        await workspace.write("c.txt", "c\n");
        await workspace.delete("a.txt");
        await checkpoint?.save({ step: 2 });
        await workspace.write("c.txt", "torn");
        await workspace.write("d.txt", "torn");
        return await forever(context);
      }),
    );
    await first.submit(plan("writer"), { runId: "r1" });
    await reached("r1", "agent.checkpointed", 2);
    await first.stop();

    const seen: Json[] = [];
    const second = await engineWith(
      agent("writer", async ({ workspace, checkpoint }) => {
        seen.push(...(checkpoint?.restored ?? []), [...(await workspace.list())]);
        return { status: "completed" };
      }),
    );
    expect(await second.open("r1").result()).toMatchObject({ status: "completed" });
    expect(seen).toEqual([{ step: 1 }, { step: 2 }, ["c.txt", "folder/b.txt"]]);
    expect(await text("c.txt")).toBe("c\n");
    expect(await text("folder/b.txt")).toBe("new\n");
    await expect(text("a.txt")).rejects.toThrow("ENOENT");
  });

  test("counts no more where the files have moved on, was reset, or belongs to another attempt", async () => {
    const first = await engineWith(
      agent("writer", async (context) => {
        await context.workspace.write("a.txt", "changed\n");
        await context.checkpoint?.save({ step: 1 });
        await context.checkpoint?.save({ step: "summary" }, { reset: true });
        return await forever(context);
      }),
    );
    await first.submit(plan("writer"), { runId: "r1" });
    await reached("r1", "agent.checkpointed", 2);
    await first.stop();
    const restored: (readonly Json[])[] = [];
    const look = async ({ checkpoint, workspace }: AgentContext): Promise<void> => {
      restored.push([...(checkpoint?.restored ?? []), await workspace.readText("a.txt")]);
    };
    const second = await engineWith(
      agent("writer", async (context) => {
        await look(context);
        return await forever(context);
      }),
    );
    second
      .open("r1")
      .result()
      .catch(() => undefined);
    await expect.poll(() => restored.length, { timeout: 20_000 }).toBe(1);
    await second.stop();
    await writeFile(path.join(folder, "a.txt"), "somebody else's\n");
    const third = await engineWith(
      agent("writer", async (context) => {
        await look(context);
        return { status: "completed" };
      }),
    );
    expect(await third.open("r1").result()).toMatchObject({ status: "completed" });
    expect(restored).toEqual([[{ step: "summary" }, "changed\n"], ["somebody else's\n"]]);
    expect(await text("a.txt")).toBe("somebody else's\n");
  });
});

describe("a task that is handed over", () => {
  test("goes on from what was kept, in another process too, and its new agent is not asked to hand it on", async () => {
    const log: Json[] = [];
    const planner = agent("planner", async ({ workspace, checkpoint, handOff, handOffTo }) => {
      log.push(["planner", [...(handOffTo ?? [])].toSorted()]);
      await workspace.write("b.txt", "planned\n");
      await checkpoint?.save({ plan: "b, then c" });
      return (await handOff?.("builder", "c needs a builder")) ?? { status: "completed" };
    });
    const builder = (work: (context: AgentContext) => Promise<AgentResult>): Agent => ({
      name: "builder",
      execute: async ({ handedOver }, context) => {
        log.push([
          "builder",
          [...(context.checkpoint?.restored ?? [])],
          { ...handedOver },
          context.handOff === undefined,
          await context.workspace.readText("b.txt"),
        ]);
        return await work(context);
      },
    });
    const first = await engineWith(
      planner,
      builder(async (context) => {
        await context.checkpoint?.save({ built: 1 });
        return await forever(context);
      }),
    );
    await first.submit(plan("planner"), { runId: "r1" });
    await reached("r1", "agent.checkpointed", 2);
    await first.stop();
    const second = await engineWith(
      planner,
      builder(async ({ workspace }) => {
        await workspace.write("c.txt", "built\n");
        return { status: "completed", output: "by the builder" };
      }),
    );
    expect(await second.open("r1").result()).toMatchObject({
      status: "completed",
      outputs: { work: "by the builder" },
    });
    const why = { from: "planner", reason: "c needs a builder" };
    expect(log).toEqual([
      ["planner", ["builder", "executor"]],
      ["builder", [{ plan: "b, then c" }], why, true, "planned\n"],
      ["builder", [{ plan: "b, then c" }, { built: 1 }], why, true, "planned\n"],
    ]);
    expect(await text("c.txt")).toBe("built\n");
    const handoffs = (await storage.journal.read("r1")).filter(({ type }) => type.startsWith("handoff."));
    expect(handoffs).toMatchObject([
      { type: "handoff.offered", from: "planner", to: "builder" },
      { type: "handoff.accepted" },
      { type: "handoff.completed" },
    ]);
  });

  test("to an agent that is not there is refused, and the task stays where it is", async () => {
    const engine = await engineWith(
      agent("planner", async ({ handOff }) => {
        const refused = await handOff?.("nobody", "why not").catch((error: unknown) => error);
        return { status: "completed", output: (refused as { readonly code: string }).code };
      }),
    );
    expect(await engine.executePlan(plan("planner"))).toMatchObject({ outputs: { work: "E_INPUT" } });
  });
});
