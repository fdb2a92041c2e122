import { Namespace, type Memory, type SearchHit, type SearchOptions } from "@mnemosyne/core";
import { row, rows, type Row, type Work } from "../database/work.ts";
import { checkInteger, checkLimit, checkName, inputError } from "../input.ts";
import { checkImportance, checkNamespace, checkWords } from "./check-memory.ts";
import { memoryOf, type Writable } from "./memory-row.ts";
import {
  exactPool,
  getRows,
  neighboursAfter,
  neighboursBefore,
  placeOf,
  quickPool,
} from "./memory-statements.ts";
import { candidatesOf, explain, rankCandidates, type Candidate } from "./score.ts";
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
  readonly values: { readonly pool: number; readonly [name: string]: string | number | null };
}

/** So many of the best text matches are ranked by everything else, and more for a larger limit. */
const POOL = 40;
const POOL_SHARE = 4;

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
      pool: Math.max(POOL, POOL_SHARE * limit),
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
export function* find(search: Search, exact: boolean, settledBatch: number): Work<Found> {
  const values = { ...search.values, settledBatch };
  let candidates: readonly Candidate[] | undefined;
  let crowded = exact;
  if (!exact && !search.filtered) {
    const quick = yield* row(quickPool, values);
    const matches = Number(quick?.[1] ?? 0);
    candidates = candidatesOf(quick?.[0] as string);
    // The index gave as many as were asked for and some may not be seen: others may lie below.
    if (candidates.length < matches && matches >= values.pool) {
      candidates = undefined;
      crowded = true;
    }
  }
  candidates ??= candidatesOf((yield* row(exactPool, values))?.[0] as string);
  const ranked = rankCandidates(candidates, search);
  const rowIds = ranked.map(({ candidate }) => candidate.row);
  const hits: SearchHit[] = [];
  if (rowIds.length === 0) return { hits, crowded };
  const found = new Map<number, Row>();
  for (const cells of yield* rows(getRows, { rows: JSON.stringify(rowIds) }))
    found.set(Number(cells[8]), cells);
  for (const { candidate, score } of ranked) {
    const cells = found.get(candidate.row);
    // Gone since the index was read.
    if (cells === undefined) continue;
    const hit = memoryOf(cells) as Writable<SearchHit>;
    hit.score = score;
    if (search.explain) hit.parts = explain(candidate, candidates, search);
    if (search.neighbours > 0) hit.neighbours = yield* neighboursOf(search, cells);
    hits.push(hit);
  }
  return { hits, crowded };
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
