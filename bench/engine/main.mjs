// What the durable engine adds to a task that does nothing: in sequence and 500 wide, at both settings of the database
// (the journal itself is always on the disk before anything goes on); journal transactions a task; size of the database.
import { mkdtempSync, rmSync, statSync, readdirSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import path from "node:path";
import { OrchestrationEngine } from "@mnemosyne/engine";
import { definePlan } from "@mnemosyne/plan";
import { openStorage } from "@mnemosyne/storage";

const REPEATS = Number(process.env.REPEATS ?? 5);
const BIG = Number(process.env.TASKS ?? 10_000);

/** The storage, counting the write transactions of its journal. */
function counted(storage) {
  const counts = { appends: 0 };
  const journal = new Proxy(storage.journal, {
    get(target, name) {
      const value = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      return (...args) => {
        if (name === "append" || name === "createRun") counts.appends += 1;
        return value.apply(target, args);
      };
    },
  });
  const proxied = new Proxy(storage, {
    get(target, name) {
      if (name === "journal") return journal;
      const value = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return { storage: proxied, counts };
}

function noops(count, shape, folder, concurrency) {
  return definePlan({
    version: 1,
    name: shape,
    workspace: folder,
    concurrency,
    tasks: Array.from({ length: count }, (_, index) => ({
      id: `t${index}`,
      dependsOn: shape === "sequence" && index > 0 ? [`t${index - 1}`] : [],
      function: () => null,
    })),
  });
}

async function measure({ count, shape, synchronous, concurrency }) {
  const folder = mkdtempSync(path.join(tmpdir(), "mnemosyne-bench-engine-"));
  const work = mkdtempSync(path.join(tmpdir(), "mnemosyne-bench-work-"));
  const opened = await openStorage({ url: `file:${path.join(folder, "a.db")}`, synchronous });
  const { storage, counts } = counted(opened);
  const engine = new OrchestrationEngine(storage);
  await engine.start();
  // Warm: the first run pays for what is loaded and compiled once.
  await engine.executePlan(noops(20, shape, work, concurrency));
  counts.appends = 0;
  const plan = noops(count, shape, work, concurrency);
  const began = performance.now();
  const result = await engine.executePlan(plan, { runId: "measured" });
  const ms = performance.now() - began;
  if (!result.ok) throw new Error(`the run is ${result.status}: ${JSON.stringify(result.error)}`);
  const events = await opened.journal.head("measured");
  const pages = await size(folder);
  await engine.stop();
  await opened.close();
  const closed = await size(folder);
  rmSync(folder, { recursive: true });
  rmSync(work, { recursive: true });
  return { ms, perTask: ms / count, transactions: counts.appends / count, events, open: pages, closed };
}

async function size(folder) {
  let bytes = 0;
  for (const name of readdirSync(folder)) bytes += statSync(path.join(folder, name)).size;
  return bytes;
}

/** The floor: appends of two small events, each on the disk before the next, with nothing of the engine. */
async function floor(count) {
  const folder = mkdtempSync(path.join(tmpdir(), "mnemosyne-bench-engine-"));
  const storage = await openStorage(`file:${path.join(folder, "a.db")}`);
  await storage.journal.createRun({ runId: "floor", name: "floor", planHash: "0", plan: {} });
  const began = performance.now();
  for (let done = 0; done < count; done++)
    await storage.journal.append({
      runId: "floor",
      head: done * 2,
      entries: [1, 2].map((part) => ({
        class: "observation",
        body: { type: "note", text: `${done} ${part}` },
      })),
    });
  const ms = performance.now() - began;
  await storage.close();
  rmSync(folder, { recursive: true });
  return ms / count;
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

console.log(`node ${process.version}, ${cpus().length} cores, ${REPEATS} repeats, median (best)`);
const shapes = [
  { name: "100 in sequence", count: 100, shape: "sequence", concurrency: 4 },
  { name: "500 wide", count: 500, shape: "wide", concurrency: 500 },
  { name: "500 wide, 4 at once", count: 500, shape: "wide", concurrency: 4 },
];
const rows = shapes.flatMap((each) =>
  ["full", "normal"].map((synchronous) => ({ ...each, synchronous, measured: [] })),
);
// One after the other and again, so that what else the machine does meets all of them.
for (let repeat = 0; repeat < REPEATS; repeat++)
  for (const row of rows) row.measured.push({ ...(await measure(row)), floor: await floor(100) });
for (const { name, synchronous, measured } of rows) {
  const each = measured.map(({ perTask }) => perTask);
  console.log(
    `${name.padEnd(20)} ${synchronous.padEnd(7)} ${median(each).toFixed(3)} (${Math.min(...each).toFixed(3)}) ms a task, ` +
      `${median(measured.map(({ transactions }) => transactions)).toFixed(3)} transactions a task; one append alone ${median(measured.map((each) => each.floor)).toFixed(3)} ms`,
  );
}
const big = await measure({ count: BIG, shape: "wide", synchronous: "full", concurrency: 64 });
console.log(
  `${BIG} tasks, 64 at once: ${big.perTask.toFixed(3)} ms a task, ${big.transactions.toFixed(3)} transactions a task, ` +
    `${big.events} events, database ${(big.closed / 1e6).toFixed(2)} MB (${(big.open / 1e6).toFixed(2)} MB with its wal)`,
);
