import { runDiskJob } from "../disk/disk-threads.ts";
import type { DiskOutcome } from "../disk/disk-work.ts";
import { MnemosyneError } from "@mnemosyne/core";
import { cacheRule } from "./cache-folders.ts";
import type { Manifest, ManifestEntry } from "./manifest.ts";
import { walkFolder, type FileIdentity, type Walk, type WalkedEntry } from "./walk-folder.ts";

/** Options of {@link readManifest}. */
export interface ReadManifestOptions {
  /** Cache folders, left out: names that count at every level, or paths. Default node_modules, .venv, target. */
  readonly caches?: readonly string[];
  /** Files that are left out, whatever their path: a database that another name may point to. */
  readonly forbidden?: readonly FileIdentity[];
  /** An earlier manifest of the same folder: a file that has the same stamp is not read again. */
  readonly known?: Pick<Manifest, "entries">;
  readonly signal?: AbortSignal;
}

/**
 * Reads a folder: path, type, permission bits and content hash of everything in it, ignored and untracked files too,
 * but not the top's `.git`, any `.mnemosyne`, and caches. A nested repository is plain files. Git is not asked.
 * Throws `E_NOT_FOUND`, `E_INPUT` (unreadable), `E_CANCELLED`.
 */
export async function readManifest(root: string, options: ReadManifestOptions = {}): Promise<Manifest> {
  const startedAt = Date.now();
  const known = options.known;
  const walk = await walkFolder(root, {
    caches: cacheRule(options.caches),
    ...(options.forbidden === undefined ? {} : { forbidden: options.forbidden }),
    ...(known === undefined ? {} : { known: (path, stamp) => knownHash(known, path, stamp) }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  const toHash = walk.entries.filter((entry) => entry.hash === undefined);
  const outcomes = await runDiskJob({ from: root, files: toHash }, options.signal);
  return assemble(walk, new Map(toHash.map((entry, at) => [entry.path, outcomes[at]])), root, startedAt);
}

/** The hash of a file that still has the stamp it had in an earlier manifest of the same folder. */
export function knownHash(known: Pick<Manifest, "entries">, path: string, stamp: string): string | undefined {
  const entry = known.entries.get(path);
  return entry?.stamp === stamp ? entry.hash : undefined;
}

/** Joins what the walk saw with what the contents gave; a file that vanished in between is left out. */
function assemble(
  walk: Walk,
  outcomes: ReadonlyMap<string, DiskOutcome | undefined>,
  root: string,
  startedAt: number,
): Manifest {
  const entries = new Map<string, ManifestEntry>();
  for (const walked of walk.entries) {
    const outcome = outcomes.get(walked.path);
    if (outcome === undefined) {
      const stamp = walked.type === "file" ? trusted(walked.stamp, walked.changedAt, startedAt) : undefined;
      entries.set(walked.path, newEntry(walked, walked.hash ?? "", stamp));
      continue;
    }
    const read = readOrGone(outcome, root, walked.path);
    if (read === undefined) continue;
    const stamp = trusted(read.stamp, read.changedAt, startedAt);
    entries.set(walked.path, newEntry({ type: "file", mode: read.mode, size: read.size }, read.hash, stamp));
  }
  return { entries, caches: walk.caches, skipped: walk.skipped };
}

/** What a file's content came to; undefined where it vanished. Throws `E_INPUT` where it cannot be read. */
export function readOrGone(
  outcome: DiskOutcome | undefined,
  root: string,
  path: string,
): Extract<DiskOutcome, { readonly hash: string }> | undefined {
  if (outcome === undefined || "gone" in outcome) return undefined;
  if ("code" in outcome) throw unreadable(`${root}/${path}`, outcome);
  return outcome;
}

/** An entry with exactly the members that it has. */
export function newEntry(
  {
    type,
    mode,
    size,
    target,
  }: Pick<WalkedEntry, "type" | "mode" | "size"> & { readonly target?: string | undefined },
  hash: string,
  stamp: string | undefined,
): ManifestEntry {
  // One of four shapes instead of spreads: there are tens of thousands of entries.
  if (target !== undefined) return { type, mode, hash, size, target };
  return stamp === undefined ? { type, mode, hash, size } : { type, mode, hash, size, stamp };
}

/**
 * A stamp proves nothing about a file that changed as late as it was read: a second change within one tick of the file
 * system's clock leaves it as it is. Clocks that only count whole seconds get two of them.
 */
export function trusted(stamp: string, changedAt: number, readAt: number): string | undefined {
  const margin = changedAt % 1_000 === 0 ? 2_000 : CLOCK_MARGIN;
  return changedAt < readAt - margin ? stamp : undefined;
}

/** Milliseconds: twice the longest tick of a file system's clock. */
export const CLOCK_MARGIN = 20;

function unreadable(
  path: string,
  outcome: { readonly code: string; readonly message: string },
): MnemosyneError {
  return new MnemosyneError(
    "E_INPUT",
    `${path} cannot be read: ${outcome.message}. Give this user the right to read it, or leave its folder out as a cache.`,
    { kind: "input", details: { path, code: outcome.code } },
  );
}
