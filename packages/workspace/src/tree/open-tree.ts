import { chmod, mkdir, realpath, symlink } from "node:fs/promises";
import { resolve } from "node:path";
import { MnemosyneError } from "@mnemosyne/core";
import { runDiskJob } from "../disk/disk-threads.ts";
import { cacheRule, DEFAULT_CACHES, sharedCaches } from "../manifest/cache-folders.ts";
import type { Manifest, ManifestEntry } from "../manifest/manifest.ts";
import { assemble, trusted } from "../manifest/read-manifest.ts";
import { walkFolder, type FileIdentity, type Walk } from "../manifest/walk-folder.ts";
import { fsPath } from "../path/fs-path.ts";
import type { ContentSource } from "./base-reader.ts";
import { shareCaches } from "./share-caches.ts";
import { dropTree, Tree } from "./tree.ts";
import {
  identitiesFromJson,
  identitiesToJson,
  readTreeBase,
  readTreeNote,
  writeTreeNote,
} from "./tree-note.ts";

/** Options of {@link openTree}. */
export interface OpenTreeOptions {
  /** Folder to copy: the workspace, or the judged tree of the attempt before. */
  readonly source: string;
  /** Folder to make. What stands there is dropped: a half-made one, or one of an execution that died. */
  readonly tree: string;
  /** What the run's base was, when `source` is an earlier tree. Default: the source as it is copied. */
  readonly base?: Manifest;
  /** Folders that the tree shares read-only. Default node_modules, .venv, target; one that `writes` names is copied. */
  readonly caches?: readonly string[];
  /** Globs: writes to other paths are refused with `E_NOT_ALLOWED`. */
  readonly writes?: readonly string[];
  /** Files that are neither copied nor reachable: a database's. */
  readonly forbidden?: readonly FileIdentity[];
  /** Where base contents are looked up that both the tree and the source have changed. */
  readonly contents?: ContentSource;
  readonly signal?: AbortSignal;
}

/**
 * Makes a task's own folder: a copy of the source as it is, with uncommitted, untracked and ignored files, but without
 * `.git`, `.mnemosyne` and caches; the caches that the source has are shared by link. Permission bits and times are
 * kept, links are copied as links. On failure nothing is left. Throws `E_NOT_FOUND`, `E_INPUT`, `E_CANCELLED`.
 *
 * @example
 * const tree = await openTree({ source: "/home/me/app", tree: "/home/me/app/.mnemosyne/trees/run/fix/1/1" });
 * await tree.write("src/answer.ts", "export const answer = 42;\n");
 * console.log(await tree.changes());
 */
export async function openTree(options: OpenTreeOptions): Promise<Tree> {
  const { signal, forbidden = [], writes, contents } = options;
  const source = await realFolder(options.source);
  const caches = sharedCaches(options.caches ?? DEFAULT_CACHES, writes);
  await dropTree(resolve(options.tree));
  await mkdir(fsPath(options.tree), { recursive: true });
  const root = await realpath(fsPath(options.tree), { encoding: "utf8" });
  if (source === root || source.startsWith(`${root}/`)) {
    throw new MnemosyneError(
      "E_INPUT",
      `The tree ${root} would contain its own source ${source}. Choose another folder.`,
      {
        kind: "input",
      },
    );
  }
  const startedAt = Date.now();
  try {
    const walk = await walkFolder(source, {
      caches: cacheRule(caches),
      forbidden,
      ...(signal === undefined ? {} : { signal }),
    });
    if (root.startsWith(`${source}/`) && walk.entries.some(({ path }) => `${source}/${path}` === root)) {
      throw new MnemosyneError(
        "E_INPUT",
        `The tree ${root} lies in its source, where it would copy itself. Put it into .mnemosyne or elsewhere.`,
        { kind: "input" },
      );
    }
    const { original, copied } = await copyEntries(source, root, walk, startedAt, signal);
    const shared = await shareCaches(source, root, walk.caches);
    await sealFolders(root, walk);
    const base = options.base ?? original;
    const origins = [source, ...((await readTreeNote(source))?.origins ?? [])];
    const note = { version: 1 as const, origins, caches, shared, forbidden: identitiesToJson(forbidden) };
    await writeTreeNote(root, writes === undefined ? note : { ...note, writes }, base);
    return new Tree({
      root,
      origins,
      base,
      caches,
      shared,
      forbidden,
      known: copied,
      ...(writes === undefined ? {} : { writes }),
      ...(contents === undefined ? {} : { contents }),
    });
  } catch (error) {
    await dropTree(root);
    throw error;
  }
}

/** Options of {@link reopenTree}; what is not given is as it was when the tree was opened. */
export interface ReopenTreeOptions {
  readonly tree: string;
  readonly caches?: readonly string[];
  readonly writes?: readonly string[];
  readonly forbidden?: readonly FileIdentity[];
  readonly contents?: ContentSource;
}

/** Finds a tree again, in another process too. Throws `E_NOT_FOUND` where there is none, or only a half-made one. */
export async function reopenTree(options: ReopenTreeOptions): Promise<Tree> {
  const root = await realFolder(options.tree);
  const note = await readTreeNote(root);
  const base = await readTreeBase(root);
  if (note === undefined || base === undefined) {
    throw new MnemosyneError("E_NOT_FOUND", `${root} is not a finished tree. Open a new one.`, {
      kind: "notFound",
    });
  }
  const writes = options.writes ?? note.writes;
  return new Tree({
    root,
    origins: note.origins,
    base,
    caches: options.caches === undefined ? note.caches : sharedCaches(options.caches, writes),
    shared: note.shared,
    forbidden: options.forbidden ?? identitiesFromJson(note.forbidden),
    ...(writes === undefined ? {} : { writes }),
    ...(options.contents === undefined ? {} : { contents: options.contents }),
  });
}

async function copyEntries(
  source: string,
  root: string,
  walk: Walk,
  startedAt: number,
  signal: AbortSignal | undefined,
): Promise<{ readonly original: Manifest; readonly copied: Manifest }> {
  for (const { path, type, mode, target } of walk.entries) {
    // Until everything is in it, a folder must be open to us whatever its bits say.
    if (type === "directory") await mkdir(fsPath(`${root}/${path}`), { mode: mode | 0o700 });
    else if (type === "link") await symlink(fsPath(target ?? ""), fsPath(`${root}/${path}`));
  }
  const files = walk.entries.filter(({ type }) => type === "file");
  const outcomes = await runDiskJob({ from: source, to: root, files }, signal);
  const copied = assemble(
    walk,
    new Map(files.map(({ path }, at) => [path, outcomes[at]])),
    source,
    Date.now(),
  );
  return { original: withStampsOf(walk, copied, startedAt), copied };
}

/** The same entries, with the stamps that the walk saw in the source. */
function withStampsOf(walk: Walk, copied: Manifest, startedAt: number): Manifest {
  const entries = new Map<string, ManifestEntry>();
  for (const { path, stamp: seen, changedAt } of walk.entries) {
    const entry = copied.entries.get(path);
    if (entry === undefined) continue;
    const { stamp: _, ...state } = entry;
    const stamp = entry.type === "file" ? trusted(seen, changedAt, startedAt) : undefined;
    entries.set(path, stamp === undefined ? state : { ...state, stamp });
  }
  return { ...copied, entries };
}

/** Gives every folder its permission bits, deepest first. */
async function sealFolders(root: string, walk: Walk): Promise<void> {
  const mask = process.umask();
  for (const { path, type, mode } of walk.entries.toReversed()) {
    if (type !== "directory") continue;
    const made = (mode | 0o700) & ~mask;
    if (made !== mode || mode > 0o777) await chmod(fsPath(`${root}/${path}`), mode);
  }
}

/** The real path of a folder. Throws `E_NOT_FOUND`. */
export async function realFolder(path: string): Promise<string> {
  try {
    return await realpath(fsPath(resolve(path)), { encoding: "utf8" });
  } catch (error) {
    throw new MnemosyneError("E_NOT_FOUND", `There is no folder ${path}. Name one that exists.`, {
      kind: "notFound",
      cause: error,
    });
  }
}
