import { randomBytes } from "node:crypto";
import {
  MnemosyneError,
  type Command,
  type CommandOptions,
  type CommandResult,
  type CommandRunner,
} from "@mnemosyne/core";
import { prepareCommand } from "./prepare-command.ts";
import { commandCancelled, runProcess } from "./run-process.ts";
import { detectSandbox, type Sandbox } from "./sandbox.ts";
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

/**
 * Runs commands in process groups of their own that never outlive this process, not even after kill -9: a supervisor
 * kills them, and on Linux also what left its group. Shell lines run by `/bin/sh -c`, programs without a shell; stdin
 * is empty. With a sandbox (bubblewrap), a command sees its folder and read-only programs, no home and no network.
 *
 * @example
 * const runner = createCommandRunner();
 * const { exitCode, stdout } = await runner.run({ line: "npm test" }, { cwd: "/home/me/app", timeout: 60_000 });
 * await runner.close();
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
    const prepared = await prepareCommand(command, commandOptions, {
      marker: `${prefix}.${count}`,
      findSandbox,
      readable: options.readable ?? [],
      environment: options.environment ?? process.env,
    });
    if (signal.aborted) throw commandCancelled(signal);
    return await runProcess(prepared, { ...commandOptions, signal }, watcher, options.grace ?? 2_000);
  }

  async function findSandbox(): Promise<Sandbox> {
    detected ??= options.sandbox === undefined ? detectSandbox() : Promise.resolve(options.sandbox);
    return await detected;
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
