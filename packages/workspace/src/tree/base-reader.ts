import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { isMnemosyneError, type BlobStore } from "@mnemosyne/core";
import { isGone } from "../manifest/walk-folder.ts";
import { fsPath } from "../path/fs-path.ts";

/** Where contents are kept by hash. */
export type ContentSource = Pick<BlobStore, "get">;

/**
 * Reads what a path held at the base: from whichever of the folders still has that content there, else where it is kept.
 * Undefined where nobody has it any more.
 */
export function baseReader(
  folders: readonly string[],
  ...kept: readonly ContentSource[]
): (path: string, hash: string) => Promise<Uint8Array | undefined> {
  return async (path, hash) => {
    for (const folder of folders) {
      const bytes = await readRegular(`${folder}/${path}`);
      if (bytes !== undefined && sha256(bytes) === hash) return bytes;
    }
    for (const contents of kept) {
      const bytes = await keptContent(contents, hash);
      if (bytes !== undefined) return bytes;
    }
    return undefined;
  };
}

/** A content by its hash; undefined where it is gone. */
export async function keptContent(contents: ContentSource, hash: string): Promise<Uint8Array | undefined> {
  try {
    return await contents.get(hash);
  } catch (error) {
    if (isMnemosyneError(error) && error.code === "E_BLOB_GONE") return undefined;
    throw error;
  }
}

/** Bytes of a regular file, its last link not followed; undefined for anything else. */
export async function readRegular(path: string): Promise<Uint8Array | undefined> {
  try {
    const handle = await open(fsPath(path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      return (await handle.stat()).isFile() ? await handle.readFile() : undefined;
    } finally {
      await handle.close();
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (isGone(error) || code === "ELOOP" || code === "ENXIO") return undefined;
    throw error;
  }
}

/** SHA-256, hex. */
export function sha256(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}
