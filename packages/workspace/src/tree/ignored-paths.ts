import { readFile } from "node:fs/promises";
import ignore, { type Ignore } from "ignore";
import { isGone } from "../manifest/walk-folder.ts";
import { fsPath, parentOf } from "../path/fs-path.ts";

/**
 * Which of the files a `.gitignore` among them (at any level) leaves out, by git's rules: deeper files win, and what
 * lies in an ignored folder is ignored. A user's global excludes are not asked: the answer depends on the files alone.
 */
export async function ignoredPaths(root: string, files: readonly string[]): Promise<ReadonlySet<string>> {
  const rules = new Map<string, Ignore>();
  for (const path of files) {
    if (path !== ".gitignore" && !path.endsWith("/.gitignore")) continue;
    const text = await readRules(`${root}/${path}`);
    if (text !== undefined) rules.set(parentOf(path), ignore({ ignorecase: false }).add(text));
  }
  const ignored = new Set<string>();
  if (rules.size === 0) return ignored;
  const folders = new Map<string, boolean>([["", false]]);
  const folderIgnored = (folder: string): boolean => {
    const known = folders.get(folder);
    if (known !== undefined) return known;
    const answer = folderIgnored(parentOf(folder)) || decide(rules, `${folder}/`);
    folders.set(folder, answer);
    return answer;
  };
  for (const path of files) {
    if (folderIgnored(parentOf(path)) || decide(rules, path)) ignored.add(path);
  }
  return ignored;
}

/** The deepest rules that say anything about the path decide. */
function decide(rules: ReadonlyMap<string, Ignore>, path: string): boolean {
  const bare = path.endsWith("/") ? path.slice(0, -1) : path;
  for (let folder = parentOf(bare); ; folder = parentOf(folder)) {
    const relative = folder === "" ? path : path.slice(folder.length + 1);
    const { ignored, unignored } = rules.get(folder)?.test(relative) ?? { ignored: false, unignored: false };
    if (ignored || unignored) return ignored;
    if (folder === "") return false;
  }
}

async function readRules(path: string): Promise<string | undefined> {
  try {
    return await readFile(fsPath(path), "utf8");
  } catch (error) {
    // A link that leads nowhere, or to a folder, holds no rules.
    if (isGone(error) || (error as NodeJS.ErrnoException).code === "EISDIR") return undefined;
    throw error;
  }
}
