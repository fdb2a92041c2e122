import { constants, type BigIntStats } from "node:fs";
import { lstat, open, readlink, type FileHandle } from "node:fs/promises";
import { MnemosyneError } from "@mnemosyne/core";
import { isGone, type FileIdentity } from "../manifest/walk-folder.ts";
import { decodeName, fsPath } from "./fs-path.ts";
import { openFolder, type OpenFolder } from "./open-folder.ts";
import { isAsideName, isGitName, isStateName } from "./reserved-names.ts";

/** Where a jailed path leads. */
export interface Place {
  /** Absolute, without any link in it. */
  readonly real: string;
  /** Relative to the root, without any link in it; undefined where it lies in a shared cache. */
  readonly inside: string | undefined;
}

/** What a path may reach. */
export interface Jail {
  /** Real, absolute. */
  readonly root: string;
  /** Real, absolute folders outside the root that may be read: shared caches. */
  readonly readable: readonly string[];
  /** Files that no path reaches. */
  readonly forbidden: readonly FileIdentity[];
}

const MOST_LINKS = 40;

/**
 * Follows a relative path from the jail's root, link by link, and gives where it leads; the file need not exist.
 * With `follow: false` a link at the very end is not followed. Throws `E_PATH_ESCAPE` where it would leave the
 * jail, `E_NOT_ALLOWED` for reserved names and forbidden files.
 */
export async function resolveInJail(jail: Jail, path: string, follow = true): Promise<Place> {
  const todo = [...partsOf(path)];
  let at = jail.root;
  let links = 0;
  while (todo.length > 0) {
    const part = todo.shift() ?? "";
    if (part === "..") {
      // Only a link's target can bring this here.
      at = at.slice(0, Math.max(0, at.lastIndexOf("/"))) || "/";
      continue;
    }
    const next = at === "/" ? `/${part}` : `${at}/${part}`;
    const stat = await statOf(next);
    if (stat?.isSymbolicLink() === true && (follow || todo.length > 0)) {
      links += 1;
      if (links > MOST_LINKS) throw escape(path, "it is a circle of links");
      const target = decodeName(await readlink(fsPath(next), { encoding: "buffer" }));
      if (target.startsWith("/")) at = "/";
      todo.unshift(...target.split("/").filter((name) => name !== "" && name !== "."));
      continue;
    }
    if (stat !== undefined && isForbidden(jail, stat)) throw notAllowed(path, "it is a database's file");
    at = next;
  }
  return placeOf(jail, path, at);
}

function placeOf(jail: Jail, path: string, real: string): Place {
  if (real === jail.root) return { real, inside: "" };
  if (real.startsWith(`${jail.root}/`)) {
    const inside = real.slice(jail.root.length + 1);
    const reserved = reservedPart(inside.split("/"));
    if (reserved !== undefined) throw notAllowed(path, `${reserved} is not part of the workspace`);
    return { real, inside };
  }
  if (jail.readable.some((folder) => real === folder || real.startsWith(`${folder}/`))) {
    return { real, inside: undefined };
  }
  throw escape(path, "a link in it leads out of the workspace");
}

async function statOf(path: string): Promise<BigIntStats | undefined> {
  try {
    return await lstat(fsPath(path), { bigint: true });
  } catch (error) {
    if (isGone(error)) return undefined;
    throw unusable(path, error);
  }
}

function isForbidden(jail: Jail, stat: BigIntStats): boolean {
  return jail.forbidden.some(({ dev, ino }) => BigInt(dev) === stat.dev && BigInt(ino) === stat.ino);
}

/** The parts of a relative path, checked by name alone. Empty for the root itself. */
export function partsOf(path: string): readonly string[] {
  if (path === "") throw notAllowed(path, "it is empty");
  if (path.includes("\0")) throw escape(path, "it contains a NUL character");
  if (path.startsWith("/")) throw escape(path, "it is absolute; give it relative to the workspace");
  if (path.includes("\\")) throw escape(path, "it contains a backslash; put / between its parts");
  if (/^[A-Za-z]:/u.test(path)) throw escape(path, "it begins with a drive or a scheme");
  if (/^[A-Za-z][A-Za-z0-9+.-]*:\/\//u.test(path)) throw escape(path, "it is a URL");
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  if (parts[0]?.startsWith("~") === true && (parts[0] === "~" || parts.length > 1)) {
    throw escape(path, "it begins with a home folder");
  }
  for (const part of parts) {
    if (part === "..") throw escape(path, "it contains `..`");
    if (/[. ]$/u.test(part)) throw notAllowed(path, "a part of it ends with a dot or a space");
  }
  const reserved = reservedPart(parts);
  if (reserved !== undefined) throw notAllowed(path, `${reserved} is not part of the workspace`);
  return parts;
}

function reservedPart(parts: readonly string[]): string | undefined {
  return parts.find((part) => isStateName(part) || isAsideName(part) || isGitName(part));
}

/**
 * Opens a regular file at the place that {@link resolveInJail} gave, following no link: one that was put there since is
 * refused.
 */
export async function openInJail(jail: Jail, path: string, place: Place): Promise<FileHandle> {
  using folder = folderOf(jail, path, place, false);
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  let handle: FileHandle;
  try {
    handle = await open(folder.at(nameOf(place)), flags);
  } catch (error) {
    throw openError(path, error);
  }
  try {
    const stat = await handle.stat({ bigint: true });
    if (stat.isDirectory()) throw notAllowed(path, "it is a folder, not a file");
    if (!stat.isFile()) throw notAllowed(path, "it is not a regular file");
    if (isForbidden(jail, stat)) throw notAllowed(path, "it is a database's file");
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Holds the folder of a place open; with `create` it is made. Throws `E_PATH_ESCAPE`, `E_NOT_ALLOWED`, `E_NOT_FOUND`. */
export function folderOf(jail: Jail, path: string, place: Place, create: boolean): OpenFolder {
  const base = [jail.root, ...jail.readable].find((root) => place.real.startsWith(`${root}/`));
  if (base === undefined) throw notAllowed(path, "it is a folder, not a file");
  const folder = openFolder(
    base,
    place.real
      .slice(base.length + 1)
      .split("/")
      .slice(0, -1),
    create,
  );
  if (folder === "missing") throw notFound(path);
  if (folder === "link") throw escape(path, "a folder in it became a link meanwhile");
  if (folder === "obstacle") throw notAllowed(path, "a part of it is a file, not a folder");
  return folder;
}

/** The last part of a place. */
export function nameOf(place: Place): string {
  return place.real.slice(place.real.lastIndexOf("/") + 1);
}

function openError(path: string, error: unknown): MnemosyneError {
  const { code } = error as NodeJS.ErrnoException;
  if (isGone(error)) return notFound(path);
  if (code === "ELOOP") return escape(path, "it became a link meanwhile");
  if (code === "ENXIO") return notAllowed(path, "it is not a regular file");
  return unusable(path, error);
}

export function notFound(path: string): MnemosyneError {
  return new MnemosyneError("E_NOT_FOUND", `There is no file ${shown(path)} in the workspace.`, {
    kind: "notFound",
    hint: "List the workspace to see what there is.",
    details: { path },
  });
}

export function escape(path: string, why: string): MnemosyneError {
  return new MnemosyneError("E_PATH_ESCAPE", `${shown(path)} leaves the workspace: ${why}.`, {
    kind: "input",
    hint: "Give a path relative to the workspace that stays inside it.",
    details: { path },
  });
}

export function notAllowed(path: string, why: string): MnemosyneError {
  return new MnemosyneError("E_NOT_ALLOWED", `${shown(path)} may not be used: ${why}.`, {
    kind: "input",
    details: { path },
  });
}

function unusable(path: string, error: unknown): MnemosyneError {
  return new MnemosyneError("E_INPUT", `${shown(path)} cannot be used: ${(error as Error).message}.`, {
    kind: "input",
    cause: error,
    details: { path },
  });
}

function shown(path: string): string {
  return JSON.stringify(path.length > 200 ? `${path.slice(0, 200)}…` : path);
}
