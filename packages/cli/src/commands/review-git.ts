import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { MnemosyneError } from "@mnemosyne/core";
import { FILTERS_QUERY, filtersOff, gitEnvironment, type GitSetting } from "@mnemosyne/workspace";

/** Git in one folder, asked without writing anything and without running what the repository configures. */
export interface Git {
  /** Output of a command that must succeed. Throws `E_INPUT` with what git said. */
  ask(...args: readonly string[]): Promise<string>;
  /** The same; undefined where git says no. */
  tryAsk(...args: readonly string[]): Promise<string | undefined>;
  /** Contents of objects by id. */
  readObjects(ids: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>>;
}

/**
 * Git for a folder; undefined where there is no repository. Throws `E_INPUT` where there is one that git refuses to
 * read, and `E_UNAVAILABLE` where there is one and no git.
 */
export async function openGit(
  folder: string,
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<Git | undefined> {
  const first = await run(folder, env, signal, [], ["rev-parse", "--is-inside-work-tree"]);
  if (first.missing) {
    if (!hasGitFolder(folder)) return undefined;
    throw new MnemosyneError(
      "E_UNAVAILABLE",
      "This is a git repository, but there is no git to read it with. Install git.",
      { kind: "unavailable", retryable: false },
    );
  }
  if (first.output === undefined) {
    if (/not a git repository/i.test(first.stderr)) return undefined;
    throw refused(first.stderr);
  }
  if (first.output.trim() !== "true") return undefined;
  const filters = await run(folder, env, signal, [], FILTERS_QUERY);
  const off = filtersOff(filters.output ?? "");
  return {
    async ask(...args) {
      const { output, stderr } = await run(folder, env, signal, off, args);
      if (output === undefined) throw refused(stderr);
      return output;
    },
    async tryAsk(...args) {
      return (await run(folder, env, signal, off, args)).output;
    },
    readObjects: (ids) => readObjects(folder, gitEnvironment(env, off), signal, ids),
  };
}

function refused(stderr: string): MnemosyneError {
  return new MnemosyneError(
    "E_INPUT",
    `git cannot be asked about this folder: ${stderr.trim().split("\n")[0] ?? "it gave no reason"}.`,
    { kind: "input", path: "workspace" },
  );
}

function hasGitFolder(folder: string): boolean {
  for (let at = path.resolve(folder); ; at = path.dirname(at)) {
    if (existsSync(path.join(at, ".git"))) return true;
    if (path.dirname(at) === at) return false;
  }
}

interface Ran {
  readonly output: string | undefined;
  readonly stderr: string;
  readonly missing: boolean;
}

async function run(
  folder: string,
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
  off: readonly GitSetting[],
  args: readonly string[],
): Promise<Ran> {
  return await new Promise((resolve) => {
    execFile(
      "git",
      ["--no-pager", "--no-optional-locks", ...args],
      { cwd: folder, env: gitEnvironment(env, off), maxBuffer: 256 << 20, timeout: 60_000, signal },
      (error, output, stderr) => {
        resolve({
          output: error === null ? output : undefined,
          stderr: stderr === "" && error !== null ? error.message : stderr,
          missing: error !== null && error.code === "ENOENT",
        });
      },
    );
  });
}

async function readObjects(
  folder: string,
  env: Record<string, string>,
  signal: AbortSignal,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Uint8Array>> {
  if (ids.length === 0) return new Map();
  const child = spawn("git", ["--no-optional-locks", "cat-file", "--batch"], {
    cwd: folder,
    env,
    signal,
    stdio: ["pipe", "pipe", "ignore"],
  });
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  const ended = new Promise<void>((resolve, reject) => {
    child.on("error", reject);
    // It may end before it has read all; what it gave is looked at below.
    child.stdin.on("error", () => resolve());
    child.on("close", () => resolve());
  });
  child.stdin.end(`${ids.join("\n")}\n`);
  await ended;
  return parseObjects(Buffer.concat(chunks), ids);
}

/** `ID TYPE SIZE`, a line end, the bytes, a line end; or `ID missing`. */
function parseObjects(output: Buffer, ids: readonly string[]): ReadonlyMap<string, Uint8Array> {
  const found = new Map<string, Uint8Array>();
  let at = 0;
  for (const id of ids) {
    const end = output.indexOf(10, at);
    const [, type, size] = output.toString("utf8", at, Math.max(end, at)).split(" ");
    if (end < 0 || type === undefined || size === undefined)
      throw new MnemosyneError("E_INPUT", `git has no object ${id}; the clone may be partial or shallow.`, {
        kind: "input",
        path: "base",
        hint: "Fetch the base with its contents, or name another base with --base.",
      });
    found.set(id, output.subarray(end + 1, end + 1 + Number(size)));
    at = end + 1 + Number(size) + 1;
  }
  return found;
}
