import type { Vocabulary } from "../language/vocabulary.ts";
import type { StoredMemory } from "./memory-row.ts";

// oxlint-disable-next-line no-control-regex -- the range of ASCII
export const ASCII = /^[\u0000-\u007f]*$/;
const NOT_WORD = /[^\p{L}\p{N}\p{M}]+/gu;
/** Runs of scripts that are written without spaces between words. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}ー々〆]+/gu;

/** Its text in the index: {@link plain}, with the words that stand for irregular forms in their place. */
export function indexed(text: string, vocabulary: Vocabulary): string {
  return vocabulary.regular(plain(text));
}

/**
 * A text as the index takes it: compatible forms of a character and its cases are one; what separates words is decided here, by newer
 * tables than SQLite's, for queries and texts alike; and what is written without spaces is cut into overlapping pairs
 * of characters, followed by its last character, so that each one begins a term.
 */
export function plain(text: string): string {
  if (ASCII.test(text)) return text;
  return text
    .normalize("NFKC")
    .toLowerCase()
    .replace(NOT_WORD, " ")
    .replace(UNSPACED, (run) => {
      const characters = Array.from(run);
      return ` ${characters.map((character, index) => character + (characters[index + 1] ?? "")).join(" ")} `;
    });
}

/** What stands in the index's third column: everything else by which a memory is looked for. */
export function metaText(memory: StoredMemory, vocabulary: Vocabulary): string {
  const { actor, occurredAt, keywords, tags, summary, context } = memory;
  const parts: string[] = [];
  if (actor !== undefined) parts.push(actor);
  if (occurredAt !== undefined) parts.push(dateText(occurredAt, vocabulary.months));
  if (tags.length > 0) parts.push(tags.join(" "));
  if (keywords.length > 0) parts.push(keywords.join(" "));
  if (summary !== "") parts.push(summary);
  if (context !== "") parts.push(context);
  return parts.length === 0 ? "" : indexed(parts.join("\n"), vocabulary);
}

/** A date as people write and ask for it: `8 May 2023`. */
function dateText(time: number, months: readonly string[]): string {
  const date = new Date(time);
  return `${date.getUTCDate()} ${months[date.getUTCMonth()] ?? ""} ${date.getUTCFullYear()}`;
}
