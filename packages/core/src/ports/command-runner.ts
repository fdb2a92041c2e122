import type { SandboxMode } from "../plan/plan.ts";

/** A command: a shell line (of a plan's author) or a program with its arguments (chosen by a model). */
export type Command =
  | { readonly line: string }
  | { readonly program: string; readonly args: readonly string[] };

/** How a command runs. */
export interface CommandOptions {
  /** Absolute folder it runs in. */
  readonly cwd: string;
  /** Added to a minimal environment (PATH, HOME, LANG, TMPDIR); nothing else of ours is passed on. */
  readonly env?: Readonly<Record<string, string>>;
  /** Milliseconds; then its whole process group is ended. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
  /** Bytes kept of each of stdout and stderr: the first and last halves; what was cut is said. Default 256 KiB. */
  readonly outputLimit?: number;
  readonly sandbox?: SandboxMode;
  /** Whether a sandboxed command may use the network. Default false; outside a sandbox it always can. */
  readonly network?: boolean;
  /** Absolute folders outside `cwd` that a sandboxed command may read and write too, e.g. a temporary one for its output. */
  readonly writable?: readonly string[];
  /** Called with each piece of output as it comes. */
  readonly onOutput?: (stream: "stdout" | "stderr", text: string) => void;
  /**
   * Called when its process is there, so that its group can be journalled. The command itself begins when this resolves;
   * where it rejects, nothing of it runs.
   */
  readonly onSpawn?: (process: { readonly pid: number; readonly startedAt: string }) => void | Promise<void>;
}

/** What a command did. */
export interface CommandResult {
  /** `null` when a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Bytes of output that were not kept. */
  readonly truncated: number;
  readonly timedOut: boolean;
  readonly durationMs: number;
  /** What held it: `bubblewrap`, or `none` with what was missing. */
  readonly sandbox: { readonly level: string; readonly missing: readonly string[] };
  /** Names of processes that had left the command's process group and were ended all the same. */
  readonly strays?: readonly string[];
}

/**
 * Runs commands so that none outlives this process: the whole process group ends with its time limit, its signal,
 * or our death. A non-zero exit is a result, not an error. Throws `E_CANCELLED`, `E_SANDBOX` (required, not to be had),
 * `E_COMMAND_FAILED` (could not be started).
 */
export interface CommandRunner {
  run(command: Command, options: CommandOptions): Promise<CommandResult>;
}
