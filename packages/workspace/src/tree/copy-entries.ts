import { chmod, mkdir, symlink } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { runDiskJob } from "../disk/disk-threads.ts";
import type { DiskOutcome } from "../disk/disk-work.ts";
import type { Manifest, ManifestEntry } from "../manifest/manifest.ts";
import { CLOCK_MARGIN, newEntry, readOrGone, trusted } from "../manifest/read-manifest.ts";
import type { Walk } from "../manifest/walk-folder.ts";
import { fsPath } from "../path/fs-path.ts";

/** A file that the new folder has already. */
export interface PresentFile {
  readonly hash: string;
  readonly stamp: string;
  readonly changedAt: number;
}

/** What a copy came to: the same entries, with the stamps of the source's files and with those of the copies. */
export interface Copied {
  readonly original: Manifest;
  readonly copy: Manifest;
}

/** How entries are copied. */
export interface CopyOptions {
  readonly source: string;
  readonly root: string;
  readonly walk: Walk;
  /** When the walk began. */
  readonly startedAt: number;
  /** Files of the walk that stand in the new folder already, with the same content, bits and times. */
  readonly present?: ReadonlyMap<string, PresentFile>;
  /** Folders and links that stand there already. */
  readonly standing?: ReadonlySet<string>;
  /** Waits until a later change of any copy will show in its stamp. */
  readonly settle: boolean;
  readonly signal?: AbortSignal;
}

/**
 * Copies the entries of a walk into a folder: folders open to us first, then links, then files; then folders get their
 * permission bits, deepest first.
 */
export async function copyEntries(options: CopyOptions): Promise<Copied> {
  const { source, root, walk, present, standing, signal } = options;
  for (const { path, type, mode, target } of walk.entries) {
    if (standing?.has(path) === true) continue;
    // Until everything is in it, a folder must be open to us whatever its bits say.
    if (type === "directory") await mkdir(fsPath(`${root}/${path}`), { mode: mode | 0o700 });
    else if (type === "link") await symlink(fsPath(target ?? ""), fsPath(`${root}/${path}`));
  }
  const files = walk.entries.filter(({ type, path }) => type === "file" && present?.has(path) !== true);
  const outcomes = await runDiskJob({ from: source, to: root, files }, signal);
  if (options.settle && files.length > 0) await sleep(CLOCK_MARGIN + 5);
  const copied = manifestsOf(options, new Map(files.map(({ path }, at) => [path, outcomes[at]])));
  await seal(root, walk);
  return copied;
}

function manifestsOf(
  { source, walk, present, startedAt }: CopyOptions,
  outcomes: ReadonlyMap<string, DiskOutcome | undefined>,
): Copied {
  const finishedAt = Date.now();
  const original = new Map<string, ManifestEntry>();
  const copy = new Map<string, ManifestEntry>();
  for (const walked of walk.entries) {
    const { path, type, stamp, changedAt } = walked;
    if (type !== "file") {
      const entry = newEntry(walked, walked.hash ?? "", undefined);
      original.set(path, entry);
      copy.set(path, entry);
      continue;
    }
    const kept = present?.get(path);
    const read = kept === undefined ? readOrGone(outcomes.get(path), source, path) : undefined;
    if (kept !== undefined) {
      original.set(path, newEntry(walked, kept.hash, trusted(stamp, changedAt, startedAt)));
      copy.set(path, newEntry(walked, kept.hash, trusted(kept.stamp, kept.changedAt, startedAt)));
    } else if (read !== undefined) {
      const file = { type, mode: read.mode, size: read.size };
      original.set(path, newEntry(file, read.hash, trusted(stamp, changedAt, startedAt)));
      // Nobody else writes here before this returns, so a copy's stamp is as good as the clock is now.
      copy.set(path, newEntry(file, read.hash, trusted(read.stamp, read.changedAt, finishedAt)));
    }
  }
  const { caches, skipped } = walk;
  return { original: { entries: original, caches, skipped }, copy: { entries: copy, caches, skipped } };
}

async function seal(root: string, walk: Walk): Promise<void> {
  const mask = process.umask();
  for (const { path, type, mode } of walk.entries.toReversed()) {
    if (type !== "directory") continue;
    const made = (mode | 0o700) & ~mask;
    if (made !== mode || mode > 0o777) await chmod(fsPath(`${root}/${path}`), mode);
  }
}
