import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { copyFile, link, lstat, open, rename, symlink, unlink } from "node:fs/promises";
import { isGone } from "../manifest/walk-folder.ts";
import { fsPath } from "../path/fs-path.ts";
import { openFolder, type OpenFolder } from "../path/open-folder.ts";
import { statOf } from "../tree/folder-workspace.ts";
import { entryAt, hashFile, sameState, type EntryState } from "./entry-now.ts";

/** Where a new content comes from: bytes, or a file of the result. */
export type NewContent = Uint8Array | { readonly file: string };

/** Says that what stands at a path is not what was expected there; nothing of it was lost. */
export class PathConflict extends Error {
  readonly path: string;
  constructor(path: string, reason: string) {
    super(reason);
    this.path = path;
  }
}

/** The content of the source was not what its manifest says. */
export class SourceChanged extends Error {}

type FsPath = string | Buffer;

/**
 * A path in its open folder: no link that somebody puts above it can lead elsewhere what is done here. The names beside
 * it depend on the path alone, so that recovery finds them; no manifest lists them.
 */
export interface HeldPath extends Disposable {
  readonly path: string;
  readonly full: FsPath;
  /** What is written aside. */
  readonly fresh: FsPath;
  /** What stood there before. */
  readonly former: FsPath;
}

/** Holds a path's folder open. Undefined where it is none (any more). */
export function holdPath(root: string, path: string): HeldPath | undefined {
  const parts = path.split("/");
  const name = parts.pop() ?? "";
  const folder: OpenFolder | string = openFolder(root, parts, false);
  if (typeof folder === "string") return undefined;
  const id = createHash("sha256").update(path).digest("hex").slice(0, 16);
  return {
    path,
    full: folder.at(name),
    fresh: folder.at(`.mnemosyne-aside-${id}.new`),
    former: folder.at(`.mnemosyne-aside-${id}.old`),
    [Symbol.dispose]: () => folder.close(),
  };
}

/** As {@link holdPath}, where the folder has to be there. Throws {@link PathConflict}. */
export function mustHoldPath(root: string, path: string): HeldPath {
  const held = holdPath(root, path);
  if (held === undefined) throw new PathConflict(path, "a folder above it is none any more");
  return held;
}

/**
 * Puts a file or link in place of `before` (a file, a link or nothing): written aside, on the disk, then renamed. What
 * stood there is held by a second name until it is sure that nobody had changed it; if somebody had, it comes back
 * and a {@link PathConflict} is thrown.
 */
export async function replaceEntry(
  root: string,
  path: string,
  before: EntryState | null,
  after: EntryState,
  content: NewContent | undefined,
): Promise<void> {
  using held = mustHoldPath(root, path);
  const { full, fresh, former } = held;
  await remove(fresh);
  if (after.type === "link") await symlink(fsPath(after.target ?? ""), fresh);
  else await writeFresh(fresh, after, content ?? new Uint8Array());
  try {
    if (before === null) {
      await createOnly(held, after);
      return;
    }
    const second = before.type === "file" && (await addName(full, former));
    try {
      await expectNow(held, before);
      await rename(fresh, full);
    } catch (error) {
      if (second) await remove(former);
      throw error;
    }
    if (second) await releaseFormer(held, before);
  } finally {
    await remove(fresh);
  }
}

/** Removes a file or link that is `before`; where it is not, it stays and a {@link PathConflict} is thrown. */
export async function removeEntry(root: string, path: string, before: EntryState): Promise<void> {
  using held = mustHoldPath(root, path);
  await expectNow(held, before);
  await rename(held.full, held.former);
  if (before.type === "link") await remove(held.former);
  else await releaseFormer(held, before);
}

/**
 * Settles what an earlier, interrupted attempt left beside a path: what was written aside goes, what stood there
 * before goes if it is the `before` that was kept, and comes back if it is anything else.
 */
export async function settleAside(root: string, path: string, before: EntryState | null): Promise<void> {
  using held = holdPath(root, path);
  if (held === undefined) return;
  await remove(held.fresh);
  const left = await entryAt(held.former);
  if (left === null) return;
  if (left.type !== "file" || before?.type !== "file") await remove(held.former);
  else await releaseFormer(held, before);
}

/** Drops the second name of what stood at a path, or, if that is not `before`, gives it its name back. */
async function releaseFormer({ path, full, former }: HeldPath, before: EntryState): Promise<void> {
  const { hash } = await hashFile(former);
  if (hash === before.hash) {
    await remove(former);
    return;
  }
  await rename(former, full);
  throw new PathConflict(path, "it was changed in the workspace while it was merged");
}

async function writeFresh(fresh: FsPath, after: EntryState, content: NewContent): Promise<void> {
  if (!(content instanceof Uint8Array)) {
    const source = await statOf(content.file);
    if (source?.isFile() !== true) throw new SourceChanged();
    await copyFile(fsPath(content.file), fresh, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
  }
  const handle = await open(fresh, content instanceof Uint8Array ? "wx" : "r+", 0o600);
  try {
    if (content instanceof Uint8Array) await handle.writeFile(content);
    await handle.chmod(after.mode);
    await handle.sync();
  } finally {
    await handle.close();
  }
  const { hash } = await hashFile(fresh);
  if (hash === after.hash) return;
  await remove(fresh);
  throw new SourceChanged();
}

/** Gives a name only where there is none: by a second name, because a rename would overwrite. */
async function createOnly({ path, full, fresh }: HeldPath, after: EntryState): Promise<void> {
  const made = new PathConflict(path, "it was made in the workspace while it was merged");
  try {
    if (after.type === "link") await symlink(fsPath(after.target ?? ""), full);
    else await link(fresh, full);
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") throw made;
    if (after.type === "link" || !NO_LINKS.has(code)) throw error;
    if ((await entryAt(full)) !== null) throw made;
    await rename(fresh, full);
  }
}

/** How file systems say that they have no second names. */
const NO_LINKS: ReadonlySet<string> = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "EMLINK", "ENOSYS"]);

/** Gives a file a second name. False where that cannot be: then only the look before the rename guards it. */
async function addName(full: FsPath, former: FsPath): Promise<boolean> {
  await remove(former);
  try {
    await link(full, former);
    return true;
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (NO_LINKS.has(code) || code === "ENOENT") return false;
    throw error;
  }
}

/** Removes a file or link. One that is not there is no error. */
async function remove(path: FsPath): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

async function expectNow({ path, full }: HeldPath, before: EntryState): Promise<void> {
  if (sameState(await entryAt(full), before)) return;
  throw new PathConflict(path, "it was changed in the workspace while it was merged");
}

/** Sets the permission bits of a file or folder, but of nothing that a link leads to. */
export async function setMode(
  root: string,
  path: string,
  before: EntryState | undefined,
  mode: number,
): Promise<void> {
  using held = mustHoldPath(root, path);
  if (before !== undefined) await expectNow(held, before);
  const handle = await openForMode(held.full);
  try {
    await handle.chmod(mode);
  } finally {
    await handle.close();
  }
}

async function openForMode(full: FsPath) {
  const noLink = constants.O_NOFOLLOW | constants.O_NONBLOCK;
  try {
    return await open(full, constants.O_RDONLY | noLink);
  } catch (error) {
    // What its owner may not read, it may still be allowed to write.
    if ((error as NodeJS.ErrnoException).code !== "EACCES") throw error;
    return await open(full, constants.O_WRONLY | noLink);
  }
}

/** Permission bits of what stands at a path. */
export async function modeOf(root: string, path: string): Promise<number> {
  using held = mustHoldPath(root, path);
  return (await lstat(held.full)).mode & 0o7777;
}
