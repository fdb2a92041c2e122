import { stat } from "node:fs/promises";
import { dirname, isAbsolute } from "node:path";
import { MnemosyneError, type Command, type CommandOptions, type CommandResult } from "@mnemosyne/core";
import { realFolder } from "../tree/real-folder.ts";
import { readTreeNote, type TreeNote } from "../tree/tree-note.ts";
import { commandEnvironment } from "./command-environment.ts";
import { findProgram } from "./find-program.ts";
import { sandboxArguments, type Sandbox } from "./sandbox.ts";

/** A command as a process: what is run, where, with which environment, and what holds it. */
export interface PreparedCommand {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly marker: string;
  readonly sandbox: CommandResult["sandbox"];
}

/** What a runner knows that a command does not say. */
export interface Preparation {
  readonly marker: string;
  readonly findSandbox: () => Promise<Sandbox>;
  readonly readable: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
}

/** Makes a command ready to be run. Throws `E_COMMAND_FAILED` where it cannot be, `E_SANDBOX` where it must not be. */
export async function prepareCommand(
  command: Command,
  options: CommandOptions,
  { marker, findSandbox, readable, environment: ours }: Preparation,
): Promise<PreparedCommand> {
  const { sandbox: mode = "preferred", writable = [], network = false } = options;
  if (!isAbsolute(options.cwd) || !(await isFolder(options.cwd))) {
    throw commandFailed(`${options.cwd} is not an absolute path of a folder, so nothing can run in it.`);
  }
  const cwd = await realFolder(options.cwd);
  const { root, note } = await treeAbove(cwd);
  // Git looks for a repository above a tree and would find the workspace's own.
  const ceiling = note === undefined ? {} : { GIT_CEILING_DIRECTORIES: dirname(root) };
  const environment = commandEnvironment(ours, { ...ceiling, ...options.env }, marker);
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
  const view = { cwd, root, note, writable, readable, network, environment };
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
  throw commandFailed(
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

/** Says that a command could not be started. */
export function commandFailed(message: string, cause?: unknown): MnemosyneError {
  return new MnemosyneError("E_COMMAND_FAILED", message, { kind: "input", cause });
}
