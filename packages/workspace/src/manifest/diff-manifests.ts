import type { FileChange } from "@mnemosyne/core";
import { comparePaths } from "../path/fs-path.ts";
import { sameEntry, type Manifest, type ManifestEntry } from "./manifest.ts";

/** An entry before and after; `null` where it does not exist. */
export interface EntryChange {
  readonly path: string;
  readonly before: ManifestEntry | null;
  readonly after: ManifestEntry | null;
}

/** Every entry that differs, folders too, in order of path. */
export function diffEntries(
  base: Pick<Manifest, "entries">,
  result: Pick<Manifest, "entries">,
): readonly EntryChange[] {
  const changes: EntryChange[] = [];
  for (const [path, after] of result.entries) {
    const before = base.entries.get(path);
    if (!sameEntry(before, after)) changes.push({ path, before: before ?? null, after });
  }
  for (const [path, before] of base.entries) {
    if (!result.entries.has(path)) changes.push({ path, before, after: null });
  }
  return changes.toSorted((a, b) => comparePaths(a.path, b.path));
}

/**
 * What changed, as people count it: files and links, and those folders that nothing else speaks for (an empty one
 * made or removed, changed permission bits). In order of path.
 */
export function diffManifests(
  base: Pick<Manifest, "entries">,
  result: Pick<Manifest, "entries">,
): readonly FileChange[] {
  const all = diffEntries(base, result);
  const spokenFor = new Set<string>();
  for (const { path, before, after } of all) {
    const appears = before === null ? "added" : after === null ? "deleted" : undefined;
    if (appears === undefined) continue;
    for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) {
      spokenFor.add(`${appears} ${path.slice(0, at)}`);
    }
  }
  return all.map(toFileChange).filter((c) => c.type !== "directory" || !spokenFor.has(`${c.kind} ${c.path}`));
}

function toFileChange({ path, before, after }: EntryChange): FileChange {
  return {
    path,
    kind: before === null ? "added" : after === null ? "deleted" : "modified",
    type: (after ?? before)?.type ?? "file",
    ...(before === null || before.hash === "" ? {} : { before: before.hash }),
    ...(after === null || after.hash === "" ? {} : { after: after.hash }),
  };
}
