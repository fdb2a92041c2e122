import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
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

/** What another process needs to know of a tree. */
export interface TreeNote {
  readonly version: 1;
  /** Folder that it was copied from, and those that this one came from, down to the workspace. */
  readonly origins: readonly string[];
  readonly caches: readonly string[];
  readonly shared: readonly SharedCache[];
  readonly writes?: readonly string[];
  readonly forbidden: readonly { readonly dev: string; readonly ino: string }[];
}

/** Files beside a tree; they go with it. */
export interface BesideTree {
  /** Says that the folder is a tree of ours. Its content is a {@link TreeNote} once it is whole, else `null`. */
  readonly note: string;
  /** What changes count from. */
  readonly base: string;
  /** What the folder was when it had been made, with its files' stamps: what still has them need not be read again. */
  readonly copy: string;
  /** Contents of the base, if they were to be kept. */
  readonly pack: string;
  /** The plan of a merge that was begun. */
  readonly merge: string;
}

/** Where the files beside a tree are. */
export function besideTree(tree: string): BesideTree {
  return {
    note: `${tree}.tree.json`,
    base: `${tree}.base.json`,
    copy: `${tree}.copy.json`,
    pack: `${tree}.base.pack`,
    merge: `${tree}.merge.json`,
  };
}

/** Marks a folder that is about to be made, changed or removed as a tree that is not whole. */
export async function markUnfinished(tree: string): Promise<void> {
  await writeJsonFile(besideTree(tree).note, null, false);
}

/** True where the folder is a tree of ours, whole or not. */
export async function isMarkedTree(tree: string): Promise<boolean> {
  return (await readJson(besideTree(tree).note)) !== undefined;
}

/** Reads a tree's note; undefined where the folder is no tree, or is not whole. */
export async function readTreeNote(tree: string): Promise<TreeNote | undefined> {
  const note = await readJson(besideTree(tree).note);
  return note === undefined || note === null ? undefined : (note as unknown as TreeNote);
}

/** Reads one of the manifests beside a tree. */
export async function readTreeManifest(file: string): Promise<Manifest | undefined> {
  const manifest = await readJson(file);
  return manifest === undefined ? undefined : manifestFromJson(manifest);
}

/** Writes one of the manifests beside a tree. */
export async function writeTreeManifest(file: string, manifest: Manifest): Promise<void> {
  await writeJsonFile(file, manifestToJson(manifest), false);
}

/**
 * Writes a tree's note, as the last thing: a tree with a note is whole. It is not forced onto the disk: neither is the
 * tree, and after a power failure its hash tells.
 */
export async function writeTreeNote(tree: string, note: TreeNote): Promise<void> {
  await writeJsonFile(besideTree(tree).note, note as unknown as Json, false);
}

/** Removes what stands beside a tree, the mark last. */
export async function removeBeside(tree: string): Promise<void> {
  const { note, base, copy, pack, merge } = besideTree(tree);
  for (const file of [base, copy, pack, merge, note]) {
    await rm(file, { force: true });
    await rm(`${file}.new`, { force: true });
  }
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
