import { closeSync, constants, linkSync, openSync, readSync, writeSync } from "node:fs";
import { open } from "node:fs/promises";
import { setImmediate as nextTurn } from "node:timers/promises";
import { MnemosyneError } from "@mnemosyne/core";
import { throwIfCancelled } from "../disk/disk-threads.ts";
import type { Manifest } from "../manifest/manifest.ts";
import { isGone } from "../manifest/walk-folder.ts";
import { fsPath } from "../path/fs-path.ts";
import { readRegular, sha256, type ContentSource } from "./base-reader.ts";

/** Larger files are not kept: nobody merges them by lines. */
const LARGEST = 1 << 20;
/** A header is the hash, a space, the length padded to 8 digits, and a line end. */
const HEADER = 74;
/** Milliseconds that the event loop is kept. */
const SLICE = 8;

/**
 * Keeps the contents of a folder's smaller files in one file, each once: making one large file costs next to nothing
 * where thousands of small ones cost seconds.
 */
export async function writeContentPack(
  file: string,
  root: string,
  manifest: Manifest,
  signal: AbortSignal | undefined,
): Promise<void> {
  const kept = new Set<string>();
  const handle = openSync(file, "w");
  let sliceEnds = performance.now() + SLICE;
  try {
    for (const [path, { type, hash, size }] of manifest.entries) {
      if (type !== "file" || size > LARGEST || kept.has(hash)) continue;
      if (performance.now() > sliceEnds) {
        await nextTurn();
        throwIfCancelled(signal);
        sliceEnds = performance.now() + SLICE;
      }
      const bytes = await readRegular(`${root}/${path}`);
      if (bytes === undefined || bytes.length !== size) continue;
      kept.add(hash);
      writeSync(handle, `${hash} ${String(size).padStart(8)}\n`);
      for (let at = 0; at < size;) at += writeSync(handle, bytes, at);
    }
  } finally {
    closeSync(handle);
  }
}

/** Gives the pack of one tree to the next, without copying it: a pack never changes. False where there is none. */
export function shareContentPack(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (isGone(error)) return false;
    throw error;
  }
}

/** Reads contents from a pack. Its index is read with the first of them; where there is no pack, it holds nothing. */
export function contentPack(file: string): ContentSource {
  let index: ReadonlyMap<string, { readonly at: number; readonly length: number }> | undefined;
  return {
    async get(hash) {
      index ??= readIndex(file);
      const place = index.get(hash);
      const bytes = place === undefined ? undefined : await readPart(file, place.at, place.length);
      if (bytes !== undefined && sha256(bytes) === hash) return bytes;
      throw new MnemosyneError("E_BLOB_GONE", `The content ${hash} is not kept with the tree.`, {
        kind: "notFound",
      });
    },
  };
}

function readIndex(file: string): ReadonlyMap<string, { readonly at: number; readonly length: number }> {
  const index = new Map<string, { readonly at: number; readonly length: number }>();
  let handle: number;
  try {
    handle = openSync(fsPath(file), constants.O_RDONLY);
  } catch (error) {
    if (isGone(error)) return index;
    throw error;
  }
  try {
    const header = Buffer.alloc(HEADER);
    for (let at = 0; readSync(handle, header, 0, HEADER, at) === HEADER;) {
      const length = Number(header.toString("latin1", 65, HEADER - 1));
      index.set(header.toString("latin1", 0, 64), { at: at + HEADER, length });
      at += HEADER + length;
    }
    return index;
  } finally {
    closeSync(handle);
  }
}

async function readPart(file: string, at: number, length: number): Promise<Uint8Array> {
  const handle = await open(file, "r");
  try {
    const bytes = Buffer.alloc(length);
    const { bytesRead } = await handle.read(bytes, 0, length, at);
    return bytes.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
