import { spawn, type ChildProcessByStdio } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Readable } from "node:stream";
import { Coordinator } from "@mnemosyne/coordinator";
import { isMnemosyneError } from "@mnemosyne/core";
import { openStorage } from "@mnemosyne/storage";
import { afterEach, beforeEach, expect, test } from "vitest";
import { root } from "../repository.ts";

let folder: string;
const children: ChildProcessByStdio<null, Readable, Readable>[] = [];

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "mnemosyne-holder-"));
});

afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

const HOLDER = `
  import { Coordinator } from "@mnemosyne/coordinator";
  import { openStorage } from "@mnemosyne/storage";
  const storage = await openStorage(process.argv[1]);
  const coordinator = new Coordinator({ store: storage.coordination, owner: "child", ttl: 1500, heartbeat: 300 });
  const lease = await coordinator.acquire({ resources: ["src/**"] });
  lease.signal.addEventListener("abort", () => console.log("lost"));
  setInterval(() => {}, 1000);
  console.log("token " + lease.token);
`;

/** Another process, with the built packages, that takes the lease and keeps it. */
async function startHolder(url: string): Promise<{ pid: number; token: number; output: () => string }> {
  const child = spawn(process.execPath, ["--input-type=module", "--eval", HOLDER, url], {
    // Where the packages can be imported.
    cwd: path.join(root, "test"),
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.push(child);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8");
    stream.on("data", (chunk: string) => {
      output += chunk;
    });
  }
  await expect.poll(() => output, { timeout: 30_000 }).toMatch(/^token \d+$/m);
  return { pid: child.pid ?? 0, token: Number(/token (\d+)/.exec(output)?.[1]), output: () => output };
}

test("the lease of a process that was killed is free after its time to live, not before", async () => {
  const url = `file:${path.join(folder, "app.db")}`;
  const storage = await openStorage(url);
  const coordinator = new Coordinator({ store: storage.coordination, poll: 20 });
  const holder = await startHolder(url);
  // Longer than the time to live: the holder renews it.
  const refused = await coordinator
    .acquire({ resources: ["src/a.ts"], wait: 2500 })
    .catch((error: unknown) => error);
  expect(isMnemosyneError(refused) && refused.code).toBe("E_LEASE_HELD");
  process.kill(holder.pid, "SIGKILL");
  const lease = await coordinator.acquire({ resources: ["src/a.ts"], wait: 20_000 });
  expect(lease.token).toBeGreaterThan(holder.token);
  await coordinator.close();
  await storage.close();
});

test("a process that was stopped and goes on is told that it lost its lease, and cannot write", async () => {
  const url = `file:${path.join(folder, "app.db")}`;
  const storage = await openStorage(url);
  const coordinator = new Coordinator({ store: storage.coordination, poll: 20 });
  const holder = await startHolder(url);
  process.kill(holder.pid, "SIGSTOP");
  const lease = await coordinator.acquire({ resources: ["src/a.ts"], wait: 20_000 });
  await coordinator.guard(lease.token, "src/a.ts");
  process.kill(holder.pid, "SIGCONT");
  await expect.poll(holder.output, { timeout: 10_000 }).toContain("lost");
  const late = await coordinator.guard(holder.token, "src/a.ts").catch((error: unknown) => error);
  expect(isMnemosyneError(late) && late.code).toBe("E_STALE");
  await coordinator.close();
  await storage.close();
});
