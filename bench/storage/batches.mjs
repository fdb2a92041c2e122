// Many memories at once: storeMany beside the native driver, which inserts the same rows and text by prepared statements in
// transactions of a thousand; in turns, into new files. Then the longest gap of the event loop in storeMany and import.
// node bench/storage/batches.mjs [rows] [rounds]     (needs built packages; default 20000 5)
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MemoryId } from "@mnemosyne/core";
import { createStaticEmbedder } from "@mnemosyne/embeddings";
import { openStorage } from "@mnemosyne/storage";
import { englishMemory, memory } from "./corpus.mjs";
import { openRaw } from "./raw.mjs";

const rows = Number(process.argv[2] ?? 20_000);
const rounds = Number(process.argv[3] ?? 5);
const folder = mkdtempSync(join(tmpdir(), "mnemosyne-batches-"));
const embedder = createStaticEmbedder();
await embedder.embed(["warm"]);

const made = Array.from({ length: rows }, (_, number) => memory(number));
const english = Array.from({ length: rows }, (_, number) => englishMemory(number));
const threads = english.map((input, number) => ({ ...input, thread: `thread-${number % 200}` }));

const KINDS = {
  "raw, made-up words": { target: "-", run: (file) => native(file, made) },
  storeMany: { target: 12_000, run: (file) => ours(file, made) },
  "raw, English": { target: "-", run: (file) => native(file, english) },
  "storeMany, default embedder": { target: 9000, run: (file) => ours(file, english, { embedder }) },
  "storeMany, default embedder and threads": {
    target: 5000,
    run: (file) => ours(file, threads, { embedder }),
  },
  import: { target: "-", run: (file) => ours(file, made, {}, (storage, inputs) => storage.import(inputs)) },
};

async function native(file, inputs) {
  const raw = openRaw(file, "full");
  const timed = watch();
  for (let from = 0; from < inputs.length; from += 1000)
    raw.transaction(() => {
      for (const input of inputs.slice(from, from + 1000)) raw.write(MemoryId.new(), input, Date.now());
    });
  const spent = timed();
  raw.db.close();
  return spent;
}

async function ours(file, inputs, options = {}, store = (storage, all) => storage.storeMany(all)) {
  const storage = await openStorage({ url: `file:${file}`, ...options });
  const timed = watch();
  await store(storage, inputs);
  const spent = timed();
  await storage.close();
  return spent;
}

/** Milliseconds, milliseconds of processor time and the event loop's longest gap from now until it is called. */
function watch() {
  let gap = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    gap = Math.max(gap, performance.now() - last);
    last = performance.now();
  }, 1);
  const began = performance.now();
  const cpu = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(cpu);
    clearInterval(timer);
    const now = performance.now();
    return { time: now - began, cpu: (user + system) / 1000, gap: Math.max(gap, now - last) };
  };
}

const middle = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

try {
  const spent = new Map(Object.keys(KINDS).map((kind) => [kind, []]));
  for (let round = 0; round < rounds; round++)
    for (const [kind, { run }] of Object.entries(KINDS)) {
      const file = join(folder, "file.db");
      spent.get(kind).push(await run(file));
      for (const ending of ["", "-wal", "-shm"]) rmSync(file + ending, { force: true });
    }
  console.log(`${rows} rows, medians of ${rounds} rounds\n`);
  console.log(
    "| what | rows/s | target | times raw | us of processor a row | longest gap ms |\n|---|---|---|---|---|---|",
  );
  let yardstick = 0;
  for (const [kind, all] of spent) {
    const time = middle(all.map((each) => each.time));
    if (kind.startsWith("raw")) yardstick = time;
    const cpu = (middle(all.map((each) => each.cpu)) * 1000) / rows;
    const gap = kind.startsWith("raw") ? "-" : Math.max(...all.map((each) => each.gap)).toFixed(0);
    const times = (
      kind === "import"
        ? time / middle(spent.get("raw, made-up words").map((each) => each.time))
        : time / yardstick
    ).toFixed(2);
    console.log(
      `| ${kind} | ${((rows / time) * 1000).toFixed(0)} | ${KINDS[kind].target} | ${times} | ${cpu.toFixed(0)} | ${gap} |`,
    );
  }
} finally {
  rmSync(folder, { recursive: true });
}
