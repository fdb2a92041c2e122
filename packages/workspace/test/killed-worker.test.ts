import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { BlobStore } from "@mnemosyne/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  detectSandbox,
  manifestHash,
  mergeTree,
  openTree,
  processStartTime,
  readManifest,
  reopenTree,
  restoreRecords,
} from "@mnemosyne/workspace";
import { compilePackage } from "./compiled-package.ts";
import { changeFolder, newFolder, readFolder, writeFolder, type Folder } from "./random-folder.ts";

const home = newFolder("orphans");
const linux = process.platform === "linux";
const sandbox = await detectSandbox();

beforeAll(() => compilePackage(home), 60_000);
afterAll(() => rmSync(home, { recursive: true, force: true }));

const LINE = [
  "echo $$ > leader",
  "(sh -c 'echo $$ > grandchild; exec sleep 60' &)",
  "(env -i /bin/sh -c 'echo $$ > scrubbed; exec sleep 60' &)",
  ...(linux ? ["setsid sh -c 'echo $$ > stray; exec sleep 60' &"] : []),
  "trap '' TERM HUP INT",
  "echo ready > ready",
  "while :; do sleep 0.05; echo x >> ticks; done",
].join("\n");

/** Starts a worker process that runs the line, waits until it does, and kills the worker. */
async function killWorkerOf(mode: "off" | "required", how: NodeJS.Signals) {
  const folder = newFolder("orphans-run");
  const program = `
    import { createCommandRunner } from "@mnemosyne/workspace";
    const runner = createCommandRunner();
    await runner.run({ line: ${JSON.stringify(LINE)} }, { cwd: ${JSON.stringify(folder)}, sandbox: "${mode}" });
  `;
  writeFileSync(path.join(home, "worker.mjs"), program);
  const worker = spawn(process.execPath, [path.join(home, "worker.mjs")], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  const names = ["leader", "grandchild", "scrubbed", ...(linux ? ["stray"] : []), "ready"];
  for (let tries = 0; ![...names, "ticks"].every((name) => existsSync(path.join(folder, name))); tries += 1) {
    if (tries > 1_000) throw new Error("the command did not start");
    await sleep(20);
  }
  await sleep(50);
  worker.kill(how);
  await once(worker, "exit");
  await sleep(1_000);
  const ticks = readFileSync(path.join(folder, "ticks"), "utf8").length;
  await sleep(300);
  const after = readFileSync(path.join(folder, "ticks"), "utf8").length;
  const pids =
    mode === "off"
      ? names.slice(0, -1).map((name) => Number(readFileSync(path.join(folder, name), "utf8")))
      : [];
  rmSync(folder, { recursive: true, force: true });
  return { pids, wrote: after - ticks };
}

test("kill -9 of the worker: within a second no descendant is left, grandchildren and setsid ones included", async () => {
  const { pids, wrote } = await killWorkerOf("off", "SIGKILL");
  expect(pids.length).toBe(linux ? 4 : 3);
  expect(pids.filter((pid) => processStartTime(pid) !== undefined)).toEqual([]);
  expect(wrote).toBe(0);
}, 60_000);

test("an end by SIGTERM leaves nothing either", async () => {
  const { pids, wrote } = await killWorkerOf("off", "SIGTERM");
  expect(pids.filter((pid) => processStartTime(pid) !== undefined)).toEqual([]);
  expect(wrote).toBe(0);
}, 60_000);

test.skipIf(sandbox.level === "none")(
  `kill -9 of the worker of a sandboxed command (bubblewrap)`,
  async () => {
    const { wrote } = await killWorkerOf("required", "SIGKILL");
    expect(wrote).toBe(0);
  },
  60_000,
);

test("a tree whose worker was killed while it was made is no tree, and the next one replaces it", async () => {
  const source = newFolder("half-made");
  for (let at = 0; at < 600; at += 1) {
    mkdirSync(path.join(source, `f${at % 20}`), { recursive: true });
    writeFileSync(path.join(source, `f${at % 20}/x${at}`), "x".repeat(2_000));
  }
  const root = path.join(home, "half-made");
  const program = `
    import { openTree } from "@mnemosyne/workspace";
    await openTree({ source: ${JSON.stringify(source)}, tree: ${JSON.stringify(root)} });
  `;
  writeFileSync(path.join(home, "open.mjs"), program);
  const worker = spawn(process.execPath, [path.join(home, "open.mjs")], { stdio: "inherit" });
  while (!existsSync(path.join(root, "f10"))) await sleep(1);
  worker.kill("SIGKILL");
  await once(worker, "exit");
  await expect(reopenTree({ tree: root })).rejects.toMatchObject({ code: "E_NOT_FOUND" });
  const tree = await openTree({ source, tree: root });
  expect(await tree.hash()).toBe(manifestHash(await readManifest(source)));
  rmSync(source, { recursive: true });
}, 60_000);

/** A blob store in a folder, for two processes. */
const FOLDER_BLOBS = `
  import { createHash } from "node:crypto";
  import { existsSync, readFileSync, writeFileSync } from "node:fs";
  export const folderBlobs = (folder) => ({
    put: async (bytes) => {
      const hash = createHash("sha256").update(bytes).digest("hex");
      writeFileSync(folder + "/" + hash, bytes);
      return hash;
    },
    get: async (hash) => readFileSync(folder + "/" + hash),
    has: async (hash) => existsSync(folder + "/" + hash),
  });
`;

test("a merge whose worker is killed after any step is carried on, and can still be undone", async () => {
  const blobsFolder = newFolder("kept");
  writeFileSync(path.join(home, "blobs.mjs"), FOLDER_BLOBS);
  writeFileSync(
    path.join(home, "merge.mjs"),
    `
    import { mergeTree, reopenTree } from "@mnemosyne/workspace";
    import { folderBlobs } from "./blobs.mjs";
    const [root, workspace, steps] = process.argv.slice(2);
    const tree = await reopenTree({ tree: root });
    let left = Number(steps);
    const onProgress = () => {
      left -= 1;
      if (left === 0) process.kill(process.pid, "SIGKILL");
    };
    const blobs = folderBlobs(${JSON.stringify(blobsFolder)});
    await mergeTree({ tree, workspace, judged: await tree.manifest(), blobs, onProgress });
  `,
  );
  const { folderBlobs } = (await import(path.join(home, "blobs.mjs"))) as {
    readonly folderBlobs: (folder: string) => BlobStore;
  };
  const blobs = folderBlobs(blobsFolder);
  const before: Folder = {
    a: { type: "file", content: "a", mode: 0o644 },
    b: { type: "directory", mode: 0o755 },
    "b/c": { type: "file", content: "c", mode: 0o600 },
    d: { type: "file", content: "d", mode: 0o644 },
  };
  const after: Folder = {
    a: { type: "directory", mode: 0o755 },
    "a/x": { type: "link", target: "../d" },
    b: { type: "file", content: "b", mode: 0o755 },
    d: { type: "file", content: "D", mode: 0o644 },
  };
  for (let steps = 1; steps <= 6; steps += 1) {
    const workspace = newFolder("merged");
    writeFolder(workspace, before);
    const tree = await openTree({ source: workspace, tree: path.join(home, `killed-${steps}`) });
    changeFolder(tree.root, before, after);
    const args = [path.join(home, "merge.mjs"), tree.root, workspace, String(steps)];
    const [, signal] = await once(spawn(process.execPath, args, { stdio: "inherit" }), "exit");
    expect(signal).toBe("SIGKILL");
    expect(readFolder(workspace)).not.toEqual(before);
    const outcome = await mergeTree({ tree, workspace, judged: await tree.manifest(), blobs });
    expect(readFolder(workspace)).toEqual(after);
    const records = outcome.merged ? [outcome.record] : [];
    expect(await restoreRecords(records, { workspace, blobs })).toMatchObject({ conflicts: [] });
    expect(readFolder(workspace)).toEqual(before);
    rmSync(workspace, { recursive: true });
  }
  rmSync(blobsFolder, { recursive: true });
}, 60_000);
