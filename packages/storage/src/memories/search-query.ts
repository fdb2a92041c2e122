import type { Vocabulary } from "../language/vocabulary.ts";
import { ASCII, plain } from "./search-text.ts";

const WORD = /[\p{L}\p{N}\p{M}]+/gu;
/** Marks alone are no word. */
const LETTER = /[\p{L}\p{N}]/u;
/** One character of a script that is written without spaces. */
const SINGLE =
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]$/u;
const ASCII_WORD = /[a-z0-9]+/g;
const MOST_READ = 200;
const LONGEST_READ = 20_000;
const MOST_TERMS = 64;

/** The words of a query, in order. */
export function wordsOf(query: string): readonly string[] {
  const read = query.slice(0, LONGEST_READ);
  // Most queries are: their characters need no tables.
  if (ASCII.test(read)) return (read.toLowerCase().match(ASCII_WORD) ?? []).slice(0, MOST_READ);
  const words = plain(read).toLowerCase().match(WORD) ?? [];
  return words.slice(0, MOST_READ).filter((word) => LETTER.test(word));
}

/**
 * The FTS5 phrases for a query's words: those that say something, each quoted, one for each stem. `names` are left out: who said something is not what was said. Empty when there is no word at all.
 */
export function phrasesOf(
  words: readonly string[],
  { stopWords, forms, stem }: Vocabulary,
  names: ReadonlySet<string> = new Set(),
): readonly string[] {
  const telling = words.filter((word) => !stopWords.has(word));
  const subject = telling.filter((word) => !names.has(word));
  const phrases = new Map<string, string>();
  const add = (word: string): void => {
    const key = stem(word);
    if (phrases.size < MOST_TERMS && !phrases.has(key))
      phrases.set(key, SINGLE.test(word) ? `"${word}"*` : `"${word}"`);
  };
  for (const word of subject.length > 0 ? subject : telling.length > 0 ? telling : words) {
    add(forms.get(word) ?? word);
    // As it stands too: what was stored by older code, or in another language, has it so.
    if (forms.has(word)) add(word);
  }
  return [...phrases.values()];
}
