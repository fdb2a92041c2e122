import { row, type Work } from "../database/work.ts";
import type { Vocabulary } from "../language/vocabulary.ts";
import { exactPool, quickPool } from "./memory-statements.ts";
import { candidatesOf, type Candidate } from "./score.ts";
import { phrasesOf } from "./search-query.ts";
import type { Search } from "./search.ts";

/** What searches of a store have learnt. */
export interface TextSearch {
  readonly vocabulary: Vocabulary;
  readonly shares: NamespaceShares;
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

function* poolOf(
  phrases: readonly string[],
  search: Search,
  given: Search["values"],
  { shares }: TextSearch,
): Work<readonly Candidate[]> {
  const values = { ...given, match: phrases.join(" OR ") };
  const { pool } = given;
  if (!search.filtered) {
    for (let factor = shares.factor(search.namespace); factor <= WIDEST; factor *= 4) {
      const quick = yield* row(quickPool, { ...values, pool: pool * factor });
      const matches = Number(quick?.[1] ?? 0);
      const candidates = candidatesOf(quick?.[0] as string);
      // Fewer than were asked for: there are no others, so what may be seen is all there is.
      if (candidates.length >= pool || matches < pool * factor || candidates.length === matches) {
        shares.note(search.namespace, factor);
        return candidates.toSorted((a, b) => b.match - a.match || b.row - a.row).slice(0, pool);
      }
    }
    shares.note(search.namespace, WIDEST * 4);
  }
  return candidatesOf((yield* row(exactPool, values))?.[0] as string);
}
