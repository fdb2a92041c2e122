import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { OrchestrationEngine } from "@mnemosyne/engine";
import { openStorage } from "@mnemosyne/storage";
import { startEffectSink } from "@mnemosyne/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  allEnded,
  brokenPromises,
  chaosPlan,
  postLine,
  raiseFaults,
  randomOf,
  type Faults,
} from "./chaos.ts";
import { replay, WorkerProcess } from "./worker-process.ts";

/** The whole: `CHAOS=full npx vitest run --project smoke test/chaos`. */
const full = process.env["CHAOS"] === "full";
const PLANS = full ? 20 : 3;
const TASKS = full ? 20 : 10;
const FAULT_MS = 300;
const seed = Number(process.env["CHAOS_SEED"] ?? Math.floor(Math.random() * 2 ** 32));

let folder: string;
let workers: WorkerProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "mnemosyne-chaos-"));
});
afterEach(async () => {
  for (const worker of workers) await worker.end();
  workers = [];
  rmSync(folder, { recursive: true, force: true });
});

test(
  `workers that are killed and stopped all the time keep every promise (CHAOS_SEED=${seed})`,
  async () => {
    await using sink = await startEffectSink();
    const random = randomOf(seed);
    const url = `file:${path.join(folder, "chaos.db")}`;
    await using storage = await openStorage(url);
    const engine = new OrchestrationEngine(storage);
    await engine.start();
    const plans = Array.from({ length: PLANS }, (_, index) =>
      chaosPlan({
        name: `chaos-${index}`,
        tasks: TASKS,
        workspace: folder,
        effect: (task) => postLine(task),
        random,
      }),
    );
    const runs = plans.map((_, index) => `run-${index}`);
    for (const [index, plan] of plans.entries())
      await engine.submit(plan, { runId: `run-${index}`, carry: false });
    workers = Array.from({ length: 3 }, () => new WorkerProcess(url, sink.env));

    const stop = new AbortController();
    const began = performance.now();
    const raising = raiseFaults(workers, {
      every: FAULT_MS,
      most: full ? Infinity : 6,
      pause: 6500,
      random,
      signal: stop.signal,
    });
    let faults: Faults;
    try {
      await allEnded(storage.journal, runs, { timeout: full ? 900_000 : 240_000 });
    } finally {
      stop.abort();
      faults = await raising;
    }
    const seconds = (performance.now() - began) / 1000;

    const effects = await sink.effects();
    const broken: string[] = [];
    const digests: Record<string, string> = {};
    let claims = 0;
    let stale = 0;
    for (const [index, run] of runs.entries()) {
      const events = await storage.journal.read(run);
      const plan = plans[index];
      if (plan === undefined) continue;
      broken.push(...brokenPromises(run, plan, events, effects).map((text) => `${run}: ${text}`));
      for (const event of events) {
        if (event.type === "run.finished") digests[run] = event.digest;
        if (event.type === "task.started") claims += 1;
        if (event.type === "result.stale") stale += 1;
      }
    }
    expect(faults.kills + faults.pauses).toBeGreaterThan(0);
    expect(broken).toEqual([]);
    expect(await replay(url, runs)).toEqual(digests);
    await engine.stop();
    process.stdout.write(
      `chaos: ${PLANS * TASKS} tasks in ${seconds.toFixed(1)} s, ${faults.kills} kills, ${faults.pauses} pauses, ${claims} claims, ${effects.length} effects, ${stale} stale reports\n`,
    );
  },
  full ? 1_000_000 : 260_000,
);
