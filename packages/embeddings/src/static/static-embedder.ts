import { resolve, sep } from "node:path";
import { setImmediate } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import type { Embedder } from "@mnemosyne/core";
import { throwIfCancelled } from "../cancelled.ts";
import { unitVector } from "../unit-vector.ts";
import { readManifest, readModel, type StaticModel } from "./static-model.ts";
import { folded } from "./folded.ts";

const ENGLISH = new URL("../../assets/static-en/", import.meta.url);
/** Milliseconds after which other work gets a turn. */
const TURN = 10;

/** Options of {@link createStaticEmbedder}. */
export interface StaticEmbedderOptions {
  /** The folder of another model, made by `scripts/build-static.mjs`. Default: the English one of this package. */
  readonly model?: string | URL;
}

/**
 * An embedder that works offline and needs a few microseconds a text: each word has a vector, and a text's is their
 * weighted sum. It knows 40,000 English words; names and rare words are left to the search by words, and a text of
 * nothing else has no vector. The model (4.5 MB) is read at the first `embed`.
 *
 * Throws `E_INPUT` where the folder has no model.
 *
 * @example
 * const embedder = createStaticEmbedder();
 * const [cat, kitten] = await embedder.embed(["The cat sleeps.", "A kitten is napping."]);
 */
export function createStaticEmbedder(options: StaticEmbedderOptions = {}): Embedder {
  const folder = folderOf(options.model ?? ENGLISH);
  const manifest = readManifest(folder);
  const { name, version, dimensions, hash } = manifest;
  let model: Promise<StaticModel> | undefined;
  const loaded = (): Promise<StaticModel> => {
    model ??= readModel(folder, manifest, folder !== ENGLISH).catch((error: unknown) => {
      model = undefined;
      throw error;
    });
    return model;
  };
  return {
    id: `${name}@${version}/${dimensions}#${hash.slice(0, 16)}`,
    dimensions,
    weight: 0.25,
    async embed(texts, { signal } = {}) {
      throwIfCancelled(signal);
      if (texts.length === 0) return [];
      const model = await loaded();
      const vectors: (Float32Array | undefined)[] = [];
      const sum = new Float64Array(dimensions);
      let turn = performance.now();
      for (const [nth, text] of texts.entries()) {
        if (nth % 32 === 0 && performance.now() - turn > TURN) {
          await setImmediate();
          throwIfCancelled(signal);
          turn = performance.now();
        }
        vectors.push(vectorOf(text, model, sum));
      }
      return vectors;
    },
  };
}

function vectorOf(
  text: string,
  { index, scales, cells }: StaticModel,
  sum: Float64Array,
): Float32Array | undefined {
  const dimensions = sum.length;
  sum.fill(0);
  index.scan(folded(text), (row) => {
    addScaled(sum, cells, row * dimensions, scales[row] ?? 0);
  });
  return unitVector(sum);
}

/** Adds a word's vector. Four numbers at a time: one at a time takes most of what an embedding takes. */
function addScaled(sum: Float64Array, cells: Int8Array, from: number, scale: number): void {
  const dimensions = sum.length;
  let at = 0;
  for (; at + 4 <= dimensions; at += 4) {
    const cell = from + at;
    sum[at] = (sum[at] ?? 0) + scale * (cells[cell] ?? 0);
    sum[at + 1] = (sum[at + 1] ?? 0) + scale * (cells[cell + 1] ?? 0);
    sum[at + 2] = (sum[at + 2] ?? 0) + scale * (cells[cell + 2] ?? 0);
    sum[at + 3] = (sum[at + 3] ?? 0) + scale * (cells[cell + 3] ?? 0);
  }
  for (; at < dimensions; at++) sum[at] = (sum[at] ?? 0) + scale * (cells[from + at] ?? 0);
}

function folderOf(model: string | URL): URL {
  const url = typeof model === "string" ? pathToFileURL(resolve(model) + sep) : model;
  return url.pathname.endsWith("/") ? url : new URL(`${url.href}/`);
}
