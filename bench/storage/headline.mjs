// Store, get, search and list of one memory, by a call in this process and by a command spawned for each call.
// node bench/storage/headline.mjs [rows ...]     (needs built packages; default 100 10000)
// Beside them, without a ratio: what an older implementation published of itself, from another machine and without its source.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createStaticEmbedder } from "@mnemosyne/embeddings";
import { openStorage } from "@mnemosyne/storage";
import { memory, query } from "./corpus.mjs";

const COMMAND = fileURLToPath(new URL("../../packages/cli/bin/mnemosyne.js", import.meta.url));
const PUBLISHED = { store: "2.25", get: "0.50", search: "1.61", list: "0.88" };
const CALLS = 400;
const SPAWNS = 15;

const quantile = (values, share) => values.toSorted((a, b) => a - b)[Math.floor(values.length * share)];
const milliseconds = (value) => value.toFixed(value < 10 ? 2 : 0);

const words = (round) => query(round).join(" ");

async function timed(times, call) {
  const spent = [];
  for (let round = -Math.ceil(times / 20); round < times; round++) {
    const began = performance.now();
    await call(Math.abs(round));
    if (round >= 0) spent.push(performance.now() - began);
  }
  return spent;
}

/** Measures a call, and a command that does the same, and prints a row. */
async function printRow(name, call, command, published = "-") {
  const spent = await timed(CALLS, call);
  const commands = command === undefined ? undefined : await timed(SPAWNS, command);
  const cells = [name, milliseconds(quantile(spent, 0.5)), milliseconds(quantile(spent, 0.99))];
  cells.push(commands === undefined ? "-" : milliseconds(quantile(commands, 0.5)), published);
  console.log(`| ${cells.join(" | ")} |`);
}

async function measure(rows, folder) {
  const file = join(folder, `${rows}.db`);
  const storage = await openStorage({ url: `file:${file}`, embedder: createStaticEmbedder() });
  const ids = await storage.storeMany(Array.from({ length: rows }, (_, number) => memory(number)));
  const lexical = await openStorage(`file:${file}`);
  const namespace = "project:bench";
  let serial = 1_000_000;
  const id = (round) => ids[(round * 7919) % rows];
  const run = (...args) =>
    execFileSync(process.execPath, [COMMAND, ...args, "--json", "--db", file, "--namespace", namespace], {
      cwd: folder,
    });
  const inProcess = {
    store: () => storage.store(memory(serial++)),
    get: (round) => storage.get(id(round)),
    search: (round) => storage.search(words(round), { namespace }),
    list: () => storage.listRecent({ namespace, limit: 20 }),
  };
  const spawned = {
    store: () => run("remember", memory(serial++).content),
    get: (round) => run("get", id(round)),
    search: (round) => run("recall", words(round)),
    list: () => run("list", "--limit", "20"),
  };
  console.log(`\n### ${rows} rows\n`);
  console.log("| call | p50 ms | p99 ms | by a command each, p50 ms | an older implementation, ms |");
  console.log("|---|---|---|---|---|");
  for (const [name, call] of Object.entries(inProcess))
    await printRow(name, call, spawned[name], PUBLISHED[name]);
  await printRow("search, words alone", (round) => lexical.search(words(round), { namespace }));
  await lexical.close();
  await storage.close();
}

const folder = mkdtempSync(join(tmpdir(), "mnemosyne-headline-"));
try {
  const node = await timed(SPAWNS, () => execFileSync(process.execPath, ["--eval", "0"]));
  console.log(`A process of Node.js that does nothing takes ${milliseconds(quantile(node, 0.5))} ms.`);
  const sizes = process.argv.slice(2).map(Number);
  for (const rows of sizes.length > 0 ? sizes : [100, 10_000]) await measure(rows, folder);
} finally {
  rmSync(folder, { recursive: true });
}
