import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { lstat, open, readlink } from "node:fs/promises";
import type { ManifestEntry } from "../manifest/manifest.ts";
import { hashOfTarget, isGone } from "../manifest/walk-folder.ts";
import { decodeName, fsPath } from "../path/fs-path.ts";

/** An entry as merges and records carry it: without its stamp. */
export type EntryState = Omit<ManifestEntry, "stamp">;

/** Stands for what no manifest knows: a socket, a pipe, a path below a file or a link. It equals nothing. */
export interface Obstacle {
  readonly type: "obstacle";
  readonly reason: string;
  /** The path that is in the way, where it is one above. */
  readonly at?: string;
}

/** What stands at a path: an entry, nothing (`null`), or an obstacle. */
export type Now = EntryState | Obstacle | null;

/** True when both are the same entry, or both nothing. */
export function sameState(a: Now, b: Now): boolean {
  if (a === null || b === null) return a === b;
  if (a.type === "obstacle" || b.type === "obstacle") return false;
  return a.type === b.type && a.mode === b.mode && a.hash === b.hash;
}

/** True where nothing is: also below a file or link. */
export function isAbsent(now: Now): boolean {
  return now === null || (now.type === "obstacle" && now.at !== undefined);
}

/** An entry without what only its manifest needs. */
export function stateOf({ type, mode, hash, size, target }: ManifestEntry): EntryState {
  return { type, mode, hash, size, ...(target === undefined ? {} : { target }) };
}

/** What stands at a relative path now. No link is followed, also none above it. */
export async function entryNow(root: string, path: string): Promise<Now> {
  return (await obstacleAbove(root, path)) ?? (await entryAt(fsPath(`${root}/${path}`)));
}

/** What stands at a path whose folder is known to be one. */
export async function entryAt(full: string | Buffer): Promise<Now> {
  try {
    const stat = await lstat(full);
    const mode = stat.mode & 0o7777;
    if (stat.isDirectory()) return { type: "directory", mode, hash: "", size: 0 };
    if (stat.isSymbolicLink()) {
      const target = decodeName(await readlink(full, { encoding: "buffer" }));
      return { type: "link", mode: 0, hash: hashOfTarget(target), size: 0, target };
    }
    if (!stat.isFile()) return { type: "obstacle", reason: "neither file, link nor folder" };
    return { type: "file", mode, ...(await hashFile(full)) };
  } catch (error) {
    if (isGone(error) || (error as NodeJS.ErrnoException).code === "ELOOP") return null;
    throw error;
  }
}

/** The nearest thing above a path that is not a folder; undefined where all are folders, or nothing is there. */
async function obstacleAbove(root: string, path: string): Promise<Obstacle | undefined> {
  for (let at = path.indexOf("/"); at > 0; at = path.indexOf("/", at + 1)) {
    try {
      const stat = await lstat(fsPath(`${root}/${path.slice(0, at)}`));
      if (!stat.isDirectory()) {
        return { type: "obstacle", reason: `${path.slice(0, at)} is no folder`, at: path.slice(0, at) };
      }
    } catch (error) {
      if (isGone(error)) return undefined;
      throw error;
    }
  }
  return undefined;
}

/** Hash and size of a regular file, read in pieces. */
export async function hashFile(
  path: string | Buffer,
): Promise<{ readonly hash: string; readonly size: number }> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const sum = createHash("sha256");
    const buffer = Buffer.allocUnsafe(1 << 18);
    let size = 0;
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, null);
      if (bytesRead === 0) return { hash: sum.digest("hex"), size };
      sum.update(buffer.subarray(0, bytesRead));
      size += bytesRead;
    }
  } finally {
    await handle.close();
  }
}
