import type { BlobStore } from "@mnemosyne/core";
import { comparePaths } from "../path/fs-path.ts";
import { contentFrom, type MergeRecord } from "./apply-merge.ts";
import { changePaths, standingOf, type ChangeProgress, type PathChange } from "./change-paths.ts";
import { entryNow, isAbsent, sameState, type EntryState, type Now } from "./entry-now.ts";
import { PathConflict } from "./write-aside.ts";
import type { MergeConflict } from "./merge-plan.ts";

/** Options of {@link restoreRecords}. */
export interface RestoreOptions {
  readonly workspace: string;
  readonly blobs: Pick<BlobStore, "get">;
  /** Only says what would be done. */
  readonly dryRun?: boolean;
  readonly onProgress?: (progress: ChangeProgress) => void | Promise<void>;
  readonly signal?: AbortSignal;
}

/** What a restore did. */
export interface Restored {
  /** Paths that are again as they were before the oldest record; in order. */
  readonly restored: readonly string[];
  /** Paths that somebody changed since; they stay as they are. */
  readonly conflicts: readonly MergeConflict[];
}

/**
 * Undoes merges, newest first: each path goes back to what it was before the oldest of them, but only from what they
 * left there. May be repeated after a crash. Throws `E_BLOB_GONE` when a kept content is missing, `E_CANCELLED`.
 */
export async function restoreRecords(
  records: readonly MergeRecord[],
  options: RestoreOptions,
): Promise<Restored> {
  const { workspace, blobs, dryRun = false, onProgress, signal } = options;
  const changes: PathChange[] = [];
  const restored = new Set<string>();
  const conflicts: MergeConflict[] = [];
  const chains = chainsOf(records);
  // What becomes a folder again must not stand in the way of what lies in it.
  const clears = new Set(
    [...chains].filter(([, chain]) => chain.at(-1)?.before?.type === "directory").map(([path]) => path),
  );
  for (const [path, chain] of chains) {
    const seen = await entryNow(workspace, path);
    const now: Now = seen?.type === "obstacle" && seen.at !== undefined && clears.has(seen.at) ? null : seen;
    const { target, whole } = follow(now, chain);
    if (!whole) {
      conflicts.push({ path, reason: "it was changed in the workspace after the merge" });
    } else if (target !== undefined && now?.type !== "obstacle") {
      changes.push({ path, before: now, after: target });
    } else {
      restored.add(path);
    }
  }
  if (dryRun) {
    for (const { path } of changes) restored.add(path);
    return { restored: [...restored].toSorted(comparePaths), conflicts };
  }
  const standing = await standingOf(workspace, changes);
  conflicts.push(...standing.conflicts);
  let rest = standing.open;
  while (rest.length > 0) {
    const made = new Set<PathChange>();
    try {
      await changePaths(
        rest,
        {
          root: workspace,
          contentOf: contentFrom(blobs),
          ...(onProgress === undefined ? {} : { onProgress }),
          ...(signal === undefined ? {} : { signal }),
        },
        made,
      );
      // A folder that stays for what somebody else put into it is neither restored nor a conflict.
      for (const { path } of made) restored.add(path);
      break;
    } catch (error) {
      if (!(error instanceof PathConflict)) throw error;
      conflicts.push({ path: error.path, reason: error.message });
      for (const { path } of made) restored.add(path);
      rest = rest.filter((change) => change.path !== error.path && !made.has(change));
    }
  }
  return { restored: [...restored].toSorted(comparePaths), conflicts };
}

interface ChainLink {
  readonly before: EntryState | null;
  readonly after: EntryState | null;
}

function chainsOf(records: readonly MergeRecord[]): ReadonlyMap<string, readonly ChainLink[]> {
  const chains = new Map<string, ChainLink[]>();
  for (const { paths } of records) {
    for (const { path, before, after } of paths) {
      const chain = chains.get(path);
      if (chain === undefined) chains.set(path, [{ before, after }]);
      else chain.push({ before, after });
    }
  }
  return new Map([...chains].toSorted(([a], [b]) => comparePaths(a, b)));
}

/**
 * Goes back through a path's records (newest first) from what stands there. `target`: where that leads, undefined
 * where it is there already; `whole`: it reached what was before the oldest record.
 */
function follow(
  now: Now,
  chain: readonly ChainLink[],
): { readonly target?: EntryState | null; readonly whole: boolean } {
  const oldest = chain.at(-1);
  if (oldest === undefined) return { whole: true };
  // An interrupted restore, or nobody's doing: it is there.
  if (sameState(now, oldest.before) || (oldest.before === null && isAbsent(now))) return { whole: true };
  for (let at = 0; at < chain.length; at += 1) {
    if (!sameState(now, chain[at]?.after ?? null)) continue;
    return walkBack(chain.slice(at));
  }
  const between =
    now === null &&
    chain.some(({ before, after }) => (before?.type === "directory") !== (after?.type === "directory"));
  return between ? { target: oldest.before, whole: true } : { whole: false };
}

function walkBack(chain: readonly ChainLink[]): {
  readonly target?: EntryState | null;
  readonly whole: boolean;
} {
  for (let at = 0; at + 1 < chain.length; at += 1) {
    // Somebody changed it between two merges: nobody kept what was before.
    if (!sameState(chain[at]?.before ?? null, chain[at + 1]?.after ?? null)) return { whole: false };
  }
  return { target: chain.at(-1)?.before ?? null, whole: true };
}
