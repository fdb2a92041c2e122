import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { OrchestrationEngine } from "@mnemosyne/engine";
import type { RunEvent } from "@mnemosyne/core";
import { openStorage, type Storage } from "@mnemosyne/storage";
import { afterEach, beforeEach, expect, test } from "vitest";
import { root } from "../repository.ts";

/** Milliseconds: what a lease lasts, and a second. */
const TTL = 5000;
const SECOND = 1000;

let folder: string;
let url: string;
let storage: Storage;
let children: ChildProcess[] = [];

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "mnemosyne-takeover-"));
  url = `file:${path.join(folder, "app.db")}`;
  storage = await openStorage(url);
});
afterEach(async () => {
  for (const child of children) child.kill("SIGKILL");
  children = [];
  await storage.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Works on the database's runs; `stall` is a function that keeps its thread nearly as long as a lease lasts. */
const WORKER = `
  import { OrchestrationEngine } from "@mnemosyne/engine";
  import { definePlan } from "@mnemosyne/plan";
  import { openStorage } from "@mnemosyne/storage";
  const [url, workspace, submit] = process.argv.slice(1);
  const engine = new OrchestrationEngine({ storage: await openStorage(url) });
  await engine.start();
  const stalls = definePlan({ version: 1, name: "stalls", workspace, tasks: [{
    id: "stall",
    function: async () => {
      // Just before a renewal of its own is due.
      await new Promise((resolve) => setTimeout(resolve, 2800));
      for (const until = performance.now() + 4500; performance.now() < until;);
      return 1;
    },
  }] });
  if (submit) await engine.submit(stalls, { runId: submit });
  process.send("ready");
  await engine.work({ load: async ({ runId }) => (runId === "stalls" ? stalls : undefined) });
`;

async function startWorker(...more: readonly string[]): Promise<ChildProcess> {
  const child = spawn(process.execPath, ["--input-type=module", "--eval", WORKER, url, folder, ...more], {
    // Where the packages can be imported.
    cwd: path.join(root, "test"),
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  children.push(child);
  await new Promise((resolve) => child.once("message", resolve));
  return child;
}

/** Begins a run of one long command, and waits until it runs. */
async function longRun(runId: string, command: string): Promise<void> {
  const client = new OrchestrationEngine(storage);
  await client.submit(
    {
      version: 1,
      name: runId,
      workspace: folder,
      tasks: [{ id: "long", run: `exec ${command}`, sandbox: "off" }],
    },
    { runId, carry: false },
  );
  await expect.poll(() => running(command).length, { timeout: 30_000, interval: 20 }).toBe(1);
  await client.stop();
}

/** Pids of processes with this command line (Linux). */
function running(command: string): readonly string[] {
  return readdirSync("/proc").filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " ").trim() === command;
    } catch {
      // It has ended meanwhile.
      return false;
    }
  });
}

const claims = async (runId: string): Promise<readonly Extract<RunEvent, { type: "task.started" }>[]> =>
  (await storage.journal.read(runId)).filter((event) => event.type === "task.started");

/** Milliseconds from a moment until so many claims of the run's task were in the journal. */
async function claimedAfter(runId: string, count: number, moment: number): Promise<number> {
  await expect
    .poll(async () => (await claims(runId)).length, { timeout: 30_000, interval: 20 })
    .toBeGreaterThanOrEqual(count);
  return Date.parse((await claims(runId))[count - 1]?.at ?? "") - moment;
}

test.runIf(process.platform === "linux")(
  "a dead worker's processes end with it, and its task is taken over; one that is stopped keeps it for its lease",
  async () => {
    const first = await startWorker();
    await longRun("killed", "sleep 3601");
    const old = running("sleep 3601");
    await startWorker();
    const killed = Date.now();
    first.kill("SIGKILL");
    await expect
      .poll(() => running("sleep 3601").filter((pid) => old.includes(pid)), {
        timeout: SECOND,
        interval: 10,
      })
      .toEqual([]);
    // The host shows that it is dead: nobody waits for its lease.
    expect(await claimedAfter("killed", 2, killed)).toBeLessThan(TTL + SECOND);
    expect(await claims("killed")).toMatchObject([
      { attempt: 1, epoch: 1 },
      { attempt: 1, epoch: 2 },
    ]);

    const holder = children[1];
    await startWorker();
    const stopped = Date.now();
    holder?.kill("SIGSTOP");
    expect(await claimedAfter("killed", 3, stopped)).toBeLessThan(TTL + SECOND);
    // Whoever took over has ended its command, though it still lives.
    await expect.poll(() => running("sleep 3601").length, { timeout: 5 * SECOND }).toBe(1);
    holder?.kill("SIGCONT");
  },
  90_000,
);

test("a worker whose thread stalls keeps its run, for its leases are renewed by another thread", async () => {
  await startWorker("");
  await startWorker("stalls");
  await expect
    .poll(async () => (await storage.journal.getRun("stalls"))?.status, { timeout: 30_000 })
    .toBe("completed");
  const events = await storage.journal.read("stalls");
  expect(events.filter(({ type }) => type === "run.moved")).toHaveLength(1);
  expect(events.filter(({ type }) => type === "task.started")).toHaveLength(1);
  expect(events.filter(({ type }) => type === "result.stale")).toEqual([]);
}, 60_000);
