import type { Work } from "../database/work.ts";
import type { TermFrequencies } from "./term-frequencies.ts";

/** What ranking so many matches costs is not worth saving: some 8 ms. */
const BUDGET = 8000;
/** In a smaller store even counting the words would cost more than it saves. */
const SMALL = 20_000;

/** How the matches of a query are looked for. */
export interface Tiers {
  /** Expressions whose best matches together are the best of the query, or so nearly. */
  readonly ranked: readonly string[];
  /** Matches the rest, which is looked at only when those give too little. */
  readonly rest: string | undefined;
}

/**
 * Ranking costs by the match, so words that most memories have are dear and tell least. The rarest words, as long as
 * they match few enough, are ranked by themselves; the others count only beside one of these, or all together. Within the budget
 * a query is one expression and its order exact.
 */
export function* tiersOf(
  phrases: readonly string[],
  size: number,
  frequencies: TermFrequencies,
): Work<Tiers> {
  const exact = { ranked: [phrases.join(" OR ")], rest: undefined };
  if (size <= SMALL || phrases.length < 2) return exact;
  frequencies.noteSize(size);
  const counted: { readonly phrase: string; readonly count: number }[] = [];
  for (const phrase of phrases) counted.push({ phrase, count: yield* frequencies.count(phrase) });
  if (counted.reduce((sum, { count }) => sum + count, 0) <= BUDGET) return exact;
  counted.sort((a, b) => a.count - b.count);
  let left = BUDGET;
  const rare = counted.filter(({ count }) => (left -= count) >= 0).map(({ phrase }) => phrase);
  const common = counted.slice(rare.length).map(({ phrase }) => phrase);
  const any = common.join(" OR ");
  const all = common.join(" AND ");
  if (rare.length === 0) return { ranked: [all], rest: any };
  const rarest = rare.join(" OR ");
  return {
    ranked: [rarest, `(${rarest}) AND (${any})`, ...(common.length > 1 ? [all] : [])],
    rest: any,
  };
}
