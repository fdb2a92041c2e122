import type { BlobStore } from "@mnemosyne/core";
import { diffEntries } from "../manifest/diff-manifests.ts";
import { readManifest } from "../manifest/read-manifest.ts";
import type { ContentSource } from "../tree/base-reader.ts";
import { reopenTree } from "../tree/open-tree.ts";
import { readTreeNote, writeTreeNote } from "../tree/tree-note.ts";
import type { Tree } from "../tree/tree.ts";
import { applyMerge } from "./apply-merge.ts";
import { planMerge, type MergeConflict } from "./merge-plan.ts";

/** Options of {@link rebaseTree}. */
export interface RebaseTreeOptions {
  readonly tree: Tree;
  readonly workspace: string;
  readonly blobs: BlobStore;
  readonly merge?: "files" | "lines";
  readonly contents?: ContentSource;
  readonly signal?: AbortSignal;
}

/** What a rebase did. */
export interface Rebased {
  /** The tree on its new base; the same one where the workspace had not moved, or on a conflict. */
  readonly tree: Tree;
  /** Paths that changed in the workspace since the tree's base. */
  readonly moved: readonly string[];
  /** Paths that both changed; then nothing was done. */
  readonly conflicts: readonly MergeConflict[];
}

/**
 * Brings into a tree what changed in the workspace since the tree's base, so that it can be judged as it would land.
 * Its base is then the workspace as it is now. May be repeated after a crash. Throws `E_CANCELLED`.
 */
export async function rebaseTree(options: RebaseTreeOptions): Promise<Rebased> {
  const { tree, workspace, blobs, merge, contents, signal } = options;
  const cancel = signal === undefined ? {} : { signal };
  const kept = contents === undefined ? {} : { contents };
  const now = await readManifest(workspace, {
    caches: tree.caches,
    forbidden: tree.forbidden,
    known: tree.base,
    ...cancel,
  });
  const moved = diffEntries(tree.base, now).map(({ path }) => path);
  if (moved.length === 0) return { tree, moved, conflicts: [] };
  const plan = await planMerge({
    workspace: tree.root,
    base: tree.base,
    result: now,
    resultRoot: workspace,
    blobs,
    ...kept,
    ...(merge === undefined ? {} : { merge }),
    ...cancel,
  });
  const outcome = await applyMerge({ workspace: tree.root, plan, resultRoot: workspace, blobs, ...cancel });
  if (!outcome.merged) return { tree, moved, conflicts: outcome.conflicts };
  const note = await readTreeNote(tree.root);
  if (note !== undefined) await writeTreeNote(tree.root, note, now);
  const rebased = await reopenTree({
    tree: tree.root,
    ...(tree.writes === undefined ? {} : { writes: tree.writes }),
    ...kept,
  });
  return { tree: rebased, moved, conflicts: [] };
}
