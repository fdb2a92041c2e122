import { indexed } from "./search-text.ts";
import { STOP_WORDS } from "./stop-words.ts";

const WORD = /[\p{L}\p{N}\p{M}]+/gu;
/** Marks alone are no word. */
const LETTER = /[\p{L}\p{N}]/u;
/** One character of a script that is written without spaces. */
const SINGLE =
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]$/u;
const MOST_READ = 200;
const LONGEST_READ = 20_000;
const MOST_TERMS = 64;

/**
 * The FTS5 expression for any text: its words, without those that say nothing, each quoted and joined by OR.
 * `undefined` when the text has no word.
 */
export function matchExpression(query: string): string | undefined {
  const words = indexed(query.slice(0, LONGEST_READ)).toLowerCase().match(WORD) ?? [];
  const read = words.slice(0, MOST_READ).filter((word) => LETTER.test(word));
  const telling = read.filter((word) => !STOP_WORDS.has(word));
  const terms = new Set(telling.length > 0 ? telling : read);
  if (terms.size === 0) return undefined;
  return [...terms]
    .slice(0, MOST_TERMS)
    .map((term) => (SINGLE.test(term) ? `"${term}"*` : `"${term}"`))
    .join(" OR ");
}
