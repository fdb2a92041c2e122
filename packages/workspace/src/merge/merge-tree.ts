import { MnemosyneError, type BlobStore } from "@mnemosyne/core";
import { manifestHash, type Manifest } from "../manifest/manifest.ts";
import type { ContentSource } from "../tree/base-reader.ts";
import { besideTree } from "../tree/tree-note.ts";
import type { Tree } from "../tree/tree.ts";
import { applyMerge, type MergeOutcome } from "./apply-merge.ts";
import type { ChangeProgress } from "./change-paths.ts";
import { planMerge, readMergePlan } from "./merge-plan.ts";

/** Options of {@link mergeTree}. */
export interface MergeTreeOptions {
  readonly tree: Tree;
  /** Folder that is merged into. */
  readonly workspace: string;
  /** What was judged. Only that lands: the tree's files have to be these still. */
  readonly judged: Manifest;
  readonly blobs: BlobStore;
  readonly merge?: "files" | "lines";
  readonly contents?: ContentSource;
  readonly onProgress?: (progress: ChangeProgress) => void | Promise<void>;
  readonly signal?: AbortSignal;
}

/**
 * Merges a judged tree into the workspace: plans, keeps the plan beside the tree and carries it out. After a crash the
 * same call carries on with the kept plan; after a merge it gives the same record again, until the tree is dropped. Throws `E_NOT_ALLOWED` where the tree changed what its `writes` do not
 * name, `E_STALE`, `E_CANCELLED`.
 */
export async function mergeTree(options: MergeTreeOptions): Promise<MergeOutcome> {
  const { tree, workspace, judged, blobs, merge, contents, onProgress, signal } = options;
  const planFile = besideTree(tree.root).merge;
  const kept = await readMergePlan(planFile);
  if (kept !== undefined && kept.result !== manifestHash(judged)) {
    throw new MnemosyneError(
      "E_STALE",
      `A merge of ${tree.root} was begun with another result. Carry that one on, or drop the tree.`,
      { kind: "conflict", details: { begun: kept.result, judged: manifestHash(judged) } },
    );
  }
  const plan =
    kept ??
    (await planMerge({
      workspace,
      base: tree.base,
      result: judged,
      resultRoot: tree.root,
      blobs,
      ...(tree.writes === undefined ? {} : { writes: tree.writes }),
      ...(merge === undefined ? {} : { merge }),
      contents: [...tree.contents, ...(contents === undefined ? [] : [contents])],
      ...(signal === undefined ? {} : { signal }),
    }));
  if (plan.outside.length > 0) {
    throw new MnemosyneError(
      "E_NOT_ALLOWED",
      `The task changed ${plan.outside.slice(0, 5).join(", ")}${plan.outside.length > 5 ? ", …" : ""}, which its \`writes\` do not name.`,
      {
        kind: "conflict",
        hint: "Add the path to `writes`, or undo the change.",
        details: { paths: plan.outside },
      },
    );
  }
  return await applyMerge({
    workspace,
    plan,
    resultRoot: tree.root,
    blobs,
    planFile,
    ...(onProgress === undefined ? {} : { onProgress }),
    ...(signal === undefined ? {} : { signal }),
  });
}
