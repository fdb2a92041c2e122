import type { EventLoopTurn } from "../database/event-loop-turn.ts";
import { cosine, type Quantized } from "../vectors/quantized.ts";

/** What two memories are compared by. */
export interface Comparable {
  readonly words: ReadonlySet<string>;
  readonly vector: Quantized | undefined;
  readonly embedder: number;
}

/** Two that are alike, by their places in a list. */
export interface Likeness {
  readonly a: number;
  readonly b: number;
  readonly similarity: number;
  readonly by: "meaning" | "words";
}

/** Candidates for consolidation are more alike than this. */
export const ALIKE = { meaning: 0.9, words: 0.8 } as const;

const WORDS = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]|[\p{L}\p{N}]+/gu;

/** The words of a text, each once; the characters of what is written without spaces. */
export function wordsOf(text: string): ReadonlySet<string> {
  return new Set(text.normalize("NFKC").toLowerCase().match(WORDS) ?? []);
}

/** Shared words divided by all words. */
export function jaccard(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  if (a.size === 0 && b.size === 0) return 1;
  const [small, large] = a.size < b.size ? [a, b] : [b, a];
  let shared = 0;
  for (const word of small) if (large.has(word)) shared++;
  return shared / (a.size + b.size - shared);
}

/** How alike two are: by meaning where both have vectors of one embedder, else by words. */
export function likeness(a: Comparable, b: Comparable): Pick<Likeness, "similarity" | "by"> {
  if (a.vector !== undefined && b.vector !== undefined && a.embedder === b.embedder)
    return { similarity: cosine(a.vector, b.vector), by: "meaning" };
  return { similarity: jaccard(a.words, b.words), by: "words" };
}

/** Every pair that is alike enough to be a candidate; in turns that leave the event loop free. */
export async function alikePairs(
  items: readonly Comparable[],
  turn: EventLoopTurn,
  signal?: AbortSignal,
): Promise<readonly Likeness[]> {
  const found = new Map<string, Likeness>();
  const consider = (a: number, b: number): void => {
    const [one, other] = [items[a], items[b]];
    if (one === undefined || other === undefined) return;
    const { similarity, by } = likeness(one, other);
    if (similarity > ALIKE[by]) found.set(`${a} ${b}`, { a, b, similarity, by });
  };
  const embedded = items.flatMap(({ vector }, index) => (vector === undefined ? [] : [index]));
  for (const [place, a] of embedded.entries()) {
    signal?.throwIfAborted();
    for (let at = place + 1; at < embedded.length; at++) {
      consider(a, embedded[at] ?? 0);
      if (at % 256 === 0) await turn.yieldIfSpent();
    }
    await turn.yieldIfSpent();
  }
  // Two sets with so much in common share one of their few rarest words: only those that do need be compared.
  const counts = new Map<string, number>();
  for (const { words } of items) for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  const holders = new Map<string, number[]>();
  for (const [b, { words, vector }] of items.entries()) {
    signal?.throwIfAborted();
    const rarest = [...words].toSorted(
      (x, y) => (counts.get(x) ?? 0) - (counts.get(y) ?? 0) || (x < y ? -1 : 1),
    );
    const prefix = rarest.slice(0, words.size - Math.ceil(ALIKE.words * words.size) + 1);
    const met = new Set<number>();
    for (const word of prefix) {
      for (const a of holders.get(word) ?? []) met.add(a);
      const list = holders.get(word);
      if (list === undefined) holders.set(word, [b]);
      else list.push(b);
    }
    let compared = 0;
    for (const a of met) {
      if (vector === undefined || items[a]?.vector === undefined || items[a]?.embedder !== items[b]?.embedder)
        consider(a, b);
      if (++compared % 256 === 0) await turn.yieldIfSpent();
    }
    await turn.yieldIfSpent();
  }
  return [...found.values()];
}
