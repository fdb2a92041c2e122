import { spawn, type ChildProcess } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { MnemosyneError, type CommandOptions, type CommandResult } from "@mnemosyne/core";
import { OutputCapture } from "./output-capture.ts";
import { commandFailed, type PreparedCommand } from "./prepare-command.ts";
import { endMarked, isGroupAlive, processStartTime, signalGroup } from "./process-identity.ts";
import type { Supervisor } from "./supervisor.ts";

const OUTPUT_LIMIT = 256 * 1024;

type Child = ChildProcess & { readonly stdout: Readable; readonly stderr: Readable };

/** Waits until the supervisor knows of it: if we die before, the line never comes and nothing is run. */
const GATE = 'IFS= read -r go <&3 || exit 126; exec 3<&-; exec "$@"';

/**
 * Runs a prepared command to its end, or makes it end: its group, and what left it. Throws `E_CANCELLED` once the
 * signal has fired, `E_COMMAND_FAILED`.
 */
export async function runProcess(
  prepared: PreparedCommand,
  options: CommandOptions & { readonly signal: AbortSignal },
  supervisor: Supervisor,
  grace: number,
): Promise<CommandResult> {
  const { onOutput, onSpawn, timeout, signal } = options;
  const child = spawn("/bin/sh", ["-c", GATE, "sh", ...prepared.argv], {
    cwd: prepared.cwd,
    env: { ...prepared.environment },
    detached: true,
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  }) as unknown as Child;
  const exit = exitOf(child);
  const { pid } = child;
  if (pid === undefined) {
    const { error } = await exit;
    throw commandFailed(`The command could not be started: ${error?.message ?? "no process"}.`, error);
  }
  const limit = options.outputLimit ?? OUTPUT_LIMIT;
  const stdout = new OutputCapture(limit, onOutput && ((text) => onOutput("stdout", text)));
  const stderr = new OutputCapture(limit, onOutput && ((text) => onOutput("stderr", text)));
  child.stdout.on("data", (chunk: Buffer) => stdout.add(chunk));
  child.stderr.on("data", (chunk: Buffer) => stderr.add(chunk));
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const gate = child.stdio[3] as Writable;
  // The command may end before it reads the line.
  gate.on("error", () => undefined);
  const group = { pid, marker: prepared.marker, sandboxed: prepared.sandbox.level !== "none", grace };
  let timedOut = false;
  let ending: Promise<void> | undefined;
  const end = (): void => void (ending ??= endGroup(group, exit));
  const timer = timeout === undefined ? undefined : setTimeout(() => ((timedOut = true), end()), timeout);
  const onAbort = (): void => end();
  signal.addEventListener("abort", onAbort, { once: true });
  const startedAt = performance.now();
  try {
    await supervisor.watch(pid);
    await onSpawn?.({ pid, startedAt: processStartTime(pid) ?? "" });
    if (!signal.aborted) gate.end("go\n");
    const { code, signalName } = await exit;
    const durationMs = performance.now() - startedAt;
    await ending;
    const strays = endRest(group);
    await outputsEnd(child, closed);
    const [out, err] = [stdout.finish(), stderr.finish()];
    if (signal.aborted) throw commandCancelled(signal);
    return {
      exitCode: code,
      signal: signalName,
      stdout: out.text,
      stderr: err.text,
      truncated: out.cut + err.cut,
      timedOut,
      durationMs,
      sandbox: prepared.sandbox,
      ...(strays.length === 0 ? {} : { strays }),
    };
  } catch (error) {
    endRest(group);
    throw error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
    supervisor.forget(pid);
  }
}

interface Exit {
  readonly code: number | null;
  readonly signalName: NodeJS.Signals | null;
  readonly error?: Error;
}

async function exitOf(child: ChildProcess): Promise<Exit> {
  return await new Promise((resolve) => {
    child.once("error", (error) => resolve({ code: null, signalName: null, error }));
    child.once("exit", (code, signalName) => resolve({ code, signalName }));
  });
}

interface Group {
  readonly pid: number;
  readonly marker: string;
  readonly sandboxed: boolean;
  readonly grace: number;
}

/** Asks the group to end, and makes it after the grace. Resolves when its leader has ended and the group is empty. */
async function endGroup(group: Group, exit: Promise<Exit>): Promise<void> {
  // The sandbox itself would die of it at once and take what it holds with it: only what it holds is asked.
  if (group.sandboxed) endMarked(group.marker, "SIGTERM", (name) => name === "bwrap");
  else signalGroup(group.pid, "SIGTERM");
  const kill = setTimeout(() => signalGroup(group.pid, "SIGKILL"), group.grace);
  const deadline = performance.now() + group.grace;
  await exit;
  while (performance.now() < deadline && isGroupAlive(group.pid)) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  clearTimeout(kill);
}

/** Kills what is left of a command, in its group and outside it; gives the names of those outside. */
function endRest(group: Group): readonly string[] {
  signalGroup(group.pid, "SIGKILL");
  // What a sandbox held died with it.
  return group.sandboxed ? [] : endMarked(group.marker, "SIGKILL").map(({ name }) => name);
}

/** Waits for the last output. A stray that could not be found may hold the pipes open: it is not waited for. */
async function outputsEnd(child: Child, closed: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, 500);
  });
  await Promise.race([closed, late]);
  clearTimeout(timer);
  child.stdout.destroy();
  child.stderr.destroy();
}

/** Says that a command was cancelled. */
export function commandCancelled(signal: AbortSignal): MnemosyneError {
  return new MnemosyneError("E_CANCELLED", "The command was cancelled.", {
    kind: "cancelled",
    cause: signal.reason,
  });
}
