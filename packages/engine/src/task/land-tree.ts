import type {
  ExecutionRef,
  Finding,
  JournalPayload,
  ReviewResult,
  RunObservation,
  Task,
} from "@mnemosyne/core";
import {
  diffEntries,
  manifestHash,
  mergeTree,
  readManifest,
  rebaseTree,
  type Manifest,
  type MergeConflict,
  type Tree,
} from "@mnemosyne/workspace";
import { payloadOf } from "../run/payload.ts";
import type { WorkContext } from "../run/work.ts";
import { contentsBefore } from "./record-contents.ts";
import type { RunServices } from "./run-services.ts";

/** What became of a judged tree. */
export type Landed =
  | {
      readonly outcome: "merged";
      readonly paths: readonly string[];
      readonly tree: string;
      readonly observations: readonly RunObservation[];
      readonly payloads: readonly JournalPayload[];
    }
  | { readonly outcome: "conflict"; readonly paths: readonly string[]; readonly findings: readonly Finding[] }
  | { readonly outcome: "rejected"; readonly review: ReviewResult };

/** How often a tree is brought up to a workspace that keeps moving before that counts as a conflict. */
const REBASES = 5;

/**
 * Merges a judged tree under the workspace's merge lock. Where other files moved since its base, it is rebased and
 * judged again, so that what lands was judged as it lands. A file that goes on changing after that (a log) is left to
 * whoever writes it. The intent is durable before the first file changes.
 */
export async function landTree(
  services: RunServices,
  task: Task,
  ref: ExecutionRef,
  judgedTree: { readonly tree: Tree; readonly judged: Manifest },
  context: WorkContext,
  judgeAgain: (tree: Tree) => Promise<ReviewResult>,
): Promise<Landed> {
  const { coordinator, workspace, runId, worker } = services;
  const lock = {
    resources: [`merge:${workspace}`],
    owner: `${runId}/${task.id}/merge`,
    signal: context.signal,
    metadata: { worker },
  };
  return await coordinator.withLease(lock, async () => {
    const { signal } = context;
    const { blobs } = services.storage;
    let { tree, judged } = judgedTree;
    const known = new Set<string>();
    for (let rebases = 0; ; rebases++) {
      const moved = (await movedPaths(workspace, tree, signal)).filter((path) => !known.has(path));
      if (moved.length === 0) break;
      if (rebases === REBASES)
        return conflict([{ path: moved[0] ?? ".", reason: "the workspace keeps changing" }]);
      const rebased = await rebaseTree({
        tree,
        workspace,
        blobs,
        merge: task.merge,
        contents: blobs,
        signal,
      });
      if (rebased.conflicts.length > 0) return conflict(rebased.conflicts);
      for (const path of [...moved, ...rebased.moved, ...rebased.unsettled]) known.add(path);
      if (rebased.moved.length === 0) continue;
      tree = rebased.tree;
      judged = await tree.manifest({ signal });
      const review = await judgeAgain(tree);
      if (review.verdict !== "pass") return { outcome: "rejected", review };
    }
    return await merge(services, task, ref, { tree, judged }, context);
  });
}

/** Paths that changed in the workspace since the tree's base. */
async function movedPaths(workspace: string, tree: Tree, signal: AbortSignal): Promise<readonly string[]> {
  const now = await readManifest(workspace, {
    caches: tree.caches,
    forbidden: tree.forbidden,
    known: tree.base,
    signal,
  });
  return diffEntries(tree.base, now).map(({ path }) => path);
}

async function merge(
  services: RunServices,
  task: Task,
  ref: ExecutionRef,
  { tree, judged }: { readonly tree: Tree; readonly judged: Manifest },
  context: WorkContext,
): Promise<Landed> {
  const { workspace, storage } = services;
  const result = manifestHash(judged);
  const at = { task: task.id, attempt: ref.attempt };
  const changed = (await tree.changes()).map(({ path }) => path);
  if (changed.length > 0)
    await context.append({
      inputs: [],
      observations: [
        { type: "merge.intended", ...at, base: manifestHash(tree.base), result, paths: changed },
      ],
    });
  const merged = await mergeTree({
    tree,
    workspace,
    judged,
    blobs: storage.blobs,
    contents: storage.blobs,
    merge: task.merge,
    signal: context.signal,
  });
  if (!merged.merged) return conflict(merged.conflicts);
  // What the files were is for a rollback, however much later.
  const record = { ...payloadOf(merged.record as never), keeps: contentsBefore(merged.record) };
  const paths = merged.record.paths.filter(({ after, before }) => (after ?? before)?.type !== "directory");
  return {
    outcome: "merged",
    paths: paths.map(({ path }) => path),
    tree: result,
    observations: [
      {
        type: "workspace.merged",
        ...at,
        paths: paths.map(({ path }) => path),
        tree: result,
        record: record.ref,
      },
    ],
    payloads: [record],
  };
}

function conflict(conflicts: readonly MergeConflict[]): Landed {
  return {
    outcome: "conflict",
    paths: conflicts.map(({ path }) => path),
    findings: conflicts.map(({ path, reason }) => ({
      rule: "merge.conflict",
      severity: "blocker",
      file: path,
      message: `'${path}' cannot be merged: ${reason}. Do the work again on the files as they are now.`,
    })),
  };
}
