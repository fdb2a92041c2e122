import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Clock } from "@mnemosyne/core";
import { OrchestrationEngine, type WorkReport } from "@mnemosyne/engine";
import { definePlan, type PlanInput } from "@mnemosyne/plan";
import { openStorage, type Storage } from "@mnemosyne/storage";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

let folder: string;
let storage: Storage;
const engines: OrchestrationEngine[] = [];

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "mnemosyne-worker-"));
  await mkdir(path.join(folder, ".mnemosyne"));
  storage = await openStorage(`file:${path.join(folder, ".mnemosyne", "mnemosyne.db")}`);
});
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.stop();
  await storage.close();
  await rm(folder, { recursive: true, force: true });
});

async function open(clock?: Clock): Promise<OrchestrationEngine> {
  const engine = new OrchestrationEngine({ storage, ...(clock === undefined ? {} : { clock }) });
  engines.push(engine);
  await engine.start();
  return engine;
}

const plan = (tasks: PlanInput["tasks"], more: Partial<PlanInput> = {}): PlanInput => ({
  version: 1,
  name: "test",
  workspace: folder,
  tasks,
  ...more,
});

const lines = async (name: string): Promise<string[]> =>
  (await readFile(path.join(folder, name), "utf8")).trim().split("\n");

describe("workers", () => {
  test("share a database's runs: each run is carried once, and reported by the one that carried it", async () => {
    const [client, ...workers] = [await open(), await open(), await open()];
    for (let n = 0; n < 6; n++)
      await client.submit(
        plan([
          { id: "a", run: `echo ${n}a >> ran.txt` },
          { id: "b", dependsOn: ["a"], run: `echo ${n}b >> ran.txt` },
        ]),
        { runId: `r${n}`, carry: false },
      );
    const reports: WorkReport[] = [];
    await Promise.all(
      workers.map((worker) => worker.work({ untilIdle: true, onReport: (report) => reports.push(report) })),
    );
    expect(reports.map(({ runId }) => runId).toSorted()).toEqual(["r0", "r1", "r2", "r3", "r4", "r5"]);
    const ran = await lines("ran.txt");
    expect(ran).toHaveLength(12);
    expect(new Set(ran).size).toBe(12);
  });

  test("a decision of another process wakes the run: approve, answer, retry, cancel", async () => {
    const client = await open();
    const worker = await open();
    const stopping = new AbortController();
    const working = worker.work({ signal: stopping.signal });
    const approved = await client.submit(
      plan([
        { id: "ask", approval: "Go?", run: "echo asked >> ran.txt" },
        { id: "fails", dependsOn: ["ask"], run: "test -e fixed" },
      ]),
      { runId: "approved", carry: false },
    );
    const status = async (id: string) => (await storage.journal.getRun(id))?.status;
    await expect.poll(() => status("approved"), { timeout: 20_000 }).toBe("paused");
    expect(await approved.approve("ask")).toBe(true);
    await expect.poll(() => status("approved"), { timeout: 20_000 }).toBe("failed");
    await writeFile(path.join(folder, "fixed"), "");
    expect(await approved.retry("fails")).toBe(true);
    await expect.poll(() => status("approved"), { timeout: 20_000 }).toBe("completed");
    expect(await lines("ran.txt")).toEqual(["asked"]);

    const denied = await client.submit(plan([{ id: "ask", approval: "Go?", run: "true" }]), {
      runId: "denied",
      carry: false,
    });
    await expect.poll(() => status("denied"), { timeout: 20_000 }).toBe("paused");
    await denied.deny("ask");
    await expect.poll(() => status("denied"), { timeout: 20_000 }).toBe("failed");

    const long = await client.submit(plan([{ id: "long", run: "sleep 60" }]), {
      runId: "long",
      carry: false,
    });
    await expect
      .poll(async () => (await storage.journal.read("long")).some(({ type }) => type === "process.started"), {
        timeout: 20_000,
      })
      .toBe(true);
    await long.cancel();
    await expect.poll(() => status("long"), { timeout: 20_000 }).toBe("cancelled");
    stopping.abort();
    await working;
  });

  test("what was due while nobody worked goes off: a retry's delay, and the deadline of a run that waits", async () => {
    let now = Date.now();
    const clock: Clock = {
      now: () => now,
      sleep: (milliseconds, signal) => delay(milliseconds, undefined, signal === undefined ? {} : { signal }),
    };
    const first = await open(clock);
    const once = plan([{ id: "a", attempts: 2, run: "echo a >> ran.txt; test $MNEMOSYNE_ATTEMPT = 2" }]);
    const run = await first.submit(once, { runId: "delayed" });
    for await (const { type } of run.events()) if (type === "task.retried") break;
    const waits = await first.submit(
      plan([{ id: "ask", approval: "Go?", run: "true" }], { budget: { time: "1h" } }),
      { runId: "waits" },
    );
    expect(await waits.result()).toMatchObject({ status: "paused" });
    await first.stop();
    now += 3_600_001;
    const worker = await open(clock);
    await worker.work({ untilIdle: true });
    expect(await worker.open("delayed").report()).toMatchObject({ status: "completed" });
    expect(await worker.open("waits").report()).toMatchObject({
      status: "failed",
      error: { code: "E_BUDGET" },
    });
  });

  test("a run that needs what this process does not have is left to others", async () => {
    const client = await open();
    const module = definePlan({
      version: 1,
      name: "functions",
      workspace: folder,
      tasks: [{ id: "a", function: () => 1 }],
    });
    await client.submit(module, { runId: "r1", carry: false });
    const worker = await open();
    await worker.work({ untilIdle: true });
    expect((await storage.journal.getRun("r1"))?.status).toBe("pending");
    const able = await open();
    await able.work({ untilIdle: true, load: async () => await Promise.resolve(module) });
    expect((await storage.journal.getRun("r1"))?.status).toBe("completed");
  });
});

describe("a worker that lost its run", () => {
  test("can append nothing: what it reports is stale, and its successor's claim holds", async () => {
    const slow = await open();
    let release = (): void => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const ran: string[] = [];
    const make = (name: string, wait: Promise<void>) =>
      definePlan({
        version: 1,
        name: "fenced",
        workspace: folder,
        tasks: [
          {
            id: "a",
            function: async (_inputs, { epoch }) => {
              ran.push(`${name}:${epoch}`);
              await wait;
              return name;
            },
          },
          { id: "b", dependsOn: ["a"], function: ({ a }) => a ?? null },
        ],
      });
    const run = await slow.submit(make("slow", gate), { runId: "r1" });
    for await (const { type } of run.events()) if (type === "task.started") break;
    // As the store does when a time to live is over.
    for (const lease of await storage.coordination.leases({ resource: "run:r1" }))
      await storage.coordination.revoke(lease.id);
    const successor = await open();
    const other = successor.open("r1", make("next", Promise.resolve()));
    expect(await other.result()).toMatchObject({ status: "completed", outputs: { b: "next" } });
    release();
    expect(await run.result()).toMatchObject({ status: "completed", outputs: { b: "next" } });
    expect(ran).toEqual(["slow:1", "next:2"]);
    const events = await storage.journal.read("r1");
    expect(events.filter(({ type }) => type === "task.completed")).toHaveLength(2);
    await expect
      .poll(async () => (await storage.journal.read("r1")).filter(({ type }) => type === "result.stale"))
      .toMatchObject([{ task: "a", attempt: 1 }]);
  });
});
