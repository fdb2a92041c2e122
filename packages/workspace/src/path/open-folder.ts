import { closeSync, constants, existsSync, mkdirSync, openSync, realpathSync } from "node:fs";
import { isGone } from "../manifest/walk-folder.ts";
import { fsPath } from "./fs-path.ts";

/** A folder that is held open, so that what is done in it is done there, whatever its path comes to mean. */
export interface OpenFolder extends Disposable {
  /** A path for `node:fs` of a name in the folder. */
  at(name: string): string | Buffer;
  close(): void;
}

/** Why a folder could not be opened: a part is missing, is a link, or is something else than a folder. */
export type FolderFault = "missing" | "link" | "obstacle";

const FLAGS = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
const NO_LINK = new Set(["ELOOP", "EMLINK", "ENOTDIR"]);

/**
 * Opens a folder part by part from a root, following no link, and with `create` makes the missing parts. On Linux each
 * step starts from the open folder before it, so that nobody can put a link in between; elsewhere the path is
 * checked after it was opened.
 */
export function openFolder(
  root: string,
  parts: readonly string[],
  create: boolean,
): OpenFolder | FolderFault {
  return canStepThroughHandles() ? stepThrough(root, parts, create) : openAndCheck(root, parts, create);
}

function canStepThroughHandles(): boolean {
  return process.platform === "linux" && existsSync("/proc/self/fd");
}

function stepThrough(root: string, parts: readonly string[], create: boolean): OpenFolder | FolderFault {
  let handle = openSync(fsPath(root), constants.O_RDONLY | constants.O_DIRECTORY);
  for (const part of parts) {
    const next = fsPath(`/proc/self/fd/${handle}/${part}`);
    try {
      if (create) makeOne(next);
      const inner = openSync(next, FLAGS);
      closeSync(handle);
      handle = inner;
    } catch (error) {
      closeSync(handle);
      return faultOf(error, root, parts);
    }
  }
  const open = handle;
  return folder(
    (name) => fsPath(`/proc/self/fd/${open}/${name}`),
    () => closeSync(open),
  );
}

function openAndCheck(root: string, parts: readonly string[], create: boolean): OpenFolder | FolderFault {
  const path = [root, ...parts].join("/");
  try {
    if (create)
      for (let at = 1; at <= parts.length; at += 1) makeOne(fsPath([root, ...parts.slice(0, at)].join("/")));
    const real = realpathSync(fsPath(path), { encoding: "buffer" });
    if (!real.equals(Buffer.from(fsPath(path)))) return "link";
  } catch (error) {
    return faultOf(error, root, parts);
  }
  return folder(
    (name) => fsPath(`${path}/${name}`),
    () => undefined,
  );
}

function folder(at: OpenFolder["at"], close: () => void): OpenFolder {
  return { at, close, [Symbol.dispose]: close };
}

function makeOne(path: string | Buffer): void {
  try {
    mkdirSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

function faultOf(error: unknown, root: string, parts: readonly string[]): FolderFault {
  const { code = "" } = error as NodeJS.ErrnoException;
  if (NO_LINK.has(code)) return isLinkSomewhere(root, parts) ? "link" : "obstacle";
  if (isGone(error)) return "missing";
  throw error;
}

/** Only to say what was wrong: the refusal stands either way. */
function isLinkSomewhere(root: string, parts: readonly string[]): boolean {
  const path = [root, ...parts].join("/");
  try {
    return realpathSync(fsPath(path)) !== path;
  } catch {
    return false;
  }
}
