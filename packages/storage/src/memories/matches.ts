import { row, type Work } from "../database/work.ts";
import type { Vocabulary } from "../language/vocabulary.ts";
import { exactPool, newestPool, quickPool } from "./memory-statements.ts";
import { candidatesOf, type Candidate } from "./score.ts";
import { phrasesOf } from "./search-query.ts";
import type { Search } from "./search.ts";
import type { TermFrequencies } from "./term-frequencies.ts";
import { tiersOf } from "./tiers.ts";

/** What searches of a store have learnt. */
export interface TextSearch {
  readonly vocabulary: Vocabulary;
  readonly shares: NamespaceShares;
  readonly frequencies: TermFrequencies;
  /** About how many memories there are: never fewer. */
  readonly size: number;
}

/** A pool may be so many times as large before it is quicker to look at every match. */
const WIDEST = 64;

/** How much of the index belongs to what a namespace sees, by how many of the best matches could be seen. */
export class NamespaceShares {
  readonly #shares = new Map<string, number>();
  #searches = 0;

  /** How many matches of the whole index it takes to have one that the namespace sees. */
  factor(namespace: string): number {
    if (++this.#searches % 1000 === 0) this.#shares.clear();
    return this.#shares.get(namespace) ?? 1;
  }

  note(namespace: string, factor: number): void {
    this.#shares.set(namespace, factor);
  }
}

/**
 * The best matches of a query. An actor's name says who spoke, not what was said, and would outweigh the other words:
 * so it is looked for only when these find too little, and then counts least.
 */
export function* matchesOf(
  words: readonly string[],
  names: ReadonlySet<string>,
  search: Search,
  values: Search["values"],
  means: TextSearch,
): Work<readonly Candidate[]> {
  const { vocabulary } = means;
  const all = phrasesOf(words, vocabulary);
  const telling = names.size === 0 ? all : phrasesOf(words, vocabulary, names);
  const matches = yield* poolOf(telling, search, values, means);
  if (telling.length === all.length || matches.length >= search.limit) return matches;
  const known = new Set(matches.map((candidate) => candidate.row));
  const more = yield* poolOf(all, search, values, means);
  const best = Math.max(...more.map((candidate) => candidate.match));
  const least = matches.length === 0 ? best : Math.min(...matches.map((candidate) => candidate.match));
  return [
    ...matches,
    ...more
      .filter((candidate) => !known.has(candidate.row))
      .map((candidate) => ({ ...candidate, match: (least * candidate.match) / best })),
  ];
}

/** The best matches of phrases, those of them that pass. */
function* poolOf(
  phrases: readonly string[],
  search: Search,
  values: Search["values"],
  { shares, frequencies, size }: TextSearch,
): Work<readonly Candidate[]> {
  const { ranked, rest } = yield* tiersOf(phrases, size, frequencies);
  const [first = ""] = ranked;
  if (ranked.length === 1 && rest === undefined) return yield* rankedPool(first, search, values, shares);
  const best = new Map<number, Candidate>();
  for (const match of ranked)
    for (const candidate of yield* rankedPool(match, search, values, shares))
      if (candidate.match > (best.get(candidate.row)?.match ?? 0)) best.set(candidate.row, candidate);
  if (rest !== undefined && best.size < search.limit)
    for (const candidate of candidatesOf((yield* row(newestPool, { ...values, match: rest }))?.[0] as string))
      if (!best.has(candidate.row)) best.set(candidate.row, candidate);
  return byMatch([...best.values()]).slice(0, values.pool);
}

/** The best matches of one expression, those of them that pass. */
function* rankedPool(
  match: string,
  search: Search,
  given: Search["values"],
  shares: NamespaceShares,
): Work<readonly Candidate[]> {
  const values = { ...given, match };
  const { pool } = given;
  if (!search.filtered) {
    for (let factor = shares.factor(search.namespace); factor <= WIDEST; factor *= 4) {
      const quick = yield* row(quickPool, { ...values, pool: pool * factor });
      const matches = Number(quick?.[1] ?? 0);
      const candidates = candidatesOf(quick?.[0] as string);
      // Fewer than were asked for: there are no others, so what may be seen is all there is.
      if (candidates.length >= pool || matches < pool * factor || candidates.length === matches) {
        shares.note(search.namespace, factor);
        return byMatch(candidates).slice(0, pool);
      }
    }
    shares.note(search.namespace, WIDEST * 4);
  }
  return candidatesOf((yield* row(exactPool, values))?.[0] as string);
}

function byMatch(candidates: readonly Candidate[]): readonly Candidate[] {
  return candidates.toSorted((a, b) => b.match - a.match || b.row - a.row);
}
