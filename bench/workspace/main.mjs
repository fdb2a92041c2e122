// What a task's own folder costs: a tree of 20,000 files beside a node_modules, copied, brought up to date from a spare,
// compared, hashed, merged and dropped; and what running a command costs beyond the command.
//   node bench/workspace/main.mjs [FILES] [ROUNDS]
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import {
  createCommandRunner,
  detectSandbox,
  mergeTree,
  openTree,
  readManifest,
  reopenTree,
  restoreRecords,
} from "@mnemosyne/workspace";

const FILES = Number(process.argv[2] ?? 20_000);
const ROUNDS = Number(process.argv[3] ?? 7);
const home = mkdtempSync(path.join(tmpdir(), "mnemosyne-bench-workspace-"));
const source = path.join(home, "workspace");
const times = new Map();

/** About as many folders and bytes as a repository of that many files has: 14 files a folder, 4 kB each at the median. */
function makeWorkspace() {
  let seed = 1;
  const random = () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed / 2_147_483_648;
  };
  const line = "export const answer = 42; // the line that all files are made of\n";
  for (let at = 0; at < FILES; at += 1) {
    const folder = path.join(source, `part-${at % 40}`, `module-${Math.floor(at / 40) % 36}`);
    mkdirSync(folder, { recursive: true });
    const size = Math.exp(6 + random() * 4);
    writeFileSync(
      path.join(folder, `file-${at}.ts`),
      `// ${at}\n${line.repeat(Math.ceil(size / line.length))}`,
    );
  }
  for (let at = 0; at < 200; at += 1) {
    const folder = path.join(source, "node_modules", `package-${at}`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, "index.js"), "module.exports = 1;\n");
  }
}

async function timed(name, work) {
  const cpu = process.cpuUsage();
  const start = performance.now();
  const result = await work();
  const wall = performance.now() - start;
  const used = process.cpuUsage(cpu);
  const row = times.get(name) ?? [];
  row.push({ wall, cpu: (used.user + used.system) / 1_000 });
  times.set(name, row);
  return result;
}

const blobs = new Map();
const store = {
  async put(bytes) {
    const hash = createHash("sha256").update(bytes).digest("hex");
    blobs.set(hash, bytes);
    return hash;
  },
  get: async (hash) => blobs.get(hash),
  has: async (hash) => blobs.has(hash),
};

makeWorkspace();
const trees = path.join(source, ".mnemosyne/trees");
const spares = path.join(trees, "spares");
for (let round = 0; round < ROUNDS; round += 1) {
  await timed("read the manifest", () => readManifest(source));
  const copied = await timed("open a tree (copy)", () =>
    openTree({ source, tree: path.join(trees, "copied") }),
  );
  await timed("drop it", () => copied.drop());
  const root = path.join(trees, "kept");
  const label = round === 0 ? "open a tree, none to spare" : "open a tree from a spare";
  const tree = await timed(label, () => openTree({ source, tree: root, spares }));
  for (let at = 0; at < 100; at += 1) {
    const file = `part-${at % 40}/module-${Math.floor(at / 40)}/file-${at}.ts`;
    await tree.write(file, `// round ${round}, file ${at}\n`);
  }
  const changed = await timed("changes (100 of them)", () => tree.changes());
  if (changed.length !== 100) throw new Error(`100 files were changed, ${changed.length} were seen`);
  const again = await timed("open it again in another process", () => reopenTree({ tree: root }));
  const judged = await timed("read its manifest there", () => again.manifest());
  const merged = await timed("merge 100 files", () =>
    mergeTree({ tree: again, workspace: source, judged, blobs: store }),
  );
  if (!merged.merged) throw new Error("the merge was refused");
  await timed("restore 100 files", () =>
    restoreRecords([merged.record], { workspace: source, blobs: store }),
  );
  await timed("keep it as a spare", () => tree.drop({ spares }));
}

const sandbox = await detectSandbox();
const runner = createCommandRunner({ sandbox });
const quick = { program: "true", args: [] };
await runner.run(quick, { cwd: home, sandbox: "off" });
for (let round = 0; round < 30; round += 1) {
  await timed("a bare process", () => once(spawn("true", { stdio: ["ignore", "pipe", "pipe"] }), "close"));
  await timed("a command", () => runner.run(quick, { cwd: home, sandbox: "off" }));
  if (sandbox.level === "none") continue;
  await timed(`a command in ${sandbox.level}`, () => runner.run(quick, { cwd: home, sandbox: "required" }));
}
await runner.close();
rmSync(home, { recursive: true, force: true });

console.log(`${FILES} files; milliseconds: p50, least, p50 of processor time`);
for (const [name, row] of times) {
  const median = (key) => row.map((each) => each[key]).toSorted((a, b) => a - b)[Math.floor(row.length / 2)];
  const least = Math.min(...row.map(({ wall }) => wall));
  const cells = [median("wall"), least, median("cpu")].map((value) => value.toFixed(1).padStart(9));
  console.log(`${name.padEnd(34)}${cells.join("")}`);
}
