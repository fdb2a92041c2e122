import { createHash } from "node:crypto";
import { MnemosyneError, type EntryType, type Json } from "@mnemosyne/core";
import { comparePaths, encodeName } from "../path/fs-path.ts";

/** One entry of a folder. */
export interface ManifestEntry {
  readonly type: EntryType;
  /** Permission bits (0o7777); 0 for a link, whose own bits mean nothing. */
  readonly mode: number;
  /** SHA-256 of a file's content or of a link's target, hex; empty for a folder. */
  readonly hash: string;
  /** Bytes of a file; 0 for others. */
  readonly size: number;
  /** Where a link points, as it is written. */
  readonly target?: string;
  /**
   * Device, inode, size and times, in the folder that the manifest was read from, as one string: while it is the
   * same, so is the content. Missing where the file was too fresh to tell. Not part of the manifest's hash.
   */
  readonly stamp?: string;
}

/**
 * All entries of a folder at one moment, by relative path with `/` between parts, in order of path. Bytes that are not
 * UTF-8 stand as lone surrogates U+DC80..U+DCFF.
 */
export interface Manifest {
  readonly entries: ReadonlyMap<string, ManifestEntry>;
  /** Cache folders that were left out, by their relative path. */
  readonly caches: readonly string[];
  /** What else was left out: sockets, pipes, devices, forbidden files. */
  readonly skipped: readonly { readonly path: string; readonly reason: string }[];
}

/** What two entries are compared by: type, permission bits, content. */
export function sameEntry(a: ManifestEntry | undefined, b: ManifestEntry | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.type === b.type && a.mode === b.mode && a.hash === b.hash;
}

/**
 * SHA-256 over every entry's path, type, permission bits and content, hex. The same files give the same hash on every
 * machine; times and inodes do not enter it.
 */
export function manifestHash(manifest: Pick<Manifest, "entries">): string {
  const sum = createHash("sha256");
  let chunk = "mnemosyne-manifest-1\n";
  for (const path of [...manifest.entries.keys()].toSorted(comparePaths)) {
    const entry = manifest.entries.get(path);
    if (entry === undefined) continue;
    // NUL cannot stand in a path, so no two lists of entries give the same text.
    chunk += `${entry.type}\0${entry.mode.toString(8)}\0${entry.hash}\0${path}\0\n`;
    if (chunk.length > 65_536) {
      sum.update(encodeName(chunk));
      chunk = "";
    }
  }
  return sum.update(encodeName(chunk)).digest("hex");
}

/** A manifest as JSON. */
export function manifestToJson(manifest: Manifest): Json {
  return {
    version: 1,
    caches: manifest.caches,
    skipped: manifest.skipped.map(({ path, reason }) => ({ path, reason })),
    entries: [...manifest.entries].map(([path, entry]) => [
      path,
      entry.type,
      entry.mode,
      entry.hash,
      entry.size,
      entry.target ?? null,
      entry.stamp ?? null,
    ]),
  };
}

/** The opposite of {@link manifestToJson}. Throws `E_INPUT` for anything else. */
export function manifestFromJson(json: unknown): Manifest {
  const value = json as {
    readonly version?: unknown;
    readonly caches?: readonly string[];
    readonly skipped?: Manifest["skipped"];
    readonly entries?: readonly [string, EntryType, number, string, number, string | null, string | null][];
  } | null;
  if (value?.version !== 1 || !Array.isArray(value.entries)) {
    throw new MnemosyneError("E_INPUT", "This is not a manifest of version 1. Read the folder again.", {
      kind: "input",
    });
  }
  const entries = new Map<string, ManifestEntry>();
  for (const [path, type, mode, hash, size, target, stamp] of value.entries) {
    const plain = { type, mode, hash, size };
    if (target !== null) entries.set(path, { ...plain, target });
    else entries.set(path, stamp === null ? plain : { ...plain, stamp });
  }
  return { entries, caches: value.caches ?? [], skipped: value.skipped ?? [] };
}
