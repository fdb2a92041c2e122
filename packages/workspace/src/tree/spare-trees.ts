import { randomBytes } from "node:crypto";
import { chmod, mkdir, readdir, rename, rmdir, stat, unlink } from "node:fs/promises";
import { cacheRule } from "../manifest/cache-folders.ts";
import type { Manifest } from "../manifest/manifest.ts";
import { knownHash } from "../manifest/read-manifest.ts";
import { isGone, walkFolder, type Walk, type WalkedEntry } from "../manifest/walk-folder.ts";
import { fsPath } from "../path/fs-path.ts";
import type { PresentFile } from "./copy-entries.ts";
import { removeFolder } from "./remove-folder.ts";
import { besideTree, markUnfinished, readTreeManifest, removeBeside } from "./tree-note.ts";

/** Dropped trees that wait to be used again; more are not kept. */
const MOST_SPARES = 4;

/**
 * Keeps a tree that is not needed any more as a spare: making tens of thousands of files anew costs far more than
 * looking which of them are still the same. False where there are enough of them.
 */
export async function keepSpare(tree: string, spares: string): Promise<boolean> {
  await mkdir(spares, { recursive: true });
  if ((await sparesIn(spares)).length >= MOST_SPARES) return false;
  const spare = `${spares}/${randomBytes(6).toString("hex")}`;
  await markUnfinished(tree);
  await markUnfinished(spare);
  const [from, to] = [besideTree(tree), besideTree(spare)];
  try {
    await rename(from.copy, to.copy);
    await rename(from.base, to.base);
    await rename(fsPath(tree), fsPath(spare));
  } catch (error) {
    if (!isGone(error)) throw error;
    // Without its manifests it cannot be compared.
    await removeBeside(spare);
    return false;
  }
  await removeBeside(tree);
  return true;
}

/** What a spare knows of itself and of the folder that it was copied from. */
export interface Spare {
  readonly copy: Manifest;
  readonly base: Manifest;
}

/** Takes a spare and puts it where a tree is wanted. Undefined where there is none. */
export async function takeSpare(spares: string, tree: string): Promise<Spare | undefined> {
  for (const spare of await sparesIn(spares)) {
    try {
      // Only one can: whoever renames it has it.
      await rename(fsPath(spare), fsPath(tree));
    } catch (error) {
      if (isGone(error)) continue;
      throw error;
    }
    const beside = besideTree(spare);
    const [copy, base] = [await readTreeManifest(beside.copy), await readTreeManifest(beside.base)];
    await removeBeside(spare);
    if (copy !== undefined && base !== undefined) return { copy, base };
    await removeFolder(tree);
  }
  return undefined;
}

async function sparesIn(spares: string): Promise<readonly string[]> {
  try {
    const names = (await readdir(spares)).filter((name) => /^[0-9a-f]{12}$/u.test(name));
    const found = await Promise.all(
      names.map(async (name) => ({
        path: `${spares}/${name}`,
        at: (await stat(`${spares}/${name}`)).mtimeMs,
      })),
    );
    return found.toSorted((a, b) => b.at - a.at).map(({ path }) => path);
  } catch (error) {
    // None were kept yet, or one was taken this moment: then a copy is made.
    if (isGone(error)) return [];
    throw error;
  }
}

/** What of a spare can stay. */
export interface Prepared {
  readonly present: ReadonlyMap<string, PresentFile>;
  readonly standing: ReadonlySet<string>;
}

/**
 * Takes out of a spare everything that is not as in the walk of the source: other contents, bits or times, what the
 * last task left (whatever its name), files with a second name somewhere, shared caches.
 */
export async function prepareSpare(
  root: string,
  spare: Spare,
  source: Walk,
  signal: AbortSignal | undefined,
): Promise<Prepared> {
  const walk = await walkFolder(root, {
    caches: cacheRule(spare.copy.caches.map((path) => `./${path}`)),
    known: (path, stamp) => knownHash(spare.copy, path, stamp),
    ...(signal === undefined ? {} : { signal }),
  });
  const wanted = new Map(source.entries.map((entry) => [entry.path, entry]));
  const present = new Map<string, PresentFile>();
  const standing = new Set<string>();
  for (const path of [...walk.reserved, ...walk.caches, ...walk.skipped.map((skipped) => skipped.path)]) {
    await removeFolder(`${root}/${path}`);
  }
  for (const entry of walk.entries) {
    const { path, type, mode } = entry;
    // Folders are open to us while files come and go; the copy's end gives them their bits.
    if (type === "directory" && (mode & 0o700) !== 0o700)
      await chmod(fsPath(`${root}/${path}`), mode | 0o700);
  }
  for (const entry of walk.entries.toReversed()) {
    const { path, type, hash, stamp, changedAt } = entry;
    const target = wanted.get(path);
    if (target?.type === "directory" && type === "directory") {
      if (entry.mode !== target.mode) await chmod(fsPath(`${root}/${path}`), target.mode | 0o700);
      standing.add(path);
    } else if (target !== undefined && isSame(entry, target)) {
      if (type === "file") present.set(path, { hash: hash ?? "", stamp, changedAt });
      else standing.add(path);
    } else if (type === "directory") {
      await rmdir(fsPath(`${root}/${path}`));
    } else {
      await unlink(fsPath(`${root}/${path}`));
    }
  }
  return { present, standing };
}

function isSame(entry: WalkedEntry, target: WalkedEntry): boolean {
  if (entry.type !== target.type || entry.mode !== target.mode) return false;
  if (entry.hash === undefined || entry.hash !== target.hash) return false;
  // Copies keep times, but not to the last nanosecond.
  return entry.type === "link" || (!entry.linked && Math.abs(entry.modifiedAt - target.modifiedAt) < 1);
}
