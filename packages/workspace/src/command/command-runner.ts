import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { stat } from "node:fs/promises";
import { dirname, isAbsolute } from "node:path";
import type { Readable, Writable } from "node:stream";
import {
  MnemosyneError,
  type Command,
  type CommandOptions,
  type CommandResult,
  type CommandRunner,
} from "@mnemosyne/core";
import { realFolder } from "../tree/real-folder.ts";
import { readTreeNote, type TreeNote } from "../tree/tree-note.ts";
import { commandEnvironment } from "./command-environment.ts";
import { findProgram } from "./find-program.ts";
import { OutputCapture } from "./output-capture.ts";
import { endMarked, isGroupAlive, processStartTime, signalGroup } from "./process-identity.ts";
import { detectSandbox, sandboxArguments, type Sandbox } from "./sandbox.ts";
import { startSupervisor, type Supervisor } from "./supervisor.ts";

/** Options of {@link createCommandRunner}. */
export interface CommandRunnerOptions {
  /** What `detectSandbox` found; default: looked for at the first command that wants one. */
  readonly sandbox?: Sandbox;
  /** Absolute folders that sandboxed commands may read although they lie in a home or temporary folder. */
  readonly readable?: readonly string[];
  /** Milliseconds between SIGTERM and SIGKILL. Default 2000. */
  readonly grace?: number;
  /** Where PATH, HOME and the like come from. Default `process.env`. */
  readonly environment?: NodeJS.ProcessEnv;
}

/** A {@link CommandRunner} that holds a supervisor process. It does not keep this process alive. */
export interface OwnedCommandRunner extends CommandRunner, AsyncDisposable {
  /** Ends what still runs, and the supervisor. */
  close(): Promise<void>;
}

const OUTPUT_LIMIT = 256 * 1024;
/** Waits until the supervisor knows of it: if we die before, the line never comes and nothing is run. */
const GATE = 'IFS= read -r go <&3 || exit 126; exec 3<&-; exec "$@"';

/**
 * Runs commands in process groups of their own that never outlive this process, not even after kill -9: a supervisor
 * kills them, and on Linux also what left its group. Shell lines run by `/bin/sh -c`, programs without a shell; stdin
 * is empty. With a sandbox (bubblewrap), a command sees its folder and read-only programs, no home and no network.
 *
 * @example
 * await using runner = createCommandRunner();
 * const { exitCode, stdout } = await runner.run({ line: "npm test" }, { cwd: "/home/me/app", timeout: 60_000 });
 */
export function createCommandRunner(options: CommandRunnerOptions = {}): OwnedCommandRunner {
  const prefix = randomBytes(8).toString("hex");
  const running = new Map<Promise<unknown>, AbortController>();
  let closed = false;
  let supervisor: Supervisor | undefined;
  let detected: Promise<Sandbox> | undefined;
  let count = 0;

  async function run(
    command: Command,
    commandOptions: CommandOptions,
    own: AbortController,
  ): Promise<CommandResult> {
    if (closed) {
      throw new MnemosyneError("E_CLOSED", "This command runner is closed. Make a new one.", {
        kind: "input",
      });
    }
    supervisor ??= startSupervisor(prefix);
    count += 1;
    const { signal: given } = commandOptions;
    const forward = (): void => own.abort(given?.reason);
    if (given?.aborted) forward();
    given?.addEventListener("abort", forward, { once: true });
    try {
      return await runUntil(command, commandOptions, own.signal, supervisor);
    } finally {
      given?.removeEventListener("abort", forward);
    }
  }

  async function runUntil(
    command: Command,
    commandOptions: CommandOptions,
    signal: AbortSignal,
    watcher: Supervisor,
  ): Promise<CommandResult> {
    const prepared = await prepare(
      command,
      commandOptions,
      `${prefix}.${count}`,
      async () => {
        detected ??= options.sandbox === undefined ? detectSandbox() : Promise.resolve(options.sandbox);
        return await detected;
      },
      options,
    );
    if (signal.aborted) throw cancelled(signal);
    return await carryOut(prepared, { ...commandOptions, signal }, watcher, options.grace ?? 2_000);
  }

  async function close(): Promise<void> {
    closed = true;
    for (const own of running.values()) own.abort(new Error("the command runner was closed"));
    await Promise.allSettled(running.keys());
    supervisor?.close();
    supervisor = undefined;
  }

  return {
    async run(command, commandOptions) {
      const own = new AbortController();
      const result = run(command, commandOptions, own);
      running.set(result, own);
      try {
        return await result;
      } finally {
        running.delete(result);
      }
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

interface Prepared {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly marker: string;
  readonly sandbox: CommandResult["sandbox"];
}

async function prepare(
  command: Command,
  options: CommandOptions,
  marker: string,
  findSandbox: () => Promise<Sandbox>,
  runner: CommandRunnerOptions,
): Promise<Prepared> {
  const { sandbox: mode = "preferred", writable = [], network = false } = options;
  if (!isAbsolute(options.cwd) || !(await isFolder(options.cwd))) {
    throw failed(`${options.cwd} is not an absolute path of a folder, so nothing can run in it.`);
  }
  const cwd = await realFolder(options.cwd);
  const { root, note } = await treeAbove(cwd);
  // Git looks for a repository above a tree and would find the workspace's own.
  const ceiling = note === undefined ? {} : { GIT_CEILING_DIRECTORIES: dirname(root) };
  const environment = commandEnvironment(
    runner.environment ?? process.env,
    { ...ceiling, ...options.env },
    marker,
  );
  const argv = await argvOf(command, cwd, environment["PATH"] ?? "");
  if (mode === "off")
    return { argv, cwd, environment, marker, sandbox: { level: "none", missing: ["turned off"] } };
  const sandbox = await findSandbox();
  if (sandbox.level === "none") {
    if (mode === "required") {
      throw new MnemosyneError(
        "E_SANDBOX",
        `This command must run in a sandbox: ${sandbox.missing.join("; ")}.`,
        {
          kind: "input",
          hint: "Install bubblewrap (apt-get install bubblewrap, dnf install bubblewrap) and allow user namespaces, or set `sandbox: preferred`.",
        },
      );
    }
    return { argv, cwd, environment, marker, sandbox };
  }
  const view = { cwd, root, note, writable, readable: runner.readable ?? [], network, environment };
  return {
    argv: [sandbox.program, ...sandboxArguments(view), ...argv],
    cwd,
    environment,
    marker,
    sandbox: { level: sandbox.level, missing: [] },
  };
}

async function argvOf(command: Command, cwd: string, path: string): Promise<readonly string[]> {
  if ("line" in command) return ["/bin/sh", "-c", command.line];
  if ((await findProgram(command.program, cwd, path)) !== undefined)
    return [command.program, ...command.args];
  throw failed(
    `There is no program ${JSON.stringify(command.program)} to run. Install it, or give its path.`,
  );
}

/** The tree that a folder lies in, with its note; else the folder itself. */
async function treeAbove(
  cwd: string,
): Promise<{ readonly root: string; readonly note: TreeNote | undefined }> {
  for (let root = cwd; root !== "/"; root = dirname(root)) {
    const note = await readTreeNote(root);
    if (note !== undefined) return { root, note };
  }
  return { root: cwd, note: undefined };
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    // Whatever the reason, nothing can run in it.
    return false;
  }
}

type Child = ChildProcess & { readonly stdout: Readable; readonly stderr: Readable };

async function carryOut(
  prepared: Prepared,
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
    throw failed(`The command could not be started: ${error?.message ?? "no process"}.`, error);
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
    onSpawn?.({ pid, startedAt: processStartTime(pid) ?? "" });
    gate.end("go\n");
    const { code, signalName } = await exit;
    const durationMs = performance.now() - startedAt;
    await ending;
    const strays = endRest(group);
    await outputsEnd(child, closed);
    const [out, err] = [stdout.finish(), stderr.finish()];
    if (signal.aborted) throw cancelled(signal);
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

function failed(message: string, cause?: unknown): MnemosyneError {
  return new MnemosyneError("E_COMMAND_FAILED", message, { kind: "input", cause });
}

function cancelled(signal: AbortSignal): MnemosyneError {
  return new MnemosyneError("E_CANCELLED", "The command was cancelled.", {
    kind: "cancelled",
    cause: signal.reason,
  });
}
