import { execFile } from "node:child_process";
import { FILTERS_QUERY, filtersOff, gitEnvironment, type GitSetting } from "./git-environment.ts";

/** Where a workspace stands in git. */
export interface GitFacts {
  /** Full id of the commit that is checked out; undefined before the first one. */
  readonly commit?: string;
  /** Undefined when no branch is checked out. */
  readonly branch?: string;
  /** Something in the folder differs from the commit, or is not tracked. `.mnemosyne` does not count. */
  readonly dirty: boolean;
}

/** Options of {@link readGit}. */
export interface ReadGitOptions {
  readonly signal?: AbortSignal;
  /** Milliseconds. Default 10 s. */
  readonly timeout?: number;
}

/**
 * Asks git about a folder, for provenance. Nothing is written (no locks, no index refresh) and nothing of the
 * repository runs: hooks, filters, file system monitors and external diffs are off. Undefined where there is no
 * repository, no git, or git refuses or takes too long.
 */
export async function readGit(folder: string, options: ReadGitOptions = {}): Promise<GitFacts | undefined> {
  const filters = await git(folder, FILTERS_QUERY, [], options);
  const off = filtersOff(filters ?? "");
  const args = [
    "status",
    "--porcelain=v2",
    "--branch",
    "-z",
    "--untracked-files=normal",
    "--ignore-submodules=dirty",
  ];
  const status = await git(folder, [...args, "--", ".", ":(exclude,glob)**/.mnemosyne/**"], off, options);
  return status === undefined ? undefined : factsOf(status);
}

function factsOf(status: string): GitFacts {
  const lines = status.split("\0");
  const header = (name: string): string | undefined => {
    const start = `# branch.${name} `;
    return lines.find((line) => line.startsWith(start))?.slice(start.length);
  };
  const commit = header("oid");
  const branch = header("head");
  return {
    ...(commit === undefined || commit === "(initial)" ? {} : { commit }),
    ...(branch === undefined || branch === "(detached)" ? {} : { branch }),
    dirty: lines.some((line) => line !== "" && !line.startsWith("# ")),
  };
}

async function git(
  folder: string,
  args: readonly string[],
  settings: readonly GitSetting[],
  { signal, timeout = 10_000 }: ReadGitOptions,
): Promise<string | undefined> {
  return await new Promise((resolve) => {
    execFile(
      "git",
      ["--no-pager", "--no-optional-locks", ...args],
      {
        cwd: folder,
        env: gitEnvironment(process.env, settings),
        maxBuffer: 64 << 20,
        timeout,
        ...(signal === undefined ? {} : { signal }),
      },
      // Whatever the reason, there is nothing to say about the folder.
      (error, stdout) => resolve(error === null ? stdout : undefined),
    );
  });
}
