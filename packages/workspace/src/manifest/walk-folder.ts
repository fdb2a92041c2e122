import { lstatSync, readdirSync, readlinkSync, type Stats } from "node:fs";
import { createHash } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import { MnemosyneError } from "@mnemosyne/core";
import { throwIfCancelled } from "../disk/disk-threads.ts";
import { comparePaths, decodeName, encodeName, fsPath } from "../path/fs-path.ts";
import { isAsideName, isGitName, isStateName } from "../path/reserved-names.ts";
import type { CacheRule } from "./cache-folders.ts";

/** A file's identity: no path reaches it, whatever its name. */
export interface FileIdentity {
  readonly dev: number | bigint;
  readonly ino: number | bigint;
}

/** What a walk finds. A file has its hash only where a known stamp says that it is still the same. */
export interface WalkedEntry {
  readonly path: string;
  readonly type: "file" | "link" | "directory";
  readonly mode: number;
  readonly size: number;
  readonly stamp: string;
  readonly changedAt: number;
  readonly modifiedAt: number;
  /** Another name, maybe elsewhere, leads to the same content. */
  readonly linked: boolean;
  readonly hash: string | undefined;
  readonly target: string | undefined;
}

/** A folder without contents. */
export interface Walk {
  readonly entries: readonly WalkedEntry[];
  readonly caches: readonly string[];
  readonly skipped: readonly { readonly path: string; readonly reason: string }[];
  /** Paths that are no part of a workspace because of their names; what is in them was not looked at. */
  readonly reserved: readonly string[];
}

/** How a folder is walked. */
export interface WalkOptions {
  readonly caches: CacheRule;
  readonly forbidden?: readonly FileIdentity[];
  /** Hash of a file that has this path and stamp, if it is known. */
  readonly known?: (path: string, stamp: string) => string | undefined;
  readonly signal?: AbortSignal;
}

/** Milliseconds that a walk keeps the event loop, and how many entries pass between two looks at the clock. */
const SLICE = 8;
const LOOK = 32;

/** A folder on the way down, and how far it has been gone through. */
interface Level {
  readonly folder: string;
  readonly names: readonly string[];
  next: number;
}

/**
 * Lists a folder: everything but the top's `.git`, any `.mnemosyne`, caches and what is neither file, link nor
 * folder. Links are not followed. Entries come in order of path.
 */
export async function walkFolder(root: string, options: WalkOptions): Promise<Walk> {
  const entries: WalkedEntry[] = [];
  const caches: string[] = [];
  const skipped: { path: string; reason: string }[] = [];
  const reserved: string[] = [];
  const forbidden = new Set((options.forbidden ?? []).map(({ dev, ino }) => `${Number(dev)}:${Number(ino)}`));
  const levels: Level[] = [{ folder: "", names: namesIn(root, ""), next: 0 }];
  let sliceEnds = performance.now() + SLICE;
  let seen = 0;
  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    const { folder, names } = level;
    const name = names[level.next];
    level.next += 1;
    if (name === undefined) {
      levels.pop();
      continue;
    }
    seen += 1;
    if (seen % LOOK === 0 && performance.now() > sliceEnds) {
      await nextTurn();
      throwIfCancelled(options.signal);
      sliceEnds = performance.now() + SLICE;
    }
    const path = folder === "" ? name : `${folder}/${name}`;
    if (isStateName(name) || isAsideName(name) || (folder === "" && isGitName(name))) {
      reserved.push(path);
      continue;
    }
    const stat = statOf(`${root}/${path}`);
    if (stat === undefined) continue;
    if (!stat.isFile() && options.caches.isCache(folder, name, names)) {
      caches.push(path);
      continue;
    }
    if (forbidden.size > 0 && forbidden.has(`${stat.dev}:${stat.ino}`)) {
      skipped.push({ path, reason: "forbidden" });
      continue;
    }
    const entry = entryOf(root, path, stat, options.known);
    if (entry === undefined) skipped.push({ path, reason: "special" });
    else entries.push(entry);
    if (entry?.type === "directory") levels.push({ folder: path, names: namesIn(root, path), next: 0 });
  }
  // Names were in order folder by folder, which is nearly this one.
  entries.sort((a, b) => comparePaths(a.path, b.path));
  caches.sort(comparePaths);
  skipped.sort((a, b) => comparePaths(a.path, b.path));
  return { entries, caches, skipped, reserved };
}

function namesIn(root: string, folder: string): readonly string[] {
  const path = folder === "" ? root : `${root}/${folder}`;
  try {
    let names = readdirSync(fsPath(path));
    if (names.some((name) => name.includes("\ufffd"))) {
      names = readdirSync(fsPath(path), { encoding: "buffer" }).map((name) => decodeName(name));
    }
    return names.toSorted(comparePaths);
  } catch (error) {
    if (folder !== "" && isGone(error)) return [];
    throw folderError(error, path);
  }
}

function statOf(path: string): Stats | undefined {
  try {
    return lstatSync(fsPath(path));
  } catch (error) {
    if (isGone(error)) return undefined;
    throw folderError(error, path);
  }
}

function entryOf(
  root: string,
  path: string,
  stat: Stats,
  known: WalkOptions["known"],
): WalkedEntry | undefined {
  const type = stat.isFile() ? "file" : stat.isDirectory() ? "directory" : "link";
  if (type === "link" && !stat.isSymbolicLink()) return undefined;
  const stamp = type === "file" ? stampOf(stat) : "";
  const target =
    type === "link" ? decodeName(readlinkSync(fsPath(`${root}/${path}`), { encoding: "buffer" })) : undefined;
  return {
    path,
    type,
    mode: type === "link" ? 0 : stat.mode & 0o7777,
    size: type === "file" ? stat.size : 0,
    stamp,
    changedAt: stat.ctimeMs,
    modifiedAt: stat.mtimeMs,
    linked: type === "file" && stat.nlink > 1,
    hash: type === "file" ? known?.(path, stamp) : target === undefined ? "" : hashOfTarget(target),
    target,
  };
}

/** The hash that stands for a link. */
export function hashOfTarget(target: string): string {
  return createHash("sha256").update(encodeName(target)).digest("hex");
}

/** Device, inode, size and times of a file, as one string. */
export function stampOf(stat: Stats): string {
  return `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeMs}:${stat.ctimeMs}`;
}

/** True for errors that say that a path is not there (any more). */
export function isGone(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  return code === "ENOENT" || code === "ENOTDIR";
}

function folderError(error: unknown, path: string): MnemosyneError {
  const missing = isGone(error);
  return new MnemosyneError(
    missing ? "E_NOT_FOUND" : "E_INPUT",
    missing
      ? `There is no folder ${path}. Name one that exists.`
      : `${path} cannot be read: ${(error as Error).message}. Give this user the right to read it, or leave it out as a cache.`,
    { kind: missing ? "notFound" : "input", cause: error, details: { path } },
  );
}
