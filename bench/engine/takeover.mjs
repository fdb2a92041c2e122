// How soon a dead worker's tasks are taken over, and how soon nothing of them runs any more: real processes, kill -9 (the
// host shows that it is dead) and SIGSTOP (only the end of its lease does). Linux.
// Usage: node bench/engine/takeover.mjs [--kills 20] [--stops 5]
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { OrchestrationEngine } from "@mnemosyne/engine";
import { openStorage } from "@mnemosyne/storage";

const { values: flags } = parseArgs({
  options: { kills: { type: "string", default: "20" }, stops: { type: "string", default: "5" } },
});
const TTL = 5000;

const WORKER = `
  import { OrchestrationEngine } from "@mnemosyne/engine";
  import { openStorage } from "@mnemosyne/storage";
  const engine = new OrchestrationEngine({ storage: await openStorage(process.argv[1]) });
  await engine.start();
  process.send("ready");
  await engine.work();
`;

async function startWorker(url) {
  const child = spawn(process.execPath, ["--input-type=module", "--eval", WORKER, url], {
    cwd: path.dirname(fileURLToPath(import.meta.url)),
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  await new Promise((resolve) => child.once("message", resolve));
  return child;
}

/** Pids of processes with this command line. */
function running(command) {
  return readdirSync("/proc").filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " ").trim() === command;
    } catch {
      return false;
    }
  });
}

async function until(holds) {
  const began = performance.now();
  while (!(await holds())) {
    if (performance.now() - began > 60_000) throw new Error("It never came.");
    await delay(5);
  }
  return performance.now() - began;
}

const claims = async (storage, runId) =>
  (await storage.journal.read(runId)).filter(({ type }) => type === "task.started");

/** One worker at a time is struck; milliseconds until its command was gone and until another had claimed the task. */
async function measure(strike, times) {
  const folder = mkdtempSync(path.join(tmpdir(), "mnemosyne-takeover-"));
  const url = `file:${path.join(folder, "app.db")}`;
  const storage = await openStorage(url);
  const client = new OrchestrationEngine(storage);
  const gone = [];
  const taken = [];
  const workers = [];
  const seconds = 100_000 + Math.floor(Math.random() * 100_000);
  const command = `sleep ${seconds}`;
  try {
    workers.push(await startWorker(url));
    await client.submit(
      {
        version: 1,
        name: "long",
        workspace: folder,
        tasks: [{ id: "long", run: `exec ${command}`, sandbox: "off" }],
      },
      { runId: "r1", carry: false },
    );
    for (let time = 1; time <= times; time++) {
      const others = workers.length;
      workers.push(await startWorker(url));
      await until(async () => running(command).length === 1);
      // Its heartbeat may be anywhere between two.
      await delay(Math.random() * 1500);
      const [old] = running(command);
      const struck = Date.now();
      workers[others - 1].kill(strike);
      await until(async () => !running(command).includes(old));
      gone.push(Date.now() - struck);
      await until(async () => (await claims(storage, "r1")).length > time);
      taken.push(Date.parse((await claims(storage, "r1"))[time].at) - struck);
      workers[others - 1].kill("SIGKILL");
    }
  } finally {
    for (const worker of workers) worker.kill("SIGKILL");
    await client.stop();
    await storage.close();
    rmSync(folder, { recursive: true, force: true });
  }
  return { gone, taken };
}

const figures = (values) => {
  const sorted = values.toSorted((a, b) => a - b);
  return `median ${sorted[sorted.length >> 1]} ms, most ${sorted.at(-1)} ms`;
};

console.log(`node ${process.version}, load ${loadavg()[0].toFixed(1)}; a lease lasts ${TTL} ms`);
const killed = await measure("SIGKILL", Number(flags.kills));
console.log(
  `kill -9, ${flags.kills} times: command gone ${figures(killed.gone)}; task taken over ${figures(killed.taken)}`,
);
const stopped = await measure("SIGSTOP", Number(flags.stops));
console.log(
  `SIGSTOP, ${flags.stops} times: task taken over ${figures(stopped.taken)}; command gone ${figures(stopped.gone)}`,
);
