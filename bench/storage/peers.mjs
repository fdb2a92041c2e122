// Our public calls, the native driver and other memories: the same rows, the same embedder, one process, calls interleaved.
// node bench/storage/peers.mjs [rows ...] [--peers mastra,mem0,...]
//   needs built packages, and `npm ci` in bench/peers; default 1000 10000, and all peers
// Some peers need a newer Node.js than ours: bench/peers brings one, and this program starts itself again with it.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { MemoryId } from "@mnemosyne/core";
import { createEmbedder } from "@mnemosyne/embeddings";
import { openStorage } from "@mnemosyne/storage";
import { memory, query } from "./corpus.mjs";
import { openRaw } from "./raw.mjs";

const PEERS = new URL("../peers/", import.meta.url);
const DIMENSIONS = 256;
/** Calls a turn; the first of them, which finds the processor's caches full of others' data, does not count. */
const BURST = 6;
/** Rounds at most, and milliseconds after which a system has been measured enough. */
const ROUNDS = 60;
const ENOUGH = 6000;

/** The embedder of all: 256 numbers by the hashes of a text's words. */
function vectorOf(text) {
  const vector = new Float64Array(DIMENSIONS);
  for (const word of text.toLowerCase().split(/\W+/)) {
    let hash = 0x811c9dc5;
    for (let at = 0; at < word.length; at++) hash = Math.imul(hash ^ word.charCodeAt(at), 0x01000193);
    vector[(hash >>> 1) % DIMENSIONS] += hash & 1 ? 1 : -1;
  }
  const length = Math.hypot(...vector) || 1;
  return Array.from(vector, (value) => value / length);
}
const embed = async (texts) => texts.map(vectorOf);
const blob = (text) => Buffer.from(Float32Array.from(vectorOf(text)).buffer);

async function openOurs(folder) {
  const url = `file:${join(folder, "ours.db")}`;
  const embedder = createEmbedder({ id: "word-hashes@1", dimensions: DIMENSIONS, embed });
  const storage = await openStorage({ url, embedder });
  const lexical = await openStorage({ url });
  const listing = { namespace: "project:bench", limit: 20 };
  const found = { namespace: "project:bench", limit: 10 };
  return {
    name: "Mnemosyne storage",
    fill: (rows) => storage.storeMany(rows),
    store: (row) => storage.store(row),
    get: async ({ id }) => ((await storage.get(id)) === undefined ? 0 : 1),
    list: async () => (await storage.listRecent(listing)).length,
    semantic: async (text) => (await storage.search(text, found)).length,
    words: async (list) => (await lexical.search(list.join(" "), found)).length,
    async close() {
      await lexical.close();
      await storage.close();
    },
  };
}

/** Statements prepared once; the vectors are compared by libSQL's own function, all of them. */
async function openNative(folder) {
  const raw = openRaw(join(folder, "raw.db"), "full");
  raw.db.exec(`CREATE TABLE vectors (uuid TEXT PRIMARY KEY, vector F32_BLOB(${DIMENSIONS}))`);
  const insert = raw.db.prepare("INSERT INTO vectors VALUES (?, ?)");
  const nearest = raw.db
    .prepare("SELECT uuid FROM vectors ORDER BY vector_distance_cos(vector, ?) LIMIT 10")
    .raw(true);
  const write = (row) => {
    raw.write(row.id, row, Date.now());
    insert.run([row.id, blob(row.content)]);
  };
  return {
    name: "libsql, prepared statements",
    async fill(rows) {
      for (let from = 0; from < rows.length; from += 300)
        raw.transaction(() => rows.slice(from, from + 300).forEach(write));
    },
    store: async (row) => raw.transaction(() => write(row)),
    get: async ({ id }) => (raw.get(id) === undefined ? 0 : 1),
    list: async () => raw.list().length,
    semantic: async (text) => nearest.all([blob(text)]).map(([uuid]) => raw.get(uuid)).length,
    words: async (list) => raw.search(list).length,
    close: async () => raw.db.close(),
  };
}

const quantile = (values, share) =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))];
const number = (value) =>
  value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);

/** Bytes of the files below a folder. */
function bytesIn(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

/** Calls each system in turn, beginning with another one each round, until all have been called often enough. */
async function interleave(systems, call, argument) {
  const spent = new Map(systems.map((system) => [system, { times: [], total: 0, found: 0 }]));
  for (let round = -3; round < ROUNDS; round++)
    for (let nth = 0; nth < systems.length; nth++) {
      const system = systems[(nth + round + 3 * systems.length) % systems.length];
      const one = spent.get(system);
      if (one.total > ENOUGH && one.times.length >= 20) continue;
      for (let turn = 0; turn < BURST; turn++) {
        const given = argument(Math.abs(round) * BURST + turn);
        const began = performance.now();
        const found = await system[call](given);
        const took = performance.now() - began;
        if (round < 0) break;
        one.total += took;
        if (turn === 0) continue;
        one.times.push(took);
        one.found = Math.max(one.found, typeof found === "number" ? found : 1);
      }
    }
  return spent;
}

async function measure(count, openers, base) {
  const rows = Array.from({ length: count }, (_, nth) => ({ id: MemoryId.new(), ...memory(nth) }));
  console.log(`\n### ${count} rows\n\n| system | filled in s | us a row |\n|---|---|---|`);
  const systems = [];
  for (const [key, open] of openers) {
    const folder = join(base, `${key}-${count}`);
    mkdirSync(folder);
    const system = await open({ folder, embed, dimensions: DIMENSIONS });
    const began = performance.now();
    await system.fill(rows);
    const seconds = (performance.now() - began) / 1000;
    console.log(`| ${system.name} | ${seconds.toFixed(1)} | ${number((seconds * 1e6) / count)} |`);
    systems.push({ ...system, folder });
  }
  let serial = 1_000_000;
  const row = (nth) => rows[(nth * 7919) % count];
  const given = {
    get: row,
    list: () => undefined,
    semantic: (nth) => query(nth).join(" "),
    words: (nth) => query(nth),
    store: () => ({ id: MemoryId.new(), ...memory(serial++) }),
  };
  console.log(
    "\n| call | system | p50 ms | p99 ms | x ours | found | calls |\n|---|---|---|---|---|---|---|",
  );
  for (const call of ["get", "list", "semantic", "words", "store"]) {
    const able = systems.filter((system) => call in system);
    const spent = await interleave(able, call, given[call]);
    const ours = quantile(spent.get(systems[0]).times, 0.5);
    for (const [system, { times, found }] of spent) {
      const [half, most] = [quantile(times, 0.5), quantile(times, 0.99)];
      const cells = [call, system.name, number(half), number(most), number(half / ours), found, times.length];
      console.log(`| ${cells.join(" | ")} |`);
    }
  }
  console.log("\n| system | MB on disk |\n|---|---|");
  for (const system of systems) {
    await system.close();
    console.log(`| ${system.name} | ${(bytesIn(system.folder) / 1e6).toFixed(1)} |`);
  }
}

async function main() {
  if (!existsSync(new URL("node_modules/", PEERS))) {
    console.error("The peers are not installed: npm ci --prefix bench/peers");
    return 1;
  }
  const newer = new URL(`node_modules/node-${process.platform}-${process.arch}/bin/node`, PEERS);
  if (Number(process.versions.node.split(".")[0]) < 22 && existsSync(newer)) {
    const { status } = spawnSync(fileURLToPath(newer), process.argv.slice(1), { stdio: "inherit" });
    return status ?? 1;
  }
  const peers = await import(new URL("index.mjs", PEERS));
  const base = mkdtempSync(join(tmpdir(), "mnemosyne-peers-"));
  try {
    console.log(`Node.js ${process.versions.node}; ${DIMENSIONS} dimensions; each system as it comes.`);
    const { values, positionals } = parseArgs({
      options: { peers: { type: "string" } },
      allowPositionals: true,
    });
    const wanted = values.peers?.split(",") ?? Object.keys(peers);
    const openers = [
      ["ours", ({ folder }) => openOurs(folder)],
      ["raw", ({ folder }) => openNative(folder)],
      ...Object.entries(peers).filter(([name]) => wanted.includes(name)),
    ];
    const sizes = positionals.length > 0 ? positionals.map(Number) : [1000, 10_000];
    for (const count of sizes) await measure(count, openers, base);
    return 0;
  } finally {
    rmSync(base, { recursive: true });
  }
}

// Some peers leave timers and connections behind.
process.exit(await main());
