import { execFile } from "node:child_process";
import type { Terminal } from "../terminal.ts";
import { note, ok, problem, type Diagnosis } from "./diagnosis.ts";

/** Whether git is there, this is a repository, and the database's folder stays out of it. */
export async function checkGit(root: string, env: Terminal["env"]): Promise<readonly Diagnosis[]> {
  const git = (...args: readonly string[]) => run(args, root, env);
  const version = await git("--version");
  if (version === undefined)
    return [note("git", "git was not found: reviews compare with nothing.", "Install git.")];
  if ((await git("rev-parse", "--is-inside-work-tree")) === undefined)
    return [
      note(
        "git",
        `${root} is in no git repository: a review has nothing to compare with, and no project is taken from its name.`,
        "git init",
      ),
    ];
  const tracked = await git("ls-files", "--", ".mnemosyne");
  if (tracked !== undefined && tracked !== "")
    return [
      problem(
        "git",
        "Files of .mnemosyne are committed: memories and journals would be published, and a checkout would overwrite the database.",
        "git rm -r --cached .mnemosyne, then 'mnemosyne init' adds it to .gitignore.",
      ),
    ];
  // Asked for a file in it: patterns such as `.mnemosyne/` count for what is in a folder that is not there yet.
  const ignored = await git("check-ignore", "-q", "--no-index", ".mnemosyne/mnemosyne.db");
  return ignored === undefined
    ? [note("git", "Nothing leaves .mnemosyne out of git.", "'mnemosyne init' adds it to .gitignore.")]
    : [ok("git", `${version}; .mnemosyne stays out of it.`)];
}

/** What git prints, or nothing where it fails. */
async function run(args: readonly string[], cwd: string, env: Terminal["env"]): Promise<string | undefined> {
  return await new Promise((resolve) => {
    execFile("git", [...args], { cwd, env, timeout: 10_000 }, (error, stdout) => {
      resolve(error === null ? stdout.trim() : undefined);
    });
  });
}
