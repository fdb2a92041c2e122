import { MnemosyneError, type BlobStore, type Json } from "@mnemosyne/core";
import { diffEntries } from "../manifest/diff-manifests.ts";
import { manifestHash, type Manifest } from "../manifest/manifest.ts";
import { comparePaths, parentOf } from "../path/fs-path.ts";
import { globMatcher } from "../path/globs.ts";
import { baseReader, readRegular, sha256, type ContentSource } from "../tree/base-reader.ts";
import { ignoredPaths } from "../tree/ignored-paths.ts";
import { readJson } from "../tree/tree-note.ts";
import { throwIfCancelled } from "../disk/disk-threads.ts";
import { entryNow, stateOf, type EntryState, type Now } from "./entry-now.ts";
import { joinChanges } from "./join-changes.ts";

/** One path that a merge writes. */
export interface MergeStep {
  readonly path: string;
  /** What stands in the workspace when the plan is made; `null`: nothing. */
  readonly before: EntryState | null;
  readonly after: EntryState | null;
  /** Where the content is: in the result's folder, in the blob store (merged by lines), or in place already. */
  readonly content: "result" | "kept" | "here";
}

/** A path that cannot be merged. */
export interface MergeConflict {
  readonly path: string;
  readonly reason: string;
}

/** What a merge will do, as JSON. Nothing is written while it has conflicts. */
export interface MergePlan {
  readonly version: 1;
  /** Manifest hashes of base and result. */
  readonly base: string;
  readonly result: string;
  readonly steps: readonly MergeStep[];
  /** Paths that are already as the result has them. */
  readonly done: readonly string[];
  readonly conflicts: readonly MergeConflict[];
  /** Changed paths outside the task's `writes`; they are not merged. A task that has any broke its limit. */
  readonly outside: readonly string[];
  /** Changed paths outside `writes` that a `.gitignore` leaves out (caches, coverage): not merged, no fault. */
  readonly leftOut: readonly string[];
}

/** Options of {@link planMerge}. */
export interface PlanMergeOptions {
  /** Folder that is merged into. */
  readonly workspace: string;
  readonly base: Manifest;
  /** The manifest that was judged, and the folder it was read from. */
  readonly result: Manifest;
  readonly resultRoot: string;
  /** Globs that limit what is merged. */
  readonly writes?: readonly string[];
  /** `lines`: text files that both sides changed are joined by lines. Default `files`. */
  readonly merge?: "files" | "lines";
  /** Where base contents are looked up that neither folder has any more. */
  readonly contents?: ContentSource | readonly ContentSource[];
  /** Keeps contents merged by lines; needed with `merge: "lines"`. */
  readonly blobs?: BlobStore;
  readonly signal?: AbortSignal;
}

/**
 * Compares base, result and the workspace as it is now, path by path, and says what a merge has to write. Changes in
 * the workspace to other paths do not matter. Reads only (and keeps merged contents in `blobs`). Throws `E_CANCELLED`.
 */
export async function planMerge(options: PlanMergeOptions): Promise<MergePlan> {
  const { workspace, base, result, resultRoot, merge = "files", blobs, contents, writes, signal } = options;
  if (merge === "lines" && blobs === undefined) {
    throw new MnemosyneError("E_INPUT", "A merge by lines needs `blobs` to keep what it merged.", {
      kind: "input",
      path: "blobs",
    });
  }
  const { changes, outside, leftOut } = await withinWrites(resultRoot, base, result, writes);
  const readBase = baseReader([workspace, resultRoot], ...[contents ?? []].flat());
  const steps = new Map<string, MergeStep>();
  const done: string[] = [];
  const conflicts: MergeConflict[] = [];
  for (const { path, before, after } of changes) {
    throwIfCancelled(signal);
    const [from, to] = [before === null ? null : stateOf(before), after === null ? null : stateOf(after)];
    const now = clearOf(await entryNow(workspace, path), steps);
    const joined = await joinChanges(from, now, to, merge === "lines", async (version) => {
      if (version === "base") return from === null ? undefined : await readBase(path, from.hash);
      const expected = version === "now" ? now : to;
      const bytes = await readRegular(`${version === "now" ? workspace : resultRoot}/${path}`);
      const same = bytes !== undefined && expected?.type === "file" && sha256(bytes) === expected.hash;
      return same ? bytes : undefined;
    });
    if (joined.kind === "done") done.push(path);
    else if (joined.kind === "conflict") conflicts.push({ path, reason: joined.reason });
    else if (now === null || now.type !== "obstacle") {
      const content = joined.content === "result" || joined.content === "now" ? joined.content : "kept";
      if (typeof joined.content !== "string") await blobs?.put(joined.content);
      steps.set(path, {
        path,
        before: now,
        after: joined.after,
        content: content === "now" ? "here" : content,
      });
    }
  }
  const planned = [...steps.values()];
  for (const { path, after } of planned) {
    if (after !== null) conflicts.push(...(await addFolders(workspace, result, path, steps)));
  }
  return {
    version: 1,
    base: manifestHash(base),
    result: manifestHash(result),
    steps: [...steps.values()].toSorted((a, b) => comparePaths(a.path, b.path)),
    done,
    conflicts,
    outside,
    leftOut,
  };
}

/** What stands at a path once the steps have made a folder of what is in the way above it. */
export function clearOf(now: Now, steps: ReadonlyMap<string, Pick<MergeStep, "after">>): Now {
  if (now?.type !== "obstacle" || now.at === undefined) return now;
  return steps.get(now.at)?.after?.type === "directory" ? null : now;
}

async function withinWrites(
  root: string,
  base: Manifest,
  result: Manifest,
  writes: readonly string[] | undefined,
): Promise<{
  readonly changes: ReturnType<typeof diffEntries>;
  readonly outside: readonly string[];
  readonly leftOut: readonly string[];
}> {
  const all = diffEntries(base, result);
  if (writes === undefined) return { changes: all, outside: [], leftOut: [] };
  const matches = globMatcher(writes);
  const changes = all.filter(({ path }) => matches(path));
  const other = all.filter(({ path }) => !matches(path));
  // A folder on the way to a file that may be written comes with it.
  const needed = new Set(changes.flatMap(({ path }) => foldersAbove(path)));
  const beyond = other.filter(({ path, before, after }) => {
    return !(
      (before ?? after)?.type === "directory" &&
      (before === null || after === null) &&
      needed.has(path)
    );
  });
  const paths = beyond.map(({ path, before, after }) => {
    return (after ?? before)?.type === "directory" ? { path, asked: `${path}/` } : { path, asked: path };
  });
  const rules = [...result.entries].filter(([path]) => path.endsWith(".gitignore")).map(([path]) => path);
  const ignored = await ignoredPaths(root, [...rules, ...paths.map(({ asked }) => asked)]);
  return {
    changes,
    outside: paths.filter(({ asked }) => !ignored.has(asked)).map(({ path }) => path),
    leftOut: paths.filter(({ asked }) => ignored.has(asked)).map(({ path }) => path),
  };
}

function foldersAbove(path: string): readonly string[] {
  const folders: string[] = [];
  for (let folder = parentOf(path); folder !== ""; folder = parentOf(folder)) folders.push(folder);
  return folders;
}

/** Adds steps for folders above a path that are not there, as when somebody deleted them meanwhile. */
async function addFolders(
  workspace: string,
  result: Manifest,
  path: string,
  steps: Map<string, MergeStep>,
): Promise<readonly MergeConflict[]> {
  for (const folder of foldersAbove(path)) {
    const entry = result.entries.get(folder);
    if (steps.has(folder) || entry === undefined) continue;
    const now = await entryNow(workspace, folder);
    if (now === null) {
      steps.set(folder, { path: folder, before: null, after: stateOf(entry), content: "result" });
    } else if (now.type !== "directory") {
      return [{ path, reason: `${folder} is not a folder in the workspace any more` }];
    }
  }
  return [];
}

/** Reads a plan that `applyMerge` wrote; undefined where there is none. */
export async function readMergePlan(file: string): Promise<MergePlan | undefined> {
  const plan = (await readJson(file)) as (Json & { readonly version?: number }) | undefined;
  if (plan === undefined) return undefined;
  if (plan.version === 1) return plan as unknown as MergePlan;
  throw new MnemosyneError("E_INPUT", `${file} is not a merge plan of version 1.`, { kind: "input" });
}
