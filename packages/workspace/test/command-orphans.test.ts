import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync, writeFileSync, existsSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { detectSandbox, processStartTime } from "@mnemosyne/workspace";
import { compilePackage } from "./compiled-package.ts";
import { newFolder } from "./random-folder.ts";

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
