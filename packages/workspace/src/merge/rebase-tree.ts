import { isMnemosyneError, type BlobStore } from "@mnemosyne/core";
import { diffEntries } from "../manifest/diff-manifests.ts";
import type { Manifest } from "../manifest/manifest.ts";
import { readManifest } from "../manifest/read-manifest.ts";
import type { ContentSource } from "../tree/base-reader.ts";
import { reopenTree } from "../tree/reopen-tree.ts";
import { besideTree, writeTreeManifest } from "../tree/tree-note.ts";
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
  /** Paths that changed while they were copied (a log that somebody writes): left as they were. */
  readonly unsettled: readonly string[];
  /** Paths that both changed; then nothing was done. */
  readonly conflicts: readonly MergeConflict[];
}

/** Copies that are tried before a workspace in which everything moves is given up. */
const TRIES = 8;

/**
 * Brings into a tree what changed in the workspace since the tree's base, so that it can be judged as it would land.
 * Its base is then the workspace as it is now. May be repeated after a crash. Throws `E_STALE` where ever new files
 * change while they are copied, `E_CANCELLED`.
 */
export async function rebaseTree(options: RebaseTreeOptions): Promise<Rebased> {
  const { tree } = options;
  const unsettled = new Set<string>();
  let seen = await read(options);
  for (let tries = 1; ; tries++) {
    const now = without(seen, unsettled, tree.base);
    const moved = diffEntries(tree.base, now).map(({ path }) => path);
    const left = [...unsettled];
    if (moved.length === 0) return { tree, moved, unsettled: left, conflicts: [] };
    try {
      const conflicts = await bring(options, now);
      if (conflicts.length > 0) return { tree, moved, unsettled: left, conflicts };
      return { tree: await onBase(options, now), moved, unsettled: left, conflicts: [] };
    } catch (error) {
      if (!isMnemosyneError(error) || error.code !== "E_STALE" || tries === TRIES) throw error;
      const later = await read(options, seen);
      for (const { path } of diffEntries(seen, later)) {
        if (later.entries.get(path)?.type !== "directory") unsettled.add(path);
      }
      seen = later;
    }
  }
}

async function read(
  { workspace, tree, signal }: RebaseTreeOptions,
  known: Manifest = tree.base,
): Promise<Manifest> {
  return await readManifest(workspace, {
    caches: tree.caches,
    forbidden: tree.forbidden,
    known,
    ...(signal === undefined ? {} : { signal }),
  });
}

/** The workspace, but with the given paths as they were at the base. */
function without(now: Manifest, paths: ReadonlySet<string>, base: Manifest): Manifest {
  if (paths.size === 0) return now;
  const entries = new Map([...now.entries].filter(([path]) => !paths.has(path)));
  for (const path of paths) {
    const before = base.entries.get(path);
    if (before !== undefined) entries.set(path, before);
  }
  return { ...now, entries };
}

async function bring(options: RebaseTreeOptions, now: Manifest): Promise<readonly MergeConflict[]> {
  const { tree, workspace, blobs, merge, contents, signal } = options;
  const cancel = signal === undefined ? {} : { signal };
  const plan = await planMerge({
    workspace: tree.root,
    base: tree.base,
    result: now,
    resultRoot: workspace,
    blobs,
    contents: [...tree.contents, ...(contents === undefined ? [] : [contents])],
    ...(merge === undefined ? {} : { merge }),
    ...cancel,
  });
  const outcome = await applyMerge({ workspace: tree.root, plan, resultRoot: workspace, blobs, ...cancel });
  return outcome.merged ? [] : outcome.conflicts;
}

async function onBase({ tree, contents }: RebaseTreeOptions, base: Manifest): Promise<Tree> {
  await writeTreeManifest(besideTree(tree.root).base, base);
  return await reopenTree({
    tree: tree.root,
    ...(tree.writes === undefined ? {} : { writes: tree.writes }),
    ...(contents === undefined ? {} : { contents }),
  });
}
