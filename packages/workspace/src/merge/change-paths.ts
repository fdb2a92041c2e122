import { constants } from "node:fs";
import { mkdir, open, rmdir } from "node:fs/promises";
import { throwIfCancelled } from "../disk/disk-threads.ts";
import { comparePaths, fsPath, parentOf } from "../path/fs-path.ts";
import { entryAt, entryNow, isAbsent, sameState, type EntryState, type Now } from "./entry-now.ts";
import {
  modeOf,
  mustHoldPath,
  PathConflict,
  removeEntry,
  replaceEntry,
  setMode,
  settleAside,
  type NewContent,
} from "./write-aside.ts";

/** A path to bring from one state to another. */
export interface PathChange {
  readonly path: string;
  readonly before: EntryState | null;
  readonly after: EntryState | null;
}

/** What a step on the disk was. */
export interface ChangeProgress {
  readonly step: "remove" | "folder" | "write" | "permissions";
  readonly path: string;
}

/** How paths are changed. */
export interface ChangePathsOptions {
  readonly root: string;
  /** Content of a file that is written. */
  readonly contentOf: (change: PathChange) => Promise<NewContent>;
  /** Called after each step; what it throws ends the work there, as a crash would. */
  readonly onProgress?: (progress: ChangeProgress) => void | Promise<void>;
  readonly signal?: AbortSignal;
}

/** Where each path stands before anything is written. */
export interface Standing {
  /** To be changed. */
  readonly open: readonly PathChange[];
  /** Changed already. */
  readonly done: readonly PathChange[];
  readonly conflicts: readonly { readonly path: string; readonly reason: string }[];
}

/**
 * Looks where each path stands: as before, as after (by an earlier, interrupted attempt), or elsewhere. Settles what
 * such an attempt left aside.
 */
export async function standingOf(root: string, changes: readonly PathChange[]): Promise<Standing> {
  const standing = {
    open: [] as PathChange[],
    done: [] as PathChange[],
    conflicts: [] as { path: string; reason: string }[],
  };
  const byPath = new Map(changes.map((change) => [change.path, change]));
  for (const change of changes) {
    try {
      await settleAside(root, change.path, change.before);
    } catch (error) {
      if (!(error instanceof PathConflict)) throw error;
      standing.conflicts.push({ path: change.path, reason: error.message });
      continue;
    }
    const now = unblocked(await entryNow(root, change.path), byPath);
    if (isAfter(now, change)) standing.done.push(change);
    else if (sameState(now, change.before) || isBetween(now, change)) standing.open.push(change);
    else standing.conflicts.push({ path: change.path, reason: conflictReason(now) });
  }
  return standing;
}

function unblocked(now: Now, changes: ReadonlyMap<string, PathChange>): Now {
  if (now?.type !== "obstacle" || now.at === undefined) return now;
  return changes.get(now.at)?.after?.type === "directory" ? null : now;
}

/** Whose permission bits a folder has that two made does not matter. */
function isAfter(now: Now, change: PathChange): boolean {
  if (sameState(now, change.after) || (change.after === null && isAbsent(now))) return true;
  const { before, after } = change;
  const bothMade = before === null && after?.type === "directory" && now?.type === "directory";
  return bothMade && !isBetween(now, change);
}

/** True for what a crash between two steps on one path leaves: the old entry removed, or a folder open to us. */
function isBetween(now: Now, { before, after }: PathChange): boolean {
  const changesKind = before !== null && after !== null && isFolder(before) !== isFolder(after);
  if (changesKind && now === null) return true;
  if (now?.type !== "directory") return false;
  return [before, after].some((entry) => isFolder(entry) && now.mode === openMode(entry?.mode ?? 0));
}

function isFolder(entry: EntryState | null): boolean {
  return entry?.type === "directory";
}

/** A folder's bits while its entries are changed: its own, and all rights for us. */
function openMode(mode: number): number {
  return mode | 0o700;
}

function conflictReason(now: Now): string {
  if (now === null) return "it was deleted in the workspace meanwhile";
  return now.type === "obstacle" ? now.reason : "it was changed in the workspace meanwhile";
}

/**
 * Brings paths from `before` to `after`: removals deepest first, then folders, then files and links, then permission
 * bits of folders; all of it is on the disk when this returns. Adds to `made` what was changed, in order. Throws
 * {@link PathConflict} at the first path that stands elsewhere.
 */
export async function changePaths(
  changes: readonly PathChange[],
  options: ChangePathsOptions,
  made: Set<PathChange>,
): Promise<void> {
  const { root, contentOf, onProgress, signal } = options;
  const ordered = changes.toSorted((a, b) => comparePaths(a.path, b.path));
  const touched = new Set<string>();
  const did = async (step: ChangeProgress["step"], change: PathChange): Promise<void> => {
    made.add(change);
    touched.add(parentOf(change.path));
    await onProgress?.({ step, path: change.path });
  };
  for (const change of ordered) {
    const { before, path } = change;
    if (before?.type !== "directory" || openMode(before.mode) === before.mode) continue;
    await setMode(root, path, undefined, openMode(before.mode));
    await did("permissions", change);
  }
  for (const change of ordered.toReversed()) {
    throwIfCancelled(signal);
    if (removesFirst(change) && (await removeOne(root, change))) await did("remove", change);
  }
  for (const change of ordered) {
    throwIfCancelled(signal);
    if (change.after?.type !== "directory" || change.before?.type === "directory") continue;
    if (await makeFolder(root, change)) await did("folder", change);
  }
  for (const change of ordered) {
    throwIfCancelled(signal);
    const { path, before, after } = change;
    if (after === null || after.type === "directory") continue;
    if (before?.type === "file" && after.type === "file" && before.hash === after.hash) {
      await setMode(root, path, before, after.mode);
      await did("permissions", change);
      continue;
    }
    const content = after.type === "file" ? await contentOf(change) : undefined;
    await replaceEntry(root, path, before?.type === "directory" ? null : before, after, content);
    await did("write", change);
  }
  for (const change of ordered.toReversed()) {
    const { path, after } = change;
    if (after?.type !== "directory") continue;
    if ((await modeOf(root, path)) === after.mode) continue;
    await setMode(root, path, undefined, after.mode);
    await did("permissions", change);
  }
  for (const folder of touched) await syncFolder(folder === "" ? root : `${root}/${folder}`);
}

/** True where the old entry has to go before the new one can come: deletions, and folders that become something else. */
function removesFirst({ before, after }: PathChange): boolean {
  if (before === null) return false;
  return after === null || isFolder(before) !== isFolder(after);
}

async function removeOne(root: string, change: PathChange): Promise<boolean> {
  const { path, before, after } = change;
  if (before === null) return false;
  if (isAbsent(await entryNow(root, path))) return false;
  if (before.type !== "directory") {
    await removeEntry(root, path, before);
    return true;
  }
  using held = mustHoldPath(root, path);
  try {
    await rmdir(held.full);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOTEMPTY" && code !== "EEXIST") throw error;
    // Somebody else has put something there: the folder stays for it.
    if (after === null) return false;
    throw new PathConflict(path, "something was put into it in the workspace meanwhile");
  }
}

async function makeFolder(root: string, { path, after }: PathChange): Promise<boolean> {
  using held = mustHoldPath(root, path);
  const mode = openMode(after?.mode ?? 0o777);
  try {
    await mkdir(held.full, { mode });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    if ((await entryAt(held.full))?.type === "directory") return false;
    throw new PathConflict(path, "it was made in the workspace while it was merged");
  }
  // The process's mask may have taken bits that a look at the folder, after a crash, expects.
  await setMode(root, path, undefined, mode);
  return true;
}

/** Puts a folder's entries on the disk. One that is none any more needs it not; a file system that cannot is left to its own ways. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
    const handle = await open(fsPath(folder), flags);
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (!NOT_SYNCED.has(code)) throw error;
  }
}

const NOT_SYNCED: ReadonlySet<string> = new Set([
  "ENOENT",
  "ENOTDIR",
  "ELOOP",
  "EISDIR",
  "EINVAL",
  "EPERM",
  "EACCES",
]);
