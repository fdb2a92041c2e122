// From word vectors to the files of a static model. Pure: the same vectors give the same bytes.
import { createHash } from "node:crypto";

/** Half a probability: a word as frequent as this counts half. */
const HALF = 1e-3;
const EULER = 0.5772156649015329;
/** Directions that all words share, which say how frequent a word is rather than what it means. */
const COMMON_DIRECTIONS = 2;
const ITERATIONS = 30;

/** The form in which words are looked up: no accents, lower case. Must be that of `src/static/folded.ts`. */
export function folded(word) {
  return word
    .normalize("NFKD")
    .replaceAll(/\p{M}+/gu, "")
    .toLowerCase();
}

/**
 * Chooses the most frequent words that a text can have. `words` come most frequent first.
 *
 * @returns {{ word: string, rank: number }[]}
 */
function chosen(words, count, stopWords) {
  const seen = new Set(stopWords);
  const kept = [];
  for (let rank = 0; rank < words.length && kept.length < count; rank++) {
    const word = folded(words[rank]);
    if (seen.has(word) || !/^[\p{L}\p{N}]+$/u.test(word)) continue;
    seen.add(word);
    kept.push({ word, rank });
  }
  return kept;
}

/** Vectors less their mean and the directions that they share. */
function centred(vectors) {
  const dimensions = vectors[0].length;
  const frequent = vectors.slice(0, 20_000);
  const mean = new Float64Array(dimensions);
  for (const vector of frequent)
    for (let at = 0; at < dimensions; at++) mean[at] += vector[at] / frequent.length;
  const moved = vectors.map((vector) => Float64Array.from(vector, (value, at) => value - mean[at]));
  const sample = moved.slice(0, 20_000).filter((_vector, index) => index % 4 === 0);
  const directions = commonDirections(sample.map(unit), dimensions);
  for (const vector of moved) for (const direction of directions) remove(vector, direction);
  return moved;
}

/** The principal directions, by power iteration from a fixed start. */
function commonDirections(vectors, dimensions) {
  const found = [];
  for (let nth = 0; nth < COMMON_DIRECTIONS; nth++) {
    let direction = unit(Float64Array.from({ length: dimensions }, (_, at) => Math.sin(1 + at + nth)));
    for (let round = 0; round < ITERATIONS; round++) {
      const next = new Float64Array(dimensions);
      for (const vector of vectors) {
        const along = dot(vector, direction);
        for (let at = 0; at < dimensions; at++) next[at] += along * vector[at];
      }
      for (const before of found) remove(next, before);
      direction = unit(next);
    }
    found.push(direction);
  }
  return found;
}

/**
 * The files of a model: `words.txt`, one word a line, `vectors.bin`, one float32 a word (its scale times its weight), then its
 * numbers as int8, and `manifest.json`, which names and identifies them.
 *
 * @param {{ name: string, version: string, language: string, source: string, stopWords: readonly string[], count: number,
 *   words: readonly string[], vectorOf: (word: string) => ArrayLike<number> }} input words most frequent first
 * @returns {Record<"manifest.json" | "words.txt" | "vectors.bin", Buffer>}
 */
export function staticModel({ name, version, language, source, stopWords, count, words, vectorOf }) {
  const kept = chosen(words, count, stopWords.map(folded));
  const vectors = centred(kept.map(({ rank }) => vectorOf(words[rank])));
  const dimensions = vectors[0].length;
  const bytes = Buffer.alloc(kept.length * (4 + dimensions));
  const harmonic = Math.log(words.length) + EULER;
  for (const [index, { rank }] of kept.entries()) {
    const vector = vectors[index];
    const largest = vector.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
    const frequency = 1 / ((rank + 1) * harmonic);
    bytes.writeFloatLE(((largest / 127) * HALF) / (HALF + frequency), index * 4);
    const from = kept.length * 4 + index * dimensions;
    for (let at = 0; at < dimensions; at++)
      bytes.writeInt8(Math.round((vector[at] / largest) * 127), from + at);
  }
  const list = Buffer.from(kept.map(({ word }) => word).join("\n"));
  const ignored = stopWords.map(folded).toSorted((a, b) => (a < b ? -1 : 1));
  const hash = createHash("sha256").update(ignored.join(" ")).update("\n").update(list).update(bytes);
  const manifest = {
    format: 1,
    name,
    version,
    language,
    dimensions,
    words: kept.length,
    hash: hash.digest("hex"),
    source,
    stopWords: ignored.join(" "),
  };
  return {
    "manifest.json": Buffer.from(`${JSON.stringify(manifest, undefined, 2)}\n`),
    "words.txt": list,
    "vectors.bin": bytes,
  };
}

function dot(a, b) {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += a[at] * b[at];
  return sum;
}

function unit(vector) {
  const length = Math.sqrt(dot(vector, vector)) || 1;
  return vector.map((value) => value / length);
}

function remove(vector, direction) {
  const along = dot(vector, direction);
  for (let at = 0; at < vector.length; at++) vector[at] -= along * direction[at];
}
