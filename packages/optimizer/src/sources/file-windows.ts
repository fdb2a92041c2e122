import { termsOfWord, wordsOf } from "../relevance.ts";

const AROUND = 8;

/** About so many characters of a large text: the lines nearest to the query with lines around them, each part with its line numbers. `undefined` when every line is too long. */
export function windowsAround(
  text: string,
  query: ReadonlySet<string>,
  weight: (term: string) => number,
  characters: number,
): string | undefined {
  const lines = text.split("\n");
  const worth = new Map<string, number>();
  const worthOf = (word: string): number => {
    let value = worth.get(word);
    if (value === undefined) {
      const terms = new Set(termsOfWord(word));
      value = [...terms].reduce((sum, term) => sum + (query.has(term) ? weight(term) : 0), 0);
      worth.set(word, value);
    }
    return value;
  };
  const scores = lines.map((line) =>
    [...new Set(wordsOf(line))].reduce((sum, word) => sum + worthOf(word), 0),
  );
  const order = scores
    .map((_, index) => index)
    .toSorted((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0) || a - b);
  const kept = new Set<number>();
  let left = characters;
  for (const centre of order) {
    if (left <= 0) break;
    for (let at = Math.max(0, centre - AROUND); at <= Math.min(lines.length - 1, centre + AROUND); at++) {
      if (kept.has(at)) continue;
      const length = (lines[at]?.length ?? 0) + 1;
      if (length > left) continue;
      kept.add(at);
      left -= length;
    }
  }
  const parts: string[] = [];
  let start = 0;
  while (start < lines.length) {
    if (!kept.has(start)) {
      start++;
      continue;
    }
    let end = start;
    while (kept.has(end + 1)) end++;
    parts.push(
      `[lines ${start + 1}-${end + 1} of ${lines.length}]\n${lines.slice(start, end + 1).join("\n")}`,
    );
    start = end + 1;
  }
  return parts.length === 0 ? undefined : parts.join("\n");
}
