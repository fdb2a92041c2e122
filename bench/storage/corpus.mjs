// Deterministic memories: words drawn by Zipf's law from a made-up vocabulary, so that every run sees the same text.
import { readFileSync } from "node:fs";

/** A seeded generator of numbers in [0, 1). */
export function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const CONSONANTS = "bcdfghjklmnprstvwz";
const VOWELS = "aeiou";

function vocabulary(size) {
  const random = generator(7);
  const letter = (letters) => letters[Math.floor(random() * letters.length)];
  const words = new Set();
  while (words.size < size) {
    let word = "";
    for (let left = 2 + Math.floor(random() * 3); left > 0; left--)
      word += letter(CONSONANTS) + letter(VOWELS);
    words.add(random() < 0.4 ? word + letter(CONSONANTS) : word);
  }
  return [...words];
}

const WORDS = vocabulary(20_000);
const CUMULATIVE = new Float64Array(WORDS.length);
{
  let sum = 0;
  for (let rank = 0; rank < WORDS.length; rank++) CUMULATIVE[rank] = sum += 1 / (rank + 1.7);
  for (let rank = 0; rank < WORDS.length; rank++) CUMULATIVE[rank] /= sum;
}

function drawWord(random, words = WORDS) {
  const at = random();
  let low = 0;
  let high = CUMULATIVE.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (CUMULATIVE[middle] < at) low = middle + 1;
    else high = middle;
  }
  return words[low];
}

function text(random, length, words) {
  let text = "";
  while (text.length < length) text += `${text === "" ? "" : " "}${drawWord(random, words)}`;
  return text;
}

/** The memory with a number: some 730 bytes of JSON. */
export function memory(number, words = WORDS) {
  const random = generator(1_000_003 + number);
  return {
    content: text(random, 300, words),
    summary: text(random, 80, words),
    context: text(random, 60, words),
    keywords: [drawWord(random), `${drawWord(random)}1`, `${drawWord(random)}2`, `${drawWord(random)}3`],
    tags: [`tag${Math.floor(random() * 50)}`, `label${Math.floor(random() * 50)}`],
    importance: 1 + Math.floor(random() * 10),
    confidence: Math.round(random() * 100) / 100,
    namespace: "project:bench",
  };
}

let english;

/** The same of English words, the commonest first: those that the static embedder knows, with punctuation. */
export function englishMemory(number) {
  english ??= readFileSync(
    new URL("../../packages/embeddings/assets/static-en/words.txt", import.meta.url),
    "utf8",
  ).split("\n", WORDS.length);
  const made = memory(number, english);
  const sentences = made.content
    .split(" ")
    .reduce((all, word, at) => `${all}${at % 9 === 8 ? ". " : " "}${word}`);
  return { ...made, content: `${sentences[0]?.toUpperCase() ?? ""}${sentences.slice(1)}.` };
}

/** Three words of middling frequency. */
export function query(number) {
  const random = generator(99 + number * 7919);
  const word = () => WORDS[200 + Math.floor(random() * 4800)];
  return [word(), word(), word()];
}

/** Three of the hundred commonest words. */
export function commonQuery(number) {
  const random = generator(5 + number * 104_729);
  const word = () => WORDS[Math.floor(random() * 100)];
  return [word(), word(), word()];
}

/** A stand-in for word vectors of this vocabulary: the sum of a fixed vector a word, in 100 dimensions. */
export function wordEmbedder() {
  const known = new Map();
  const vectorOf = (word) => {
    let vector = known.get(word);
    if (vector === undefined) {
      let seed = 7;
      for (const character of word) seed = Math.imul(seed ^ character.charCodeAt(0), 16_777_619);
      const random = generator(seed);
      vector = Float32Array.from({ length: 100 }, () => random() - 0.5);
      known.set(word, vector);
    }
    return vector;
  };
  const embed = (text) => {
    const sum = new Float32Array(100);
    for (const word of text.split(" ")) {
      const vector = vectorOf(word);
      for (let at = 0; at < 100; at++) sum[at] += vector[at];
    }
    return sum;
  };
  return { id: "bench-words@1/100", dimensions: 100, weight: 0.25, embed: async (texts) => texts.map(embed) };
}
