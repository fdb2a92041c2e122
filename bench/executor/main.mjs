// What the DAG executor costs beyond its tasks: microseconds for each no-op asynchronous task, beside a hand-written
// Kahn loop that has no feature at all (the limit), at the same concurrency. Medians of interleaved rounds.
// Usage: node bench/executor/main.mjs [--sizes 1000,10000,100000] [--concurrency 16] [--json]
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { ParallelExecutor } from "@mnemosyne/parallel-executor";

const { values: flags } = parseArgs({
  options: {
    sizes: { type: "string", default: "1000,10000,100000" },
    concurrency: { type: "string", default: "16" },
    json: { type: "boolean", default: false },
  },
});
const sizes = flags.sizes.split(",").map(Number);
const concurrency = Number(flags.concurrency);
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

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc");
const executor = new ParallelExecutor({ concurrency });
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
    };
    const times = { promises: [], limit: [], fates: [], executor: [] };
    const rounds = size <= 1000 ? 60 : size <= 10_000 ? 25 : 11;
    for (let round = 0; round < rounds; round++)
      for (const [name, run] of Object.entries(contestants)) {
        ran = 0;
        // Each pays for its own garbage only.
        collectGarbage({ type: "minor" });
        const began = performance.now();
        await run();
        const took = performance.now() - began;
        if (ran !== size) throw new Error(`${name} ran ${ran} of ${size} tasks`);
        if (round > rounds / 5) times[name].push((took * 1000) / size);
      }
    const [promises, limit, fates, ours] = Object.values(times).map(median);
    rows.push({
      kind,
      size,
      promises,
      limit,
      fates,
      executor: ours,
      beyond: ours - promises,
      target: TARGET[size],
    });
  }

if (flags.json) console.log(JSON.stringify({ node: process.version, concurrency, unit: "us/task", rows }));
else {
  console.log(`µs for each no-op task, concurrency ${concurrency}, Node ${process.version}, medians\n`);
  console.log(
    "| graph | tasks | own promise | bare Kahn | the answer's object | ParallelExecutor | beyond own promise | target |",
  );
  console.log("|---|---|---|---|---|---|---|---|");
  for (const row of rows) {
    const cells = [row.promises, row.limit, row.fates, row.executor, row.beyond].map((value) =>
      value.toFixed(2),
    );
    console.log(`| ${row.kind} | ${row.size} | ${cells.join(" | ")} | ${row.target ?? ""} |`);
  }
}
