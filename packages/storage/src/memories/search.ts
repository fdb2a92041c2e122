import { Namespace, type Memory, type SearchHit, type SearchOptions } from "@mnemosyne/core";
import { rows, type Row, type Work } from "../database/work.ts";
import { checkInteger, checkLimit, checkName, inputError } from "../input.ts";
import { checkImportance, checkNamespace, checkWords } from "./check-memory.ts";
import { memoryOf } from "./memory-row.ts";
import { exactPool, getRows, neighboursAfter, neighboursBefore, quickPool } from "./memory-statements.ts";
import { candidateOf, rankCandidates, type Candidate, type Ranked } from "./score.ts";
import { matchExpression } from "./search-query.ts";

/** A search whose options were checked. */
export interface Search {
  readonly query: string;
  readonly match: string;
  readonly namespace: Namespace;
  readonly limit: number;
  readonly explain: boolean;
  readonly neighbours: number;
  /** Anything but the namespace restricts it. */
  readonly filtered: boolean;
  readonly now: number;
  readonly values: Readonly<Record<string, string | number | null>>;
}

/** So many of the best text matches are ranked by everything else. */
const POOL = 100;

/** Checks the options; `undefined` when the text has no word to look for. Throws `E_INPUT`. */
export function checkSearch(query: string, options: SearchOptions, now: number): Search | undefined {
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
  const match = matchExpression(query);
  if (match === undefined) return undefined;
  return {
    query,
    match,
    namespace,
    limit,
    explain: options.explain === true,
    neighbours,
    filtered:
      minImportance !== undefined || types !== undefined || (tags?.length ?? 0) > 0 || thread !== undefined,
    now,
    values: {
      match,
      ...visibleNamespaces(namespace),
      pendingRun: pendingRun ?? null,
      now,
      pool: Math.max(POOL, 2 * limit),
      minImportance: minImportance ?? 1,
      thread: thread ?? null,
      types: types === undefined ? null : JSON.stringify(types),
      tags: tags === undefined || tags.length === 0 ? null : JSON.stringify(tags),
    },
  };
}

/** The parameters of a condition on a namespace and what it inherits. */
export function visibleNamespaces(namespace: Namespace): {
  readonly namespace: string;
  readonly project: string | null;
  readonly global: string;
} {
  const [, second] = Namespace.visible(namespace);
  return { namespace, project: second ?? null, global: "global" };
}

/** What a search found, and whether the quick way would have missed some. */
export interface Found {
  readonly hits: readonly SearchHit[];
  readonly crowded: boolean;
}

/** Finds and ranks. `exact` skips the quick way, for namespaces that are a small part of the store. */
export function* find(search: Search, exact: boolean): Work<Found> {
  let pool: readonly Row[] | undefined;
  let crowded = exact;
  if (!exact && !search.filtered) {
    pool = yield* rows(quickPool, search.values);
    const seen = Number(pool[0]?.[6] ?? 0);
    // The index gave as many as were asked for and some may not be seen: others may lie below.
    if (pool.length === 0 || (pool.length < seen && seen >= Number(search.values["pool"]))) {
      pool = undefined;
      crowded = true;
    }
  }
  pool ??= yield* rows(exactPool, search.values);
  const candidates: readonly Candidate[] = pool.map(candidateOf);
  const ranked = rankCandidates(candidates, search.query, search.now).slice(0, search.limit);
  return { hits: yield* hydrate(search, ranked), crowded };
}

function* hydrate(search: Search, ranked: readonly Ranked[]): Work<readonly SearchHit[]> {
  if (ranked.length === 0) return [];
  const found = new Map<number, Row>();
  for (const cells of yield* rows(getRows, { rows: JSON.stringify(ranked.map((each) => each.row)) }))
    found.set(Number(cells[8]), cells);
  const hits: SearchHit[] = [];
  for (const { row, score, parts } of ranked) {
    const cells = found.get(row);
    if (cells === undefined) continue;
    const hit: { -readonly [Key in keyof SearchHit]: SearchHit[Key] } = { ...memoryOf(cells), score };
    if (search.explain) hit.parts = parts;
    if (search.neighbours > 0) hit.neighbours = yield* neighboursOf(search, cells);
    hits.push(hit);
  }
  return hits;
}

function* neighboursOf(search: Search, cells: Row): Work<readonly Memory[]> {
  const [row, thread, place] = cells.slice(8);
  if (row === undefined || thread === undefined || place === undefined || thread === null) return [];
  const values = {
    namespace: cells[1] ?? null,
    thread,
    place,
    row,
    limit: search.neighbours,
    now: search.now,
    pendingRun: search.values["pendingRun"] ?? null,
  };
  const before = yield* rows(neighboursBefore, values);
  const after = yield* rows(neighboursAfter, values);
  return [...before.toReversed(), ...after].map(memoryOf);
}
