import { MnemosyneError } from "@mnemosyne/core";
import type { Manifest } from "../manifest/manifest.ts";
import type { FileIdentity } from "../manifest/walk-folder.ts";
import { baseReader, type ContentSource } from "./base-reader.ts";
import { contentPack } from "./content-pack.ts";
import { FolderWorkspace, statOf } from "./folder-workspace.ts";
import { removeFolder } from "./remove-folder.ts";
import { keepSpare } from "./spare-trees.ts";
import { besideTree, isMarkedTree, markUnfinished, removeBeside, type SharedCache } from "./tree-note.ts";

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

  /** Where contents of the base are looked up that neither this folder nor those it came from have any more. */
  readonly contents: readonly ContentSource[];

  constructor(options: TreeOptions) {
    const contents = [
      contentPack(besideTree(options.root).pack),
      ...(options.contents ? [options.contents] : []),
    ];
    super({
      ...options,
      readable: options.shared.map(({ target }) => target),
      readOnly: options.shared.map(({ path }) => path),
      readBase: baseReader([options.root, ...options.origins], ...contents),
    });
    this.contents = contents;
    this.base = options.base;
    this.origins = options.origins;
    this.writes = options.writes;
    this.caches = options.caches;
    this.forbidden = options.forbidden;
  }

  /**
   * Removes the folder and what stands beside it, or keeps it in the folder `spares`, from which `openTree` makes the
   * next tree faster. Dropping one that is gone does nothing.
   */
  async drop(options: { readonly spares?: string } = {}): Promise<void> {
    await dropTree(this.root, options);
  }
}

/**
 * Removes a tree's folder and what stands beside it, whole or half made; with `spares` it may be kept there to be used
 * again. Throws `E_INPUT` for a folder that is no tree: it may be somebody's.
 */
export async function dropTree(tree: string, options: { readonly spares?: string } = {}): Promise<void> {
  if (!(await isMarkedTree(tree))) {
    if ((await statOf(tree)) === undefined) return;
    throw new MnemosyneError("E_INPUT", `${tree} is not a tree that was opened here, so it is not removed.`, {
      kind: "input",
      hint: "Choose a folder that does not exist yet, or remove this one yourself.",
      details: { path: tree },
    });
  }
  await markUnfinished(tree);
  if (options.spares !== undefined && (await keepSpare(tree, options.spares))) return;
  await removeFolder(tree);
  await removeBeside(tree);
}
