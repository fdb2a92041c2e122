// Four processes at one file: one imports, one evolves, one stores and waits for each answer, one reads. What the third and
// the fourth see: times of their calls, errors, gaps of their event loops; and what a bare process like them, with nobody at the file
// but with the same load on the machine, sees.
// node bench/storage/crowd.mjs [rows]     (needs built packages; default 100000)
import { fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openStorage } from "@mnemosyne/storage";
import { memory } from "./corpus.mjs";

const pause = (time) => new Promise((resolve) => setTimeout(resolve, time));
const quantile = (values, share) =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0;

/** Calls a function over and over until it is told to stop, and says how long the calls took. */
async function repeat(work) {
  const stop = new AbortController();
  process.once("message", () => stop.abort());
  const times = [];
  const errors = [];
  const gaps = [];
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    gaps.push(now - last);
    last = now;
  }, 5);
  process.send("ready");
  for (let number = 0; !stop.signal.aborted; number++) {
    const began = performance.now();
    try {
      await work(number);
    } catch (error) {
      errors.push(error.code ?? error.message);
    }
    times.push(performance.now() - began);
    await pause(5);
  }
  clearInterval(timer);
  process.send({
    calls: times.length,
    p50: quantile(times, 0.5),
    p99: quantile(times, 0.99),
    max: Math.max(...times),
    gap: Math.max(...gaps),
    gap999: quantile(gaps, 0.999),
    errors,
  });
}

const ROLES = {
  async imports(url, rows) {
    const storage = await openStorage(url);
    process.send("ready");
    const began = performance.now();
    const { imported } = await storage.import(
      (function* () {
        for (let number = 0; number < rows; number++) yield memory(number);
      })(),
    );
    process.send({ imported, seconds: (performance.now() - began) / 1000 });
    await storage.close();
  },
  async evolves(url) {
    const storage = await openStorage(url);
    const stop = new AbortController();
    process.once("message", () => stop.abort());
    process.send("ready");
    let passes = 0;
    const changes = {};
    for (; !stop.signal.aborted; passes++) {
      for (let number = 0; number < 30; number++)
        await storage.store({
          content: `The harbour of place ${number >> 1} opens at ${passes} in the morning.`,
        });
      for (const { job, changed } of (await storage.evolution.run()).jobs)
        changes[job] = (changes[job] ?? 0) + changed;
    }
    process.send({ passes, changes });
    await storage.close();
  },
  async stores(url) {
    const storage = await openStorage(url);
    await repeat((number) =>
      storage.store({ content: `stored while others write ${number}`, namespace: "project:third" }),
    );
    await storage.close();
  },
  async reads(url) {
    const storage = await openStorage(url);
    await repeat((number) => storage.search(`others ${number}`, { namespace: "project:third" }));
    await storage.close();
  },
  async waits() {
    await repeat(() => pause(1));
  },
};

async function main(rows) {
  const folder = mkdtempSync(join(tmpdir(), "mnemosyne-crowd-"));
  const url = `file:${join(folder, "app.db")}`;
  await (await openStorage(url)).close();
  const children = {};
  const result = {};
  for (const role of Object.keys(ROLES)) {
    const child = fork(fileURLToPath(import.meta.url), ["--role", role, url, String(rows)]);
    children[role] = child;
    result[role] = new Promise((resolve, reject) => {
      child.on("message", (message) => message !== "ready" && resolve(message));
      child.once("exit", (code) => code !== 0 && reject(new Error(`${role} ended with ${code}`)));
    });
    await new Promise((resolve) => child.once("message", resolve));
  }
  const { imported, seconds } = await result.imports;
  const ended = {};
  for (const role of ["evolves", "stores", "reads", "waits"]) {
    children[role].send("stop");
    ended[role] = await result[role];
  }
  console.log(
    `imported ${imported} rows in ${seconds.toFixed(1)} s; evolved ${ended.evolves.passes} times: ${JSON.stringify(ended.evolves.changes)}\n`,
  );
  console.log(
    "| process | calls | p50 ms | p99 ms | longest ms | loop gap p99.9 ms | longest gap ms | errors |",
  );
  console.log("|---|---|---|---|---|---|---|---|");
  for (const [role, target] of [
    ["stores", " (p99 300, gap 50)"],
    ["reads", ""],
    ["waits", " (touches no database)"],
  ]) {
    const { calls, p50, p99, max, gap, gap999, errors } = ended[role];
    console.log(
      `| ${role}${target} | ${calls} | ${p50.toFixed(1)} | ${p99.toFixed(0)} | ${max.toFixed(0)} | ${gap999.toFixed(0)} | ${gap.toFixed(0)} | ${errors.length === 0 ? 0 : JSON.stringify([...new Set(errors)])} |`,
    );
  }
  rmSync(folder, { recursive: true });
}

const [, , flag, role, url, rows] = process.argv;
if (flag === "--role") {
  await ROLES[role](url, Number(rows));
  process.disconnect();
} else await main(Number(flag ?? 100_000));
