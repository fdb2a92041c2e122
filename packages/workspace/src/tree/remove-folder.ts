import { chmod, lstat, readdir, rm } from "node:fs/promises";
import { isGone } from "../manifest/walk-folder.ts";
import { fsPath } from "../path/fs-path.ts";

/** Removes whatever stands at a path; folders that are closed to us are opened first. Nothing there is no error. */
export async function removeFolder(path: string): Promise<void> {
  try {
    await rm(fsPath(path), { recursive: true, force: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "EACCES" && code !== "EPERM" && code !== "ENOTEMPTY") throw error;
    // A folder without write permission keeps its entries from everybody but root.
    await unlock(path);
    await rm(fsPath(path), { recursive: true, force: true });
  }
}

async function unlock(folder: string): Promise<void> {
  try {
    if (!(await lstat(fsPath(folder))).isDirectory()) return;
    await chmod(fsPath(folder), 0o700);
    for (const entry of await readdir(fsPath(folder), { withFileTypes: true })) {
      if (entry.isDirectory()) await unlock(`${folder}/${entry.name}`);
    }
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}
