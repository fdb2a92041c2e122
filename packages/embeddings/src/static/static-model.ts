import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { MnemosyneError, isMnemosyneError } from "@mnemosyne/core";
import { WordIndex } from "./word-index.ts";

/** What a folder's `manifest.json` says of its model. */
export interface StaticManifest {
  readonly name: string;
  readonly version: string;
  readonly dimensions: number;
  readonly words: number;
  /** SHA-256 of stop words, words and vectors, in hexadecimal. */
  readonly hash: string;
  /** Words that mean nothing by themselves, apart by spaces. */
  readonly stopWords: string;
}

/** A model in memory. */
export interface StaticModel {
  readonly index: WordIndex;
  /** By row: what a number of `cells` is multiplied by. */
  readonly scales: Float32Array;
  readonly cells: Int8Array;
}

/** Reads who a model is. Throws `E_INPUT` where the folder has no model of a known format. */
export function readManifest(folder: URL): StaticManifest {
  let manifest: Partial<StaticManifest> & { readonly format?: number };
  try {
    manifest = JSON.parse(readFileSync(new URL("manifest.json", folder), "utf8")) as typeof manifest;
  } catch (cause) {
    throw unusable(folder, "has no readable manifest.json", cause);
  }
  const { format, name, version, dimensions, words, hash, stopWords } = manifest;
  if (format !== 1) throw unusable(folder, `is of format ${String(format)}, not 1`);
  if (
    typeof name !== "string" ||
    typeof version !== "string" ||
    typeof hash !== "string" ||
    typeof stopWords !== "string" ||
    !isCount(dimensions) ||
    !isCount(words)
  )
    throw unusable(folder, "has a manifest.json in which fields are missing");
  return { name, version, dimensions, words, hash, stopWords };
}

/**
 * Reads a model's words and vectors. Throws `E_INPUT` where they are not those that the manifest names; their hash is
 * compared where `verify` says so, which takes a third of the time.
 */
export async function readModel(
  folder: URL,
  manifest: StaticManifest,
  verify: boolean,
): Promise<StaticModel> {
  const { dimensions, words } = manifest;
  try {
    const vectors = wholeFile(new URL("vectors.bin", folder));
    // Ends with it below; until then a fault of it waits.
    vectors.catch(() => undefined);
    const list = await wholeFile(new URL("words.txt", folder));
    // While the vectors, which are longer, are read.
    const index = new WordIndex(list, words);
    const bytes = await vectors;
    if (bytes.length !== words * (4 + dimensions))
      throw unusable(folder, `has ${bytes.length} bytes of vectors, not ${words * (4 + dimensions)}`);
    if (verify && hashOf(manifest.stopWords, list, bytes) !== manifest.hash)
      throw unusable(folder, "is damaged: its hash is not that of its manifest");
    const scales = new Float32Array(bytes.buffer, 0, words);
    return { index, scales, cells: new Int8Array(bytes.buffer, words * 4) };
  } catch (error) {
    throw isMnemosyneError(error) ? error : unusable(folder, "cannot be read", error);
  }
}

/** Reads a file at once, into memory that is its alone. */
async function wholeFile(file: URL): Promise<Uint8Array<ArrayBuffer>> {
  const handle = await open(file);
  try {
    const bytes = new Uint8Array((await handle.stat()).size);
    let filled = 0;
    while (filled < bytes.length) {
      const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return bytes.subarray(0, filled);
  } finally {
    await handle.close();
  }
}

function hashOf(stopWords: string, list: Uint8Array, vectors: Uint8Array): string {
  return createHash("sha256").update(stopWords).update("\n").update(list).update(vectors).digest("hex");
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

function unusable(folder: URL, fault: string, cause?: unknown): MnemosyneError {
  return new MnemosyneError("E_INPUT", `The static model in ${fileURLToPath(folder)} ${fault}.`, {
    kind: "input",
    path: "model",
    hint: "Install @mnemosyne/embeddings again, or build the model with its scripts/build-static.mjs.",
    ...(cause === undefined ? {} : { cause }),
  });
}
