// Four writers at one file that are stopped and killed again and again, one process that keeps the lock for longer than they
// wait, one that searches the folder's texts and copies it; then: what was acknowledged and is missing, torn batches, checks.
// node bench/storage/loss.mjs [seconds]     (needs built packages; default 60)
import { execFileSync, fork } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, writeSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { openStorage } from "@mnemosyne/storage";

const pause = (time) => new Promise((resolve) => setTimeout(resolve, time));
const say = (...words) => writeSync(1, `${words.join(" ")}\n`);
const SIZES = { group: 8, batch: 700 };

const ROLES = {
  /** Says what was acknowledged by a write that is over when it returns: a process that is killed then has said so. */
  async writes(url) {
    const storage = await openStorage({ url, busyTimeout: 300 });
    for (let number = 0; ; number++) {
      const kind = number % 50 === 49 ? "batch" : number % 5 === 4 ? "group" : "single";
      if (number === 0) say("ready");
      const name = `${kind} ${process.pid}-${number}`;
      try {
        if (kind === "single") say("ack", await storage.store({ content: name }));
        else {
          const contents = Array.from({ length: SIZES[kind] }, (_, part) => ({
            content: `${name} part ${part}`,
          }));
          say("ack", (await storage.storeMany(contents)).join(","));
        }
      } catch (error) {
        if (error.code !== "E_STORAGE_BUSY") throw error;
        say("busy");
      }
    }
  },
  async holds(url) {
    const Database = createRequire(import.meta.url)("libsql");
    const database = new Database(fileURLToPath(url), { timeout: 5000 });
    for (let round = 0; ; round++) {
      try {
        database.exec("BEGIN IMMEDIATE");
        await pause(round % 8 === 0 ? 450 : 15);
        database.exec("COMMIT");
      } catch (error) {
        if (!String(error.code).startsWith("SQLITE_BUSY")) throw error;
      }
      await pause(30);
    }
  },
  async searches(url) {
    const folder = dirname(fileURLToPath(url));
    for (let round = 0; ; round++) {
      for (const work of [
        () => execFileSync("grep", ["-r", "-c", "-a", "single", folder], { stdio: "ignore" }),
        () => cpSync(folder, `${folder}-snapshot`, { recursive: true }),
      ])
        try {
          work();
        } catch {
          // A file that went away meanwhile; grep that finds nothing.
        }
      await pause(20);
    }
  },
};

async function main(seconds) {
  const folder = mkdtempSync(join(tmpdir(), "mnemosyne-loss-"));
  const url = `file:${join(folder, "app.db")}`;
  await (await openStorage(url)).close();
  const counts = { killed: 0, stopped: 0, busy: 0, failed: [] };
  const acknowledged = new Set();
  const over = new AbortController();
  const begin = (role) => {
    const child = fork(fileURLToPath(import.meta.url), ["--role", role, url], {
      stdio: ["ignore", "pipe", "inherit", "ipc"],
    });
    let rest = "";
    let isReady;
    const ready = new Promise((resolve) => (isReady = resolve));
    child.stdout.on("data", (chunk) => {
      const lines = `${rest}${chunk}`.split("\n");
      rest = lines.pop();
      for (const line of lines)
        if (line === "ready") isReady();
        else if (line === "busy") counts.busy++;
        else for (const id of line.slice(4).split(",")) acknowledged.add(id);
    });
    const ended = new Promise((resolve) => {
      child.once("close", (code, signal) => {
        if (signal !== "SIGKILL") counts.failed.push(`${role}: ${code ?? signal}`);
        resolve();
      });
    });
    return { child, ready, ended };
  };
  const aside = ["holds", "searches"].map(begin);
  const writer = async () => {
    while (!over.signal.aborted) {
      const { child, ready, ended } = begin("writes");
      await Promise.race([ready, ended]);
      for (let turn = Math.floor(Math.random() * 4); turn >= 0 && !over.signal.aborted; turn--) {
        await pause(400 + Math.random() * 1500);
        child.kill("SIGSTOP");
        counts.stopped++;
        await pause(50 + Math.random() * 300);
        child.kill("SIGCONT");
      }
      await pause(Math.random() * 500);
      child.kill("SIGKILL");
      counts.killed++;
      await ended;
    }
  };
  const writers = Array.from({ length: 4 }, writer);
  await pause(seconds * 1000);
  over.abort();
  await Promise.all(writers);
  for (const { child } of aside) child.kill("SIGKILL");
  await Promise.all(aside.map(({ ended }) => ended));

  const storage = await openStorage(url);
  let missing = 0;
  for (const id of acknowledged) if ((await storage.get(id)) === undefined) missing++;
  const parts = new Map();
  for await (const { content } of storage.export()) {
    const [kind, name] = content.split(" ");
    if (kind in SIZES) parts.set(`${kind} ${name}`, (parts.get(`${kind} ${name}`) ?? 0) + 1);
  }
  const torn = [...parts].filter(([name, count]) => count !== SIZES[name.split(" ")[0]]).length;
  const check = await storage.maintenance.check();
  const { totalMemories } = await storage.getStats();
  await storage.close();
  console.log(
    `${seconds} s: writers killed ${counts.killed} times, stopped ${counts.stopped} times, told that it is busy ${counts.busy} times; ended otherwise: ${JSON.stringify(counts.failed)}`,
  );
  console.log(
    `acknowledged ${acknowledged.size} memories, missing ${missing}; ${parts.size} batches, torn ${torn}; ${totalMemories} memories in the file; checks: ${check.ok ? "pass" : JSON.stringify(check.problems)}`,
  );
  rmSync(folder, { recursive: true });
  rmSync(`${folder}-snapshot`, { recursive: true, force: true });
  if (missing > 0 || torn > 0 || !check.ok) process.exitCode = 1;
}

const [, , flag, role, url] = process.argv;
if (flag === "--role") await ROLES[role](url);
else await main(Number(flag ?? 60));
