import { rm } from "node:fs/promises";
import { MnemosyneError, type BlobStore, type Json } from "@mnemosyne/core";
import { fsPath } from "../path/fs-path.ts";
import { readRegular, sha256 } from "../tree/base-reader.ts";
import { writeJsonFile } from "../tree/tree-note.ts";
import { changePaths, standingOf, type ChangeProgress, type PathChange } from "./change-paths.ts";
import type { MergeConflict, MergePlan, MergeStep } from "./merge-plan.ts";
import { PathConflict, SourceChanged, type NewContent } from "./write-aside.ts";

/** What a merge did, as JSON: enough to undo it with the blob store's contents. */
export interface MergeRecord {
  readonly version: 1;
  readonly base: string;
  readonly result: string;
  readonly paths: readonly PathChange[];
}

/** How a merge ended: all of it landed, or nothing of it. */
export type MergeOutcome =
  | { readonly merged: true; readonly record: MergeRecord }
  | { readonly merged: false; readonly conflicts: readonly MergeConflict[] };

/** Options of {@link applyMerge}. */
export interface ApplyMergeOptions {
  /** Folder that is merged into. */
  readonly workspace: string;
  readonly plan: MergePlan;
  /** Folder that the plan's result was read from. */
  readonly resultRoot: string;
  /** Keeps the contents that are overwritten or deleted. */
  readonly blobs: BlobStore;
  /**
   * Where the plan is kept, on the disk before the first path changes: recovery carries on with it and gets the same
   * record. It stays after a merge, until its caller has kept the record; after a conflict it is removed.
   */
  readonly planFile?: string;
  /** Called after each step on the disk; what it throws ends the merge there, as a crash would. */
  readonly onProgress?: (progress: ChangeProgress) => void | Promise<void>;
  readonly signal?: AbortSignal;
}

/**
 * Carries out a merge plan, path by path: where the workspace is as the plan saw it, the new entry is written aside, put
 * on the disk and renamed; where it is already as the plan wants it, nothing is done; anything else is somebody's
 * edit: what was written is put back, and the outcome is a conflict. May be repeated after a crash with the same plan.
 * Throws `E_STALE` when the result's folder changed since its manifest was read, `E_CANCELLED` (put back).
 */
export async function applyMerge(options: ApplyMergeOptions): Promise<MergeOutcome> {
  const { workspace, plan, blobs, planFile } = options;
  if (plan.conflicts.length > 0) return { merged: false, conflicts: plan.conflicts };
  if (planFile !== undefined) await writeJsonFile(planFile, plan as unknown as Json, true);
  const standing = await standingOf(workspace, plan.steps);
  const made = new Set<PathChange>(standing.done);
  let conflicts: readonly MergeConflict[] = standing.conflicts;
  let failure: unknown;
  if (conflicts.length === 0) {
    try {
      await keepBefore(workspace, standing.open, blobs);
      await changePaths(standing.open, changeOptions(options), made);
    } catch (error) {
      if (error instanceof Interrupted) throw error.cause;
      if (error instanceof PathConflict) conflicts = [{ path: error.path, reason: error.message }];
      else failure = error;
    }
  }
  if (conflicts.length === 0 && failure === undefined) {
    return { merged: true, record: recordOf(plan) };
  }
  await putBack(workspace, made, blobs);
  if (planFile !== undefined) await rm(fsPath(planFile), { force: true });
  if (failure instanceof SourceChanged) throw stale(options.resultRoot, failure);
  if (failure !== undefined) throw failure;
  return { merged: false, conflicts };
}

/** An error of the caller's `onProgress`: stands for a crash, so nothing is put back. */
class Interrupted extends Error {}

function changeOptions({ workspace, plan, resultRoot, blobs, onProgress, signal }: ApplyMergeOptions) {
  const steps = new Map(plan.steps.map((step) => [step.path, step]));
  return {
    root: workspace,
    contentOf: async ({ path, after }: PathChange): Promise<NewContent> => {
      const step: MergeStep | undefined = steps.get(path);
      return step?.content === "kept" && after !== null
        ? await blobs.get(after.hash)
        : { file: `${resultRoot}/${path}` };
    },
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined
      ? {}
      : {
          onProgress: async (progress: ChangeProgress): Promise<void> => {
            try {
              await onProgress(progress);
            } catch (error) {
              throw new Interrupted("onProgress threw", { cause: error });
            }
          },
        }),
  };
}

function recordOf(plan: MergePlan): MergeRecord {
  return {
    version: 1,
    base: plan.base,
    result: plan.result,
    paths: plan.steps.map(({ path, before, after }) => ({ path, before, after })),
  };
}

/** Keeps every content that goes away. */
async function keepBefore(
  workspace: string,
  changes: readonly PathChange[],
  blobs: BlobStore,
): Promise<void> {
  for (const { path, before, after } of changes) {
    if (before?.type !== "file" || (after?.type === "file" && after.hash === before.hash)) continue;
    if (await blobs.has(before.hash)) continue;
    const bytes = await readRegular(`${workspace}/${path}`);
    if (bytes === undefined || sha256(bytes) !== before.hash) {
      throw new PathConflict(path, "it was changed in the workspace meanwhile");
    }
    await blobs.put(bytes);
  }
}

/** Undoes what was written. A path that somebody changed since stays as they have it. */
async function putBack(workspace: string, made: ReadonlySet<PathChange>, blobs: BlobStore): Promise<void> {
  const back = [...made].map(({ path, before, after }) => ({ path, before: after, after: before }));
  const { open } = await standingOf(workspace, back);
  let rest = open;
  for (;;) {
    const done = new Set<PathChange>();
    try {
      await changePaths(rest, { root: workspace, contentOf: contentFrom(blobs) }, done);
      return;
    } catch (error) {
      if (!(error instanceof PathConflict)) throw error;
      rest = rest.filter((change) => change.path !== error.path && !done.has(change));
    }
  }
}

/** Contents from a blob store. */
export function contentFrom(blobs: Pick<BlobStore, "get">): (change: PathChange) => Promise<NewContent> {
  return async ({ after }) => await blobs.get(after?.hash ?? "");
}

function stale(root: string, cause: unknown): MnemosyneError {
  return new MnemosyneError(
    "E_STALE",
    `${root} is not what was judged any more: a file in it has changed. Read and judge it again.`,
    { kind: "conflict", cause },
  );
}
