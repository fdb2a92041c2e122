// What the DAG executor costs beyond its tasks: microseconds for each no-op asynchronous task, beside a hand-written
// Kahn loop that has no feature at all (the limit), at the same concurrency. Medians of interleaved rounds, of this
// thread's processor time where the system tells it, so that others at work on the machine count less.
// Usage: node bench/executor/main.mjs [--sizes 1000,10000,100000] [--concurrency 16] [--peers 100] [--json]
import { existsSync, readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { ParallelExecutor } from "@mnemosyne/parallel-executor";
import { loadPeers } from "./peers.mjs";

const { values: flags } = parseArgs({
  options: {
    sizes: { type: "string", default: "1000,10000,100000" },
    concurrency: { type: "string", default: "16" },
    peers: { type: "string" },
    json: { type: "boolean", default: false },
  },
});
const sizes = flags.sizes.split(",").map(Number);
const concurrency = Number(flags.concurrency);
/** Least milliseconds of a sample. */
const SAMPLE = 20;
const TARGET = { 1000: 0.6, 10_000: 0.6, 100_000: 2.0 };

let ran = 0;
const work = async () => {
  ran++;
};

/** Dependencies of each task, by index. */
function shape(kind, size) {
  if (kind === "chain") return Array.from({ length: size }, (_, index) => (index === 0 ? [] : [index - 1]));
  if (kind === "fan-out")
    return Array.from({ length: size }, (_, index) => {
      if (index === 0) return [];
      return index < size - 1 ? [0] : Array.from({ length: size - 2 }, (_, at) => at + 1);
    });
  const width = Math.max(10, Math.round(Math.sqrt(size) * 2));
  let seed = size;
  const random = () => {
    seed = (seed * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return seed / 4_294_967_296;
  };
  return Array.from({ length: size }, (_, index) => {
    if (index < width) return [];
    const layer = Math.floor(index / width) - 1;
    const chosen = new Set();
    const count = 1 + Math.floor(random() * 3);
    while (chosen.size < count) chosen.add(layer * width + Math.floor(random() * width));
    return [...chosen];
  });
}

/** The limit: indegrees, a queue and a counter; no names, values, errors, order or cancellation. */
function kahn(dependencies, run) {
  return new Promise((resolve, reject) => {
    const size = dependencies.length;
    const missing = new Int32Array(size);
    const start = new Int32Array(size + 1);
    let edges = 0;
    for (let index = 0; index < size; index++) {
      missing[index] = dependencies[index].length;
      edges += dependencies[index].length;
      for (const dependency of dependencies[index]) start[dependency + 1]++;
    }
    for (let index = 0; index < size; index++) start[index + 1] += start[index];
    const dependents = new Int32Array(edges);
    const free = start.slice(0, size);
    for (let index = 0; index < size; index++)
      for (const dependency of dependencies[index]) dependents[free[dependency]++] = index;
    const queue = new Int32Array(size);
    let head = 0;
    let tail = 0;
    let active = 0;
    let left = size;
    for (let index = 0; index < size; index++) if (missing[index] === 0) queue[tail++] = index;
    const pump = () => {
      while (head < tail && active < concurrency) {
        const index = queue[head++];
        active++;
        // oxlint-disable-next-line promise/always-return -- the loop goes on by the call of pump
        run(index).then(() => {
          active--;
          left--;
          for (let at = start[index]; at < start[index + 1]; at++)
            if (--missing[dependents[at]] === 0) queue[tail++] = dependents[at];
          if (left === 0) resolve();
          else pump();
        }, reject);
      }
    };
    pump();
  });
}

/** What every answer of this shape costs, whoever gives it: an object with a small object for each name. */
function fatesOnly(tasks) {
  const record = {};
  for (const { name } of tasks)
    record[name] = { status: "completed", value: undefined, attempts: 1, durationMs: performance.now() };
  return record;
}

/** The promises themselves: what any scheduler pays. */
async function promisesOnly(size) {
  for (let index = 0; index < size; index++) await work();
}

/** Microseconds of processor time of this thread; where the system does not tell, the time that has passed. */
function spent() {
  if (existsSync("/proc/self/schedstat"))
    return Number(readFileSync("/proc/self/schedstat", "utf8").split(" ")[0]) / 1000;
  return performance.now() * 1000;
}

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc");
const executor = new ParallelExecutor({ concurrency });
/** Microseconds of one run: of as many as it takes until the processor's clock can tell. */
async function measure(name, size, run) {
  const until = performance.now() + SAMPLE;
  const began = spent();
  let runs = 0;
  do {
    ran = 0;
    await run();
    if (ran !== size) throw new Error(`${name} ran ${ran} of ${size} tasks`);
    runs++;
  } while (performance.now() < until);
  return (spent() - began) / runs;
}

/** The same small graph through other libraries and through ours: microseconds a task. */
async function besideOthers(size) {
  const { runners, missing } = await loadPeers(concurrency);
  const found = [];
  for (const kind of ["chain", "fan-out", "layered"]) {
    const dependencies = shape(kind, size);
    const tasks = dependencies.map((before, index) => ({
      name: `t${index}`,
      run: work,
      dependsOn: before.map((at) => `t${at}`),
    }));
    const all = new Map([["ParallelExecutor", () => executor.executeParallel(tasks)], ...runners]);
    const times = new Map([...all.keys()].map((name) => [name, []]));
    for (let round = 0; round < 12; round++)
      for (const [name, run] of all) {
        const took = await measure(name, size, () => run(dependencies, work));
        if (round > 2) times.get(name).push(took / size);
      }
    for (const [name, samples] of times) found.push({ kind, size, name, microseconds: median(samples) });
  }
  return { rows: found, missing };
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];
const rows = [];
for (const kind of ["chain", "fan-out", "layered"])
  for (const size of sizes) {
    const dependencies = shape(kind, size);
    const tasks = dependencies.map((before, index) => ({
      name: `t${index}`,
      run: work,
      dependsOn: before.map((at) => `t${at}`),
    }));
    const contestants = {
      promises: () => promisesOnly(size),
      limit: () => kahn(dependencies, work),
      fates: () => {
        ran = Object.keys(fatesOnly(tasks)).length;
      },
      executor: async () => {
        const { ok } = await executor.executeParallel(tasks);
        if (!ok) throw new Error("not every task completed");
      },
      read: async () => {
        const { tasks: outcomes } = await executor.executeParallel(tasks);
        if (outcomes.t0?.status !== "completed") throw new Error("not every task completed");
      },
    };
    const times = { promises: [], limit: [], fates: [], executor: [], read: [] };
    const rounds = size <= 10_000 ? 25 : 11;
    for (let round = 0; round < rounds; round++)
      for (const [name, run] of Object.entries(contestants)) {
        // Each pays for its own garbage only.
        collectGarbage({ type: "minor" });
        const took = await measure(name, size, run);
        if (round > rounds / 5) times[name].push(took / size);
      }
    const [promises, limit, fates, ours, read] = Object.values(times).map(median);
    rows.push({
      kind,
      size,
      promises,
      limit,
      fates,
      executor: ours,
      read,
      beyond: ours - promises,
      target: TARGET[size],
    });
  }

const beside = flags.peers === undefined ? undefined : await besideOthers(Number(flags.peers));
if (flags.json)
  console.log(
    JSON.stringify({ node: process.version, concurrency, unit: "us/task", rows, peers: beside?.rows }),
  );
else {
  console.log(`µs for each no-op task, concurrency ${concurrency}, Node ${process.version}, medians\n`);
  console.log(
    "| graph | tasks | own promise | bare Kahn | a fate for each name | ParallelExecutor | and its fates read | beyond own promise | target |",
  );
  console.log("|---|---|---|---|---|---|---|---|---|");
  for (const row of rows) {
    const cells = [row.promises, row.limit, row.fates, row.executor, row.read, row.beyond].map((value) =>
      value.toFixed(2),
    );
    console.log(`| ${row.kind} | ${row.size} | ${cells.join(" | ")} | ${row.target ?? ""} |`);
  }
  if (beside !== undefined) {
    console.log("\n| graph | tasks | library | µs a task |\n|---|---|---|---|");
    for (const { kind, size, name, microseconds } of beside.rows)
      console.log(`| ${kind} | ${size} | ${name} | ${microseconds.toFixed(2)} |`);
    if (beside.missing.length > 0) console.log(`\nNot installed: ${beside.missing.join(", ")}.`);
  }
}
