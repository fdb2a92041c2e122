import { Namespace } from "@mnemosyne/core";
import { row, type Work } from "../database/work.ts";
import { cosine, type Quantized } from "../vectors/quantized.ts";
import type { VectorIndex } from "../vectors/vector-index.ts";
import { unpack } from "../vectors/vector-memory.ts";
import { vectorsOf } from "../vectors/vector-statements.ts";
import { meaningPool } from "./memory-statements.ts";
import { candidatesOf, type Candidate } from "./score.ts";
import type { Search } from "./search.ts";

/** What a search by meaning needs. */
export interface Meaning {
  readonly query: Quantized;
  readonly embedder: number;
  readonly weight: number;
  /** The vectors in memory; `undefined` when they are too many for it. */
  readonly index: VectorIndex | undefined;
}

/** When filters left too few of the nearest, so many times as many are looked at, and again. */
const WIDER = 8;
const WIDEST = 20_000;

/**
 * Adds how like the query each match is, and those that are most like it whatever their words. When the vectors do not
 * fit into memory, only the likeness of what the words have found.
 */
export function* withMeaning(
  matches: readonly Candidate[],
  search: Search,
  meaning: Meaning,
  values: Search["values"],
): Work<readonly Candidate[]> {
  const { index, query } = meaning;
  const rowIds = matches.map((candidate) => candidate.row);
  if (index === undefined) {
    const stored = yield* row(vectorsOf, { rows: JSON.stringify(rowIds), embedder: meaning.embedder });
    const likeness = new Map(
      unpack(stored, query.length).map(({ rowId, vector }) => [rowId, cosine(query, vector)]),
    );
    return matches.map((candidate) => ({ ...candidate, likeness: likeness.get(candidate.row) }));
  }
  const known = new Set(rowIds);
  for (let count = values.pool; ; count *= WIDER) {
    const { nearest, ofOthers } = index.scan(query, Namespace.visible(search.namespace), count, rowIds);
    const likeness = new Map(nearest.map((each) => [each.row, each.likeness]));
    const more = nearest.filter((each) => !known.has(each.row)).map((each) => each.row);
    const pool =
      more.length === 0
        ? []
        : candidatesOf(String((yield* row(meaningPool, { ...values, rows: JSON.stringify(more) }))?.[0]));
    const passed = pool.length + nearest.length - more.length;
    if (passed < search.limit && nearest.length === count && count < WIDEST) continue;
    return [
      ...matches.map((candidate) => ({ ...candidate, likeness: ofOthers.get(candidate.row) })),
      ...pool.map((candidate) => ({ ...candidate, likeness: likeness.get(candidate.row) })),
    ];
  }
}
