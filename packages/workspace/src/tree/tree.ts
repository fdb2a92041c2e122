import { chmod, readdir, rm } from "node:fs/promises";
import type { Manifest } from "../manifest/manifest.ts";
import type { FileIdentity } from "../manifest/walk-folder.ts";
import { fsPath } from "../path/fs-path.ts";
import { FolderWorkspace } from "./folder-workspace.ts";
import { baseReader, type ContentSource } from "./base-reader.ts";
import { besideTree, type SharedCache } from "./tree-note.ts";

/** What a {@link Tree} is made of. */
export interface TreeOptions {
  readonly root: string;
  readonly origins: readonly string[];
  readonly base: Manifest;
  readonly caches: readonly string[];
  readonly shared: readonly SharedCache[];
  readonly writes?: readonly string[];
  readonly forbidden: readonly FileIdentity[];
  readonly known?: Manifest;
  readonly contents?: ContentSource;
}

/**
 * A task's own folder: a copy of the workspace. Made by `openTree`, found again by `reopenTree`. Whatever happens in
 * it, the workspace stays as it is until a merge.
 */
export class Tree extends FolderWorkspace {
  /** What the workspace was when the run's first attempt at the task began; changes count from here. */
  readonly base: Manifest;
  /** Folder that it was copied from, and those that this one came from, down to the workspace. */
  readonly origins: readonly string[];
  /** Globs that limit what it may write; undefined: everything. */
  readonly writes: readonly string[] | undefined;
  /** Cache folders that its manifests leave out: names or paths. */
  readonly caches: readonly string[];
  /** Files that it never shows. */
  readonly forbidden: readonly FileIdentity[];

  constructor(options: TreeOptions) {
    super({
      ...options,
      readable: options.shared.map(({ target }) => target),
      readOnly: options.shared.map(({ path }) => path),
      readBase: baseReader([options.root, ...options.origins], options.contents),
    });
    this.base = options.base;
    this.origins = options.origins;
    this.writes = options.writes;
    this.caches = options.caches;
    this.forbidden = options.forbidden;
  }

  /** Removes the folder and what stands beside it. Dropping one that is gone does nothing. */
  async drop(): Promise<void> {
    await dropTree(this.root);
  }
}

/** Removes a tree's folder and what stands beside it, whole or half made. */
export async function dropTree(tree: string): Promise<void> {
  const beside = besideTree(tree);
  // The note goes first: without it, what is left counts as no tree.
  for (const file of [beside.note, beside.base, beside.merge]) await rm(file, { force: true });
  try {
    await rm(fsPath(tree), { recursive: true, force: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "EACCES" && code !== "EPERM" && code !== "ENOTEMPTY") throw error;
    // A folder without write permission keeps its entries from everybody but root.
    await unlock(tree);
    await rm(fsPath(tree), { recursive: true, force: true });
  }
}

async function unlock(folder: string): Promise<void> {
  await chmod(fsPath(folder), 0o700);
  for (const entry of await readdir(fsPath(folder), { withFileTypes: true })) {
    if (entry.isDirectory()) await unlock(`${folder}/${entry.name}`);
  }
}
