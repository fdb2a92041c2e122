import { readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import {
  createCommandRunner,
  isProcessAlive,
  killProcessGroup,
  processStartTime,
} from "@mnemosyne/workspace";
import { newFolder } from "./random-folder.ts";

const cwd = newFolder("commands");
const runner = createCommandRunner();
afterAll(async () => {
  await runner.close();
  rmSync(cwd, { recursive: true, force: true });
});

const plain = { cwd, sandbox: "off" } as const;

async function until(condition: () => boolean, milliseconds = 3_000): Promise<boolean> {
  for (const deadline = Date.now() + milliseconds; Date.now() < deadline; await sleep(10))
    if (condition()) return true;
  return condition();
}

function alive(pid: number): boolean {
  return processStartTime(pid) !== undefined;
}

function pidIn(file: string): number {
  return Number(readFileSync(path.join(cwd, file), "utf8"));
}

test("a shell line gives its output, its exit code and how long it took", async () => {
  const result = await runner.run({ line: "echo out; echo err >&2; sleep 0.1; exit 3" }, plain);
  expect(result).toMatchObject({
    exitCode: 3,
    signal: null,
    stdout: "out\n",
    stderr: "err\n",
    truncated: 0,
    timedOut: false,
  });
  expect(result.durationMs).toBeGreaterThan(90);
  expect(result.sandbox).toEqual({ level: "none", missing: ["turned off"] });
});

test("a program's arguments reach it as they are: no shell sees them", async () => {
  const args = ["$HOME", "`id`", "a b", "", "*", "--", "'\"", "ü\n"];
  const program = "process.stdout.write(JSON.stringify(process.argv.slice(1)))";
  const result = await runner.run({ program: process.execPath, args: ["-e", program, "--", ...args] }, plain);
  expect(JSON.parse(result.stdout)).toEqual(args);
});

test("a program that is not there, and a folder that is not there, are said so", async () => {
  await expect(runner.run({ program: "no-such-program", args: [] }, plain)).rejects.toMatchObject({
    code: "E_COMMAND_FAILED",
    message: expect.stringContaining("no-such-program"),
  });
  await expect(runner.run({ line: "true" }, { ...plain, cwd: path.join(cwd, "gone") })).rejects.toMatchObject(
    {
      code: "E_COMMAND_FAILED",
    },
  );
  await expect(runner.run({ line: "true" }, { ...plain, cwd: "." })).rejects.toMatchObject({
    code: "E_COMMAND_FAILED",
  });
});

test("nothing of the environment is passed on but what is listed and what is given", async () => {
  const secretive = createCommandRunner({
    environment: {
      PATH: process.env["PATH"],
      HOME: "/home/x",
      LC_ALL: "C.UTF-8",
      ANTHROPIC_API_KEY: "sk",
      NODE_OPTIONS: "-r x",
    },
  });
  const { stdout } = await secretive.run({ line: "env" }, { ...plain, env: { GIVEN: "yes" } });
  await secretive.close();
  const names = stdout
    .trim()
    .split("\n")
    .map((line) => line.split("=")[0]);
  expect(new Set(names)).toEqual(
    new Set(["PATH", "HOME", "LC_ALL", "TERM", "GIVEN", "PWD", "MNEMOSYNE_COMMAND"]),
  );
  expect(stdout).toContain("TERM=dumb");
});

test("stdin is empty", async () => {
  expect(await runner.run({ line: "cat; echo end" }, plain)).toMatchObject({ stdout: "end\n" });
});

test("output beyond the limit keeps the first and last halves and says how much was cut, in whole characters", async () => {
  const line = "i=0; while [ $i -lt 400 ]; do printf 'é%04d' $i; i=$((i+1)); done";
  const { stdout, truncated } = await runner.run({ line }, { ...plain, outputLimit: 101 });
  expect(stdout).toMatch(/^é0000é0001.*\n… \d+ bytes cut …\n.*é0399$/u);
  expect(stdout).not.toContain("\ufffd");
  const kept = Buffer.byteLength(stdout.replace(/\n… \d+ bytes cut …\n/u, ""));
  expect(truncated).toBe(400 * 6 - kept);
  expect(kept).toBeLessThanOrEqual(101);
});

test("pieces of output come as they are made, characters never split", async () => {
  const pieces: string[] = [];
  const line = String.raw`printf 'a\303'; sleep 0.1; printf '\251b'; sleep 0.1; printf x >&2`;
  await runner.run({ line }, { ...plain, onOutput: (stream, text) => pieces.push(`${stream}:${text}`) });
  expect(pieces).toEqual(["stdout:a", "stdout:éb", "stderr:x"]);
});

test("memory stays bounded whatever a command prints", async () => {
  const before = process.memoryUsage().rss;
  const { truncated } = await runner.run(
    { line: "head -c 120000000 /dev/zero" },
    { ...plain, outputLimit: 1000 },
  );
  expect(truncated).toBe(120_000_000 - 1_000);
  expect(process.memoryUsage().rss - before).toBeLessThan(90 << 20);
});

test("a time limit ends the group: first with SIGTERM, after the grace with SIGKILL", async () => {
  const polite = await runner.run(
    { line: "trap 'echo bye; exit 7' TERM; sleep 30 & wait" },
    { ...plain, timeout: 200 },
  );
  expect(polite).toMatchObject({ timedOut: true, stdout: "bye\n", exitCode: 7 });
  expect(polite.durationMs).toBeLessThan(1_500);
  const impatient = createCommandRunner({ grace: 300 });
  const line = "trap '' TERM; echo $$ > stubborn; while :; do sleep 0.05; done";
  const stubborn = await impatient.run({ line }, { ...plain, timeout: 200 });
  await impatient.close();
  expect(stubborn).toMatchObject({ timedOut: true, signal: "SIGKILL", exitCode: null });
  expect(stubborn.durationMs).toBeGreaterThan(450);
  expect(alive(pidIn("stubborn"))).toBe(false);
});

test("an aborted command ends and says so", async () => {
  const abort = new AbortController();
  const running = runner.run({ line: "echo $$ > aborted; sleep 30" }, { ...plain, signal: abort.signal });
  const failure = running.catch((error: unknown) => error);
  await until(() => (readFileSafe("aborted") ?? "") !== "");
  abort.abort();
  expect(await failure).toMatchObject({ code: "E_CANCELLED", kind: "cancelled" });
  expect(alive(pidIn("aborted"))).toBe(false);
  await expect(runner.run({ line: "touch never" }, { ...plain, signal: abort.signal })).rejects.toMatchObject(
    {
      code: "E_CANCELLED",
    },
  );
  expect(readFileSafe("never")).toBeUndefined();
});

function readFileSafe(file: string): string | undefined {
  try {
    return readFileSync(path.join(cwd, file), "utf8");
  } catch {
    return undefined;
  }
}

test("what a command leaves in the background ends with it, and what left the group is named", async () => {
  const line = "sleep 30 & echo $! > left; exit 0";
  expect(await runner.run({ line }, plain)).toMatchObject({ exitCode: 0 });
  expect(await until(() => !alive(pidIn("left")))).toBe(true);
  if (process.platform !== "linux") return;
  const daemon = "setsid sh -c 'echo $$ > stray; exec sleep 30' & while [ ! -s stray ]; do sleep 0.02; done";
  const { strays, durationMs } = await runner.run({ line: daemon }, plain);
  expect(strays).toEqual(["sleep"]);
  expect(durationMs).toBeLessThan(5_000);
  expect(await until(() => !alive(pidIn("stray")))).toBe(true);
});

test("a process is known by pid and start time; a group is killed by them, a stranger is not", async () => {
  const abort = new AbortController();
  let spawned: { pid: number; startedAt: string } | undefined;
  const running = runner
    .run(
      { line: "sleep 30 & sleep 30" },
      { ...plain, signal: abort.signal, onSpawn: (process) => void (spawned = { ...process }) },
    )
    .catch((error: unknown) => error);
  await until(() => spawned !== undefined);
  if (spawned === undefined) throw new Error("nothing was spawned");
  const { pid, startedAt } = spawned;
  expect(await isProcessAlive(pid, startedAt)).toBe(true);
  expect(await isProcessAlive(pid, `${startedAt}0`)).toBe(false);
  expect(await killProcessGroup(pid, `${startedAt}0`)).toBe(false);
  expect(await isProcessAlive(pid, startedAt)).toBe(true);
  expect(await killProcessGroup(pid, startedAt)).toBe(true);
  expect(await running).toMatchObject({ exitCode: null, signal: "SIGKILL" });
  expect(await isProcessAlive(pid, startedAt)).toBe(false);
  expect(await killProcessGroup(pid, startedAt)).toBe(false);
  expect(await isProcessAlive(process.pid, processStartTime() ?? "")).toBe(true);
});

test("closing ends what runs, and a closed runner says so", async () => {
  const own = createCommandRunner();
  const running = own.run({ line: "echo $$ > closing; sleep 30" }, plain);
  const failure = running.catch((error: unknown) => error);
  await until(() => (readFileSafe("closing") ?? "") !== "");
  await own.close();
  expect(await failure).toMatchObject({ code: "E_CANCELLED" });
  expect(alive(pidIn("closing"))).toBe(false);
  await expect(own.run({ line: "true" }, plain)).rejects.toMatchObject({ code: "E_CLOSED" });
  await own.close();
});

test("commands run at the same time, each with its own output", async () => {
  const results = await Promise.all(
    Array.from({ length: 12 }, (_, at) => runner.run({ line: `sleep 0.1; echo ${at}` }, plain)),
  );
  expect(results.map(({ stdout }) => stdout)).toEqual(Array.from({ length: 12 }, (_, at) => `${at}\n`));
});
