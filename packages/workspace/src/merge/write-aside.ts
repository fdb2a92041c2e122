import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { copyFile, link, lstat, open, rename, symlink, unlink } from "node:fs/promises";
import { isGone } from "../manifest/walk-folder.ts";
import { fsPath, parentOf } from "../path/fs-path.ts";
import { statOf } from "../tree/folder-workspace.ts";
import { entryNow, hashFile, sameState, type EntryState, type Now } from "./entry-now.ts";

/** Where a new content comes from: bytes, or a file of the result. */
export type NewContent = Uint8Array | { readonly file: string };

/**
 * Names beside a path for what is written aside and what stood there before. They depend on the path alone, so that
 * recovery finds them; no manifest lists them.
 */
export function asideOf(root: string, path: string): { readonly fresh: string; readonly former: string } {
  const id = createHash("sha256").update(path).digest("hex").slice(0, 16);
  const folder = parentOf(path);
  const stem = `${folder === "" ? root : `${root}/${folder}`}/.mnemosyne-aside-${id}`;
  return { fresh: `${stem}.new`, former: `${stem}.old` };
}

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
  const full = fsPath(`${root}/${path}`);
  const { fresh, former } = asideOf(root, path);
  await remove(fresh);
  if (after.type === "link") await symlink(fsPath(after.target ?? ""), fsPath(fresh));
  else await writeFresh(fresh, after, content ?? new Uint8Array());
  try {
    if (before === null) {
      await createOnly(path, full, fsPath(fresh), after);
      return;
    }
    const held = before.type === "file" && (await hold(full, former));
    try {
      await expectNow(root, path, before);
      await rename(fsPath(fresh), full);
    } catch (error) {
      if (held) await remove(former);
      throw error;
    }
    if (held) await releaseHeld(root, path, before);
  } finally {
    await remove(fresh);
  }
}

/** Removes a file or link that is `before`; where it is not, it stays and a {@link PathConflict} is thrown. */
export async function removeEntry(root: string, path: string, before: EntryState): Promise<void> {
  await expectNow(root, path, before);
  const { former } = asideOf(root, path);
  await rename(fsPath(`${root}/${path}`), fsPath(former));
  if (before.type === "link") await remove(former);
  else await releaseHeld(root, path, before);
}

/**
 * Settles what an earlier, interrupted attempt left beside a path: what was written aside goes, what stood there
 * before goes if it is the `before` that was kept, and comes back if it is anything else.
 */
export async function settleAside(root: string, path: string, before: EntryState | null): Promise<void> {
  const { fresh, former } = asideOf(root, path);
  await remove(fresh);
  const left = await statOf(former);
  if (left === undefined) return;
  if (left.isSymbolicLink() || before === null || before.type !== "file") {
    await remove(former);
    return;
  }
  await releaseHeld(root, path, before);
}

/** Drops the second name of what stood at a path, or, if that is not `before`, gives it its name back. */
async function releaseHeld(root: string, path: string, before: EntryState): Promise<void> {
  const { former } = asideOf(root, path);
  const { hash } = await hashFile(fsPath(former));
  if (hash === before.hash) {
    await remove(former);
    return;
  }
  await rename(fsPath(former), fsPath(`${root}/${path}`));
  throw new PathConflict(path, "it was changed in the workspace while it was merged");
}

async function writeFresh(fresh: string, after: EntryState, content: NewContent): Promise<void> {
  if (!(content instanceof Uint8Array)) {
    const source = await statOf(content.file);
    if (source?.isFile() !== true) throw new SourceChanged();
    await copyFile(fsPath(content.file), fsPath(fresh), constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
  }
  const handle = await open(fsPath(fresh), content instanceof Uint8Array ? "wx" : "r+", 0o600);
  try {
    if (content instanceof Uint8Array) await handle.writeFile(content);
    await handle.chmod(after.mode);
    await handle.sync();
  } finally {
    await handle.close();
  }
  const { hash } = await hashFile(fsPath(fresh));
  if (hash === after.hash) return;
  await remove(fresh);
  throw new SourceChanged();
}

/** Gives a name only where there is none: a second name first, because a rename would overwrite. */
async function createOnly(
  path: string,
  full: string | Buffer,
  fresh: string | Buffer,
  after: EntryState,
): Promise<void> {
  try {
    if (after.type === "link") await symlink(fsPath(after.target ?? ""), full);
    else await link(fresh, full);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") throw new PathConflict(path, "it was made in the workspace while it was merged");
    if (after.type === "link" || !NO_LINKS.has(code ?? "")) throw error;
    const stat = await lstat(full).catch(() => undefined);
    if (stat !== undefined) throw new PathConflict(path, "it was made in the workspace while it was merged");
    await rename(fresh, full);
  }
}

const NO_LINKS: ReadonlySet<string> = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "EMLINK", "ENOSYS"]);

/** Holds a file by a second name. False where the file system has none: then only the look before the rename guards it. */
async function hold(full: string | Buffer, former: string): Promise<boolean> {
  await remove(former);
  try {
    await link(full, fsPath(former));
    return true;
  } catch (error) {
    if (NO_LINKS.has((error as NodeJS.ErrnoException).code ?? "")) return false;
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}

/** Removes a file or link. One that is not there is no error. */
async function remove(path: string): Promise<void> {
  try {
    await unlink(fsPath(path));
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

async function expectNow(root: string, path: string, before: EntryState): Promise<void> {
  const now: Now = await entryNow(root, path);
  if (!sameState(now, before))
    throw new PathConflict(path, "it was changed in the workspace while it was merged");
}
