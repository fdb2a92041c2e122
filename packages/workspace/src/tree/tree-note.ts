import { mkdir, open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import type { Json } from "@mnemosyne/core";
import { manifestFromJson, manifestToJson, type Manifest } from "../manifest/manifest.ts";
import { isGone, type FileIdentity } from "../manifest/walk-folder.ts";

/** A cache that a tree shares. */
export interface SharedCache {
  /** Where it stands in the tree, relative. */
  readonly path: string;
  /** The real folder that it leads to. */
  readonly target: string;
}

/** What another process needs to know of a tree; it stands beside it, in `<tree>.tree.json`. */
export interface TreeNote {
  readonly version: 1;
  /** Folder that it was copied from, and those that this one came from. */
  readonly origins: readonly string[];
  readonly caches: readonly string[];
  readonly shared: readonly SharedCache[];
  readonly writes?: readonly string[];
  readonly forbidden: readonly { readonly dev: string; readonly ino: string }[];
}

/** Files beside a tree; they go with it. */
export function besideTree(tree: string): {
  readonly note: string;
  readonly base: string;
  readonly merge: string;
} {
  return { note: `${tree}.tree.json`, base: `${tree}.base.json`, merge: `${tree}.merge.json` };
}

/** Reads a tree's note; undefined where the folder is no (finished) tree. */
export async function readTreeNote(tree: string): Promise<TreeNote | undefined> {
  const note = await readJson(besideTree(tree).note);
  return note === undefined ? undefined : (note as unknown as TreeNote);
}

/** Reads the base manifest of a tree. */
export async function readTreeBase(tree: string): Promise<Manifest | undefined> {
  const base = await readJson(besideTree(tree).base);
  return base === undefined ? undefined : manifestFromJson(base);
}

/**
 * Writes what stands beside a tree; the note comes last, so that a tree with a note is whole. It is not forced onto the
 * disk: neither is the tree, and after a power failure its hash tells.
 */
export async function writeTreeNote(tree: string, note: TreeNote, base: Manifest): Promise<void> {
  await writeJsonFile(besideTree(tree).base, manifestToJson(base), false);
  await writeJsonFile(besideTree(tree).note, note as unknown as Json, false);
}

/** Identities as JSON can carry them. */
export function identitiesToJson(files: readonly FileIdentity[]): TreeNote["forbidden"] {
  return files.map(({ dev, ino }) => ({ dev: String(dev), ino: String(ino) }));
}

export function identitiesFromJson(files: TreeNote["forbidden"]): readonly FileIdentity[] {
  return files.map(({ dev, ino }) => ({ dev: BigInt(dev), ino: BigInt(ino) }));
}

/** Reads a JSON file; undefined where there is none. */
export async function readJson(path: string): Promise<Json | undefined> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as Json;
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** Writes a JSON file by write-aside and rename; `durable`: it is on the disk when this returns. */
export async function writeJsonFile(path: string, value: Json, durable: boolean): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const aside = `${path}.new`;
  const handle = await open(aside, "w");
  try {
    await handle.writeFile(JSON.stringify(value));
    if (durable) await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(aside, path);
}
