import { Namespace, type Memory, type SearchHit, type SearchOptions } from "@mnemosyne/core";
import { row, rows, type Row, type Work } from "../database/work.ts";
import { checkInteger, checkLimit, checkName, inputError } from "../input.ts";
import type { Vocabulary } from "../language/vocabulary.ts";
import { checkImportance, checkNamespace, checkTime, checkWords } from "./check-memory.ts";
import { withMeaning, type Meaning } from "./meaning.ts";
import { memoryOf, type Writable } from "./memory-row.ts";
import { getRows, neighboursAfter, newestRow, neighboursBefore, placeOf } from "./memory-statements.ts";
import { namedActors, type KnownActors } from "./named-actors.ts";
import { matchesOf, type TextSearch } from "./matches.ts";
import { explain, rankCandidates, type Candidate } from "./score.ts";
import { wordsOf } from "./search-query.ts";

/** A search whose options were checked. */
export interface Search {
  /** What is looked for, as it was given. */
  readonly text: string;
  readonly words: readonly string[];
  readonly asksForTime: boolean;
  readonly namespace: Namespace;
  /** It and those that it inherits from. */
  readonly visible: readonly Namespace[];
  readonly limit: number;
  readonly explain: boolean;
  readonly neighbours: number;
  /** Anything but the namespace restricts it. */
  readonly filtered: boolean;
  readonly now: number;
  readonly values: {
    readonly pool: number;
    readonly [name: string]: string | number | null;
  };
}

/** So many of the best matches are ranked by everything else, and more for a larger limit. */
const POOL = 40;
const POOL_SHARE = 4;

/** Checks the options; `undefined` when the text has no word to look for. Throws `E_INPUT`. */
export function checkSearch(
  query: string,
  options: SearchOptions,
  clock: number,
  vocabulary: Vocabulary,
): Search | undefined {
  if (typeof query !== "string") throw inputError("query", "must be text");
  const namespace = checkNamespace(options.namespace);
  const limit = checkLimit(options.limit, 10);
  const { minImportance, types, tags, thread, pendingRun } = options;
  if (minImportance !== undefined) checkImportance(minImportance, "minImportance");
  if (types !== undefined) checkWords(types, "types");
  if (tags !== undefined) checkWords(tags, "tags");
  if (thread !== undefined) checkName(thread, "thread");
  const neighbours = options.include?.neighbours ?? 0;
  checkInteger(neighbours, "include.neighbours", 0, 100);
  const asOf = options.asOf === undefined ? null : checkTime(options.asOf, "asOf");
  const now = asOf ?? clock;
  const visible = Namespace.visible(namespace);
  const words = wordsOf(query);
  if (words.length === 0) return undefined;
  return {
    text: query,
    words,
    asksForTime: vocabulary.asksForTime.test(query),
    namespace,
    visible,
    limit,
    explain: options.explain === true,
    neighbours,
    filtered:
      minImportance !== undefined || types !== undefined || (tags?.length ?? 0) > 0 || thread !== undefined,
    now,
    values: {
      ...visibleNamespaces(visible),
      pendingRun: pendingRun ?? null,
      now,
      asOf,
      pool: Math.max(POOL, POOL_SHARE * limit),
      minImportance: minImportance ?? 1,
      thread: thread ?? null,
      types: types === undefined ? null : JSON.stringify(types),
      tags: tags === undefined || tags.length === 0 ? null : JSON.stringify(tags),
    },
  };
}

/** The parameters of a condition on a namespace and those that it inherits from. */
export function visibleNamespaces([namespace = Namespace.global(), second]: readonly Namespace[]): {
  readonly namespace: string;
  readonly project: string | null;
  readonly global: string;
} {
  return { namespace, project: second ?? null, global: "global" };
}

/** What a search goes by beside its options. */
export interface SearchMeans extends Omit<TextSearch, "size"> {
  readonly actors: KnownActors;
  readonly settledBatch: number;
  /** Undefined: words only. */
  readonly meaning: Meaning | undefined;
}

/** Finds and ranks. */
export function* find(search: Search, means: SearchMeans): Work<readonly SearchHit[]> {
  const { settledBatch, meaning, actors } = means;
  const size = Number((yield* row(newestRow))?.[0] ?? 0);
  const named = namedActors(search.words, yield* actors.of(search.visible, size));
  const values = { ...search.values, settledBatch };
  const matches = yield* matchesOf(search.words, named.words, search, values, {
    ...means,
    size,
  });
  const candidates = meaning === undefined ? matches : yield* withMeaning(matches, search, meaning, values);
  const ranking = { ...search, actor: named.only, weight: meaning?.weight ?? 0 };
  const ranked = rankCandidates(candidates, ranking);
  const hits: SearchHit[] = [];
  if (ranked.length === 0) return hits;
  const found = new Map<number, Row>();
  const rowIds = ranked.map(({ candidate }) => candidate.row);
  for (const cells of yield* rows(getRows, { rows: JSON.stringify(rowIds) }))
    found.set(Number(cells[8]), cells);
  for (const { candidate, score } of ranked) {
    const cells = found.get(candidate.row);
    // Gone since the index was read.
    if (cells === undefined) continue;
    const hit = memoryOf(cells) as Writable<SearchHit>;
    hit.score = score;
    hit.foundBy = foundBy(candidate);
    if (search.explain) hit.parts = explain(candidate, candidates, ranking);
    if (search.neighbours > 0) hit.neighbours = yield* neighboursOf(search, cells);
    hits.push(hit);
  }
  return hits;
}

function foundBy({ match, likeness }: Candidate): NonNullable<SearchHit["foundBy"]> {
  if (likeness === undefined) return "words";
  return match > 0 ? "both" : "meaning";
}

function* neighboursOf(search: Search, cells: Row): Work<readonly Memory[]> {
  const id = cells[8] ?? null;
  const [thread, place] = (yield* row(placeOf, { row: id })) ?? [];
  if (thread === undefined || place === undefined || thread === null) return [];
  const values = {
    namespace: cells[1] ?? null,
    thread,
    place,
    row: id,
    limit: search.neighbours,
    now: search.now,
    pendingRun: search.values["pendingRun"] ?? null,
  };
  const before = yield* rows(neighboursBefore, values);
  const after = yield* rows(neighboursAfter, values);
  return [...before.toReversed(), ...after].map(memoryOf);
}
