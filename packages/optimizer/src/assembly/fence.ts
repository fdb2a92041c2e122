import { createHash } from "node:crypto";

/** Letters without vowels, so that no fence spells a word; one token counter cannot see digits where another sees letters. */
const LETTERS = "bcdfghjklmnpqrst";
const LENGTH = 8;

/**
 * A code that occurs in none of the contents. Taken from a hash of all of them, so no content can name it: to do so
 * it would have to contain a part of its own hash. Same contents and nonce, same fence.
 */
export function dataFence(contents: readonly string[], nonce: string): string {
  return firstAbsent(contents, `data\0${nonce}\0${digest(contents)}`);
}

/**
 * A code for blocks of the plan's author. Taken from the author's texts alone, so that the beginning of the text is
 * the same for every task of a run; from everything when somebody wrote that code into a content.
 */
export function authorFence(authored: readonly string[], contents: readonly string[], nonce: string): string {
  const stable = code(`author\0${digest(authored)}`);
  if (!occursIn(stable, contents)) return stable;
  return firstAbsent(contents, `author\0${nonce}\0${digest(contents)}`);
}

/**
 * A short code that begins no line of the contents, to stand between the items of one block. Longer where somebody wrote all
 * the short ones.
 */
export function itemFence(contents: readonly string[], nonce: string): string {
  const seed = `item\0${nonce}\0${digest(contents)}`;
  const lines = contents.map((content) => `\n${content.toLowerCase()}`);
  for (let round = 0; ; round++) {
    const mark = code(`${seed}\0${round}`).slice(0, Math.min(LENGTH, 3 + Math.floor(round / 64)));
    if (!lines.some((text) => beginsLine(text, mark))) return mark;
  }
}

function beginsLine(text: string, mark: string): boolean {
  for (let at = text.indexOf(mark); at !== -1; at = text.indexOf(mark, at + 1))
    if (!/[\p{L}\p{N}]/u.test(text[at - 1] ?? "\n")) return true;
  return false;
}

/** As long as a common {@link itemFence}, to measure with. */
export const SAMPLE_MARK = "qtx";

/** As long and of the same letters as any fence, to measure delimiters with. */
export const SAMPLE_FENCE = code("sample");

function firstAbsent(contents: readonly string[], seed: string): string {
  for (let round = 0; ; round++) {
    const fence = code(`${seed}\0${round}`);
    if (!occursIn(fence, contents)) return fence;
  }
}

function occursIn(fence: string, contents: readonly string[]): boolean {
  return contents.some((content) => content.toLowerCase().includes(fence));
}

function digest(contents: readonly string[]): string {
  const hash = createHash("sha256");
  for (const content of contents) hash.update(`${content.length}:`).update(content);
  return hash.digest("hex");
}

function code(seed: string): string {
  let text = "";
  for (const byte of createHash("sha256").update(seed).digest().subarray(0, LENGTH))
    text += LETTERS[byte & 15];
  return text;
}
