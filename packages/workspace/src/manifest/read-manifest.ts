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

function knownHash(known: Pick<Manifest, "entries">, path: string, stamp: string): string | undefined {
  const entry = known.entries.get(path);
  return entry?.stamp === stamp ? entry.hash : undefined;
}

/** Joins what the walk saw with what the contents gave; a file that vanished in between is left out. */
export function assemble(
  walk: Walk,
  outcomes: ReadonlyMap<string, DiskOutcome | undefined>,
  root: string,
  startedAt: number,
): Manifest {
  const entries = new Map<string, ManifestEntry>();
  for (const walked of walk.entries) {
    const outcome = outcomes.get(walked.path);
    if (outcome === undefined) {
      entries.set(walked.path, fromWalk(walked, startedAt));
    } else if ("code" in outcome) {
      throw unreadable(`${root}/${walked.path}`, outcome);
    } else if ("hash" in outcome) {
      const stamp = trusted(outcome.stamp, outcome.changedAt, startedAt);
      entries.set(walked.path, {
        type: "file",
        mode: outcome.mode,
        hash: outcome.hash,
        size: outcome.size,
        ...(stamp === undefined ? {} : { stamp }),
      });
    }
  }
  return { entries, caches: walk.caches, skipped: walk.skipped };
}

function fromWalk(walked: WalkedEntry, startedAt: number): ManifestEntry {
  const { type, mode, size, target } = walked;
  const stamp = trusted(walked.stamp, walked.changedAt, startedAt);
  return {
    type,
    mode,
    size,
    hash: walked.hash ?? "",
    ...(target === undefined ? {} : { target }),
    ...(stamp === undefined || type !== "file" ? {} : { stamp }),
  };
}

/**
 * A stamp proves nothing about a file that changed as late as it was read: a second change within one tick of the file
 * system's clock leaves it as it is. Clocks that only count whole seconds get two of them.
 */
export function trusted(stamp: string, changedAt: number, readAt: number): string | undefined {
  const margin = stamp.endsWith("000000000") ? 2_000 : 100;
  return changedAt < readAt - margin ? stamp : undefined;
}

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
