import { mkdir, readdir, realpath } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { MnemosyneError } from "@mnemosyne/core";
import { cacheRule, DEFAULT_CACHES, sharedCaches } from "../manifest/cache-folders.ts";
import type { Manifest } from "../manifest/manifest.ts";
import { knownHash } from "../manifest/read-manifest.ts";
import { walkFolder, type FileIdentity, type Walk } from "../manifest/walk-folder.ts";
import { fsPath } from "../path/fs-path.ts";
import type { ContentSource } from "./base-reader.ts";
import { shareContentPack, writeContentPack } from "./content-pack.ts";
import { copyEntries, type Copied } from "./copy-entries.ts";
import { statOf } from "./folder-workspace.ts";
import { realFolder } from "./real-folder.ts";
import { shareCaches } from "./share-caches.ts";
import { prepareSpare, takeSpare, type Spare } from "./spare-trees.ts";
import { dropTree, Tree } from "./tree.ts";
import {
  besideTree,
  identitiesToJson,
  isMarkedTree,
  markUnfinished,
  readTreeNote,
  writeTreeManifest,
  writeTreeNote,
} from "./tree-note.ts";

/** Options of {@link openTree}. */
export interface OpenTreeOptions {
  /** Folder to copy: the workspace, or the judged tree of the attempt before. */
  readonly source: string;
  /** Folder to make. A tree that stands there is dropped: a half-made one, or one of an execution that died. */
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
  /**
   * Keeps the contents of the base's smaller files beside the tree, so that `readBase` and a merge by lines have them
   * whatever happens to the workspace. Default false; then they are found as long as somebody still has them.
   */
  readonly keepBase?: boolean;
  /** Folder, on the same file system, with dropped trees: one of them is brought up to date instead of copying all. */
  readonly spares?: string;
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
  const { forbidden = [], writes, contents, spares } = options;
  const source = await realFolder(options.source);
  const root = await realPlace(options.tree);
  await assertFree(root, source);
  const caches = sharedCaches(options.caches ?? DEFAULT_CACHES, writes);
  await dropTree(root);
  await markUnfinished(root);
  try {
    const spare = spares === undefined ? undefined : await takeSpare(spares, root);
    if (spare === undefined) await mkdir(fsPath(root));
    const { walk, copied } = await fill(source, root, caches, spare, options);
    const shared = await shareCaches(source, root, walk.caches);
    const base = options.base ?? copied.original;
    await writeTreeManifest(besideTree(root).base, base);
    await writeTreeManifest(besideTree(root).copy, copied.copy);
    if (options.keepBase === true) await keepContents(source, root, copied, options);
    const origins = [source, ...((await readTreeNote(source))?.origins ?? [])];
    const note = { version: 1 as const, origins, caches, shared, forbidden: identitiesToJson(forbidden) };
    await writeTreeNote(root, writes === undefined ? note : { ...note, writes });
    return new Tree({
      root,
      origins,
      base,
      caches,
      shared,
      forbidden,
      known: copied.copy,
      ...(writes === undefined ? {} : { writes }),
      ...(contents === undefined ? {} : { contents }),
    });
  } catch (error) {
    await dropTree(root);
    throw error;
  }
}

/** The base of a later attempt is the first one's: its contents are in the pack of the tree before. */
async function keepContents(
  source: string,
  root: string,
  copied: Copied,
  options: OpenTreeOptions,
): Promise<void> {
  const { pack } = besideTree(root);
  if (options.base !== undefined && shareContentPack(besideTree(source).pack, pack)) return;
  await writeContentPack(pack, root, copied.copy, options.signal);
}

async function fill(
  source: string,
  root: string,
  caches: readonly string[],
  spare: Spare | undefined,
  { forbidden = [], signal, spares }: OpenTreeOptions,
): Promise<{ readonly walk: Walk; readonly copied: Copied }> {
  const startedAt = Date.now();
  const abort = signal === undefined ? {} : { signal };
  const walk = await walkFolder(source, {
    caches: cacheRule(caches),
    forbidden,
    ...(spare === undefined ? {} : { known: (path, stamp) => knownHash(spare.base, path, stamp) }),
    ...abort,
  });
  if (walk.entries.some(({ path }) => `${source}/${path}` === root)) {
    throw new MnemosyneError(
      "E_INPUT",
      `The tree ${root} lies in its source, where it would copy itself. Put it into .mnemosyne or elsewhere.`,
      { kind: "input" },
    );
  }
  const kept = spare === undefined ? {} : await prepareSpare(root, spare, walk, signal);
  const settle = spares !== undefined;
  return { walk, copied: await copyEntries({ source, root, walk, startedAt, settle, ...kept, ...abort }) };
}

/** The real path of a folder that may not be there yet; the folders above it are made. */
async function realPlace(folder: string): Promise<string> {
  const place = resolve(folder);
  await mkdir(fsPath(dirname(place)), { recursive: true });
  const above = await realpath(fsPath(dirname(place)), { encoding: "utf8" });
  return `${above === "/" ? "" : above}${place.slice(place.lastIndexOf("/"))}`;
}

/** Refuses a place where somebody's files would be lost. */
async function assertFree(root: string, source: string): Promise<void> {
  if (source === root || source.startsWith(`${root}/`)) {
    throw new MnemosyneError(
      "E_INPUT",
      `The tree ${root} would contain its own source ${source}. Choose another folder.`,
      { kind: "input" },
    );
  }
  const stat = await statOf(root);
  if (stat === undefined || (await isMarkedTree(root))) return;
  if (stat.isDirectory() && (await readdir(fsPath(root))).length === 0) {
    await markUnfinished(root);
    return;
  }
  throw new MnemosyneError(
    "E_INPUT",
    `${root} is there already and is not a tree that was opened here. Choose a folder that does not exist yet.`,
    { kind: "input", details: { path: root } },
  );
}
