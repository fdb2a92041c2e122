import { readdirSync, readlinkSync } from "node:fs";
import { mkdir, readdir, readlink, realpath, symlink } from "node:fs/promises";
import { dirname, relative, resolve } from "node:path";
import { decodeName, fsPath } from "../path/fs-path.ts";
import { isGone } from "../manifest/walk-folder.ts";
import type { SharedCache } from "./tree-note.ts";

/**
 * Puts links into a tree that lead to the source's caches, and gives the real folders that they lead to. A cache with
 * links back into the source (as package managers make for the packages of a monorepo) becomes a folder of links, so
 * that these lead to the tree's own copies: what is tested is what was changed.
 */
export async function shareCaches(
  source: string,
  tree: string,
  caches: readonly string[],
): Promise<readonly SharedCache[]> {
  const shared: SharedCache[] = [];
  const sourceReal = await realpath(fsPath(source), { encoding: "utf8" });
  for (const path of caches) {
    const target = await realFolder(`${sourceReal}/${path}`);
    if (target === undefined) continue;
    // The source may be a tree itself, whose cache is a folder of links already.
    if (hasLinksBack(target, sourceReal)) {
      for (const folder of await linkEach(target, `${tree}/${path}`, sourceReal, tree)) {
        shared.push({ path, target: folder });
      }
    } else {
      await symlink(fsPath(target), fsPath(`${tree}/${path}`));
      shared.push({ path, target });
    }
  }
  return shared;
}

async function realFolder(path: string): Promise<string | undefined> {
  try {
    return decodeName(await realpath(fsPath(path), { encoding: "buffer" }));
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** True when an entry of the cache, or of a scope in it, leads into the source outside the cache. */
function hasLinksBack(cache: string, source: string): boolean {
  for (const entry of readdirSync(fsPath(cache), { withFileTypes: true })) {
    const path = `${cache}/${entry.name}`;
    if (entry.isSymbolicLink() && leadsBack(path, cache, source)) return true;
    if (entry.isDirectory() && entry.name.startsWith("@") && hasLinksBack(path, source)) return true;
  }
  return false;
}

function leadsBack(link: string, cache: string, source: string): boolean {
  const target = resolve(dirname(link), decodeName(readlinkSync(fsPath(link), { encoding: "buffer" })));
  return isInside(target, source) && !isInside(target, cache) && !target.includes("/node_modules/");
}

function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

async function linkEach(
  cache: string,
  to: string,
  source: string,
  tree: string,
): Promise<ReadonlySet<string>> {
  const targets = new Set<string>([cache]);
  await mkdir(fsPath(to), { recursive: true });
  for (const entry of await readdir(fsPath(cache), { withFileTypes: true })) {
    const from = `${cache}/${entry.name}`;
    const link = `${to}/${entry.name}`;
    if (entry.isSymbolicLink()) {
      const target = resolve(dirname(from), decodeName(await readlink(fsPath(from), { encoding: "buffer" })));
      const back = leadsBack(from, cache, source);
      // A tree's own folder of links leads on to the cache that they were made from.
      if (!back && !isInside(target, cache)) targets.add(dirname(target));
      await symlink(
        back ? relative(dirname(link), tree + target.slice(source.length)) : target,
        fsPath(link),
      );
    } else if (entry.isDirectory() && entry.name.startsWith("@") && hasLinksBack(from, source)) {
      for (const target of await linkEach(from, link, source, tree)) targets.add(target);
    } else {
      await symlink(from, fsPath(link));
    }
  }
  return targets;
}
