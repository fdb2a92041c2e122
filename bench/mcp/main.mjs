// What a call costs over MCP: the official client talks to the real command over standard streams, on a database of
// memories; medians and the 95th percentile in milliseconds, beside the same search without MCP.
// Usage: node bench/mcp/main.mjs [--rows 10000] [--calls 500] [--json]
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { openStorage } from "@mnemosyne/storage";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";

const { values: flags } = parseArgs({
  options: {
    rows: { type: "string", default: "10000" },
    calls: { type: "string", default: "500" },
    json: { type: "boolean", default: false },
  },
});
const rows = Number(flags.rows);
const calls = Number(flags.calls);
const WORDS = "api date parser cache login invoice tenant queue retry schema index token budget lease".split(
  " ",
);
const TARGET = 3;

const text = (index) =>
  `Note ${index}: the ${WORDS[index % 14]} of the ${WORDS[(index * 5) % 13]} needs a ${WORDS[(index * 7) % 11]} before the ${WORDS[(index * 3) % 12]} is changed.`;
const query = (index) => `${WORDS[index % 14]} ${WORDS[(index * 3) % 13]}`;

const folder = await mkdtemp(path.join(tmpdir(), "mnemosyne-bench-mcp-"));
const file = path.join(folder, "memories.db");
const namespace = "project:bench";
let storage = await openStorage(`file:${file}`);
await storage.storeMany(Array.from({ length: rows }, (_, index) => ({ content: text(index), namespace })));
const direct = await timed((index) => storage.search(query(index), { namespace, limit: 10 }));
await storage.close();

const client = new Client({ name: "bench", version: "1.0.0" });
const began = performance.now();
await client.connect(
  new StdioClientTransport({
    command: process.execPath,
    args: [
      fileURLToPath(new URL("../../packages/cli/bin/mnemosyne.js", import.meta.url)),
      "mcp",
      "--db",
      file,
      "--namespace",
      namespace,
    ],
    cwd: folder,
    stderr: "ignore",
  }),
);
const start = performance.now() - began;
const call = async (name, args) => {
  const result = await client.callTool({ name, arguments: args });
  if (result.isError === true) throw new Error(JSON.stringify(result.content));
};
const recall = await timed((index) => call("recall", { query: query(index), limit: 10 }));
const remember = await timed((index) => call("remember", { content: text(rows + index) }));
await client.close();
await rm(folder, { recursive: true, force: true });

const figures = {
  rows,
  calls,
  startMs: round(start),
  direct,
  recall,
  remember,
  target: TARGET,
  ok: recall.p50 < TARGET,
};
if (flags.json) console.log(JSON.stringify(figures));
else {
  console.log(`${rows} memories, ${calls} calls, milliseconds`);
  console.log(`search in the process   p50 ${direct.p50}  p95 ${direct.p95}`);
  console.log(`recall over stdio       p50 ${recall.p50}  p95 ${recall.p95}   (target: p50 under ${TARGET})`);
  console.log(`remember over stdio     p50 ${remember.p50}  p95 ${remember.p95}`);
  console.log(`from start to connected ${round(start)}`);
}
process.exitCode = figures.ok ? 0 : 1;

async function timed(work) {
  const times = [];
  for (let index = -50; index < calls; index += 1) {
    const before = performance.now();
    await work(index + 50);
    if (index >= 0) times.push(performance.now() - before);
  }
  times.sort((a, b) => a - b);
  return { p50: round(times[Math.floor(calls / 2)]), p95: round(times[Math.floor(calls * 0.95)]) };
}

function round(milliseconds) {
  return Math.round(milliseconds * 100) / 100;
}
