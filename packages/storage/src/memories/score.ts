import type { ScoreParts } from "@mnemosyne/core";
import type { Row } from "../database/work.ts";
import { SIGNAL, asksForTime } from "./signals.ts";

/** A match before its record is read. */
export interface Candidate {
  readonly row: number;
  /** FTS5's bm25: negative, the smaller the better. */
  readonly rank: number;
  readonly importance: number;
  /** When it happened, or was stored. */
  readonly at: number;
  readonly signals: number;
  readonly actor: string | null;
}

/** A candidate with its score. */
export interface Ranked {
  readonly row: number;
  readonly at: number;
  readonly score: number;
  readonly parts: ScoreParts;
}

/**
 * How much each term may add to (or take from) a match, as a share of its text score. Measured on two data sets of
 * conversations; importance is kept small so that it decides only among near equals.
 */
const SHARE = { recency: 0.2, actor: 0.4, time: 0.3, question: -0.1, importance: 0.1 } as const;
const RECENCY_DAYS = 30;
const DAY = 86_400_000;

/** The candidate of a row of a pool. */
export function candidateOf(cells: Row): Candidate {
  const [row, rank, importance, at, signals, actor] = cells;
  return {
    row: row as number,
    rank: rank as number,
    importance: importance as number,
    at: at as number,
    signals: signals as number,
    actor: actor as string | null,
  };
}

/** Candidates by score, best first; equal ones newest first, then by row, so that the order is always the same. */
export function rankCandidates(
  candidates: readonly Candidate[],
  query: string,
  now: number,
): readonly Ranked[] {
  let best = 0;
  for (const candidate of candidates) best = Math.max(best, -candidate.rank);
  const named = namedActor(candidates, query);
  const forTime = asksForTime(query);
  return candidates
    .map((candidate): Ranked => {
      const text = best === 0 ? 1 : -candidate.rank / best;
      const age = Math.max(0, now - candidate.at) / DAY;
      const parts: Record<string, number> = { text };
      parts["recency"] = text * SHARE.recency * Math.exp(-age / RECENCY_DAYS);
      parts["importance"] = (text * SHARE.importance * (candidate.importance - 5)) / 5;
      if (named !== undefined && candidate.actor === named) parts["actor"] = text * SHARE.actor;
      if (forTime && (candidate.signals & SIGNAL.time) !== 0) parts["time"] = text * SHARE.time;
      if ((candidate.signals & SIGNAL.question) !== 0) parts["question"] = text * SHARE.question;
      let score = 0;
      for (const part of Object.values(parts)) score += part;
      return { row: candidate.row, at: candidate.at, score, parts };
    })
    .toSorted((a, b) => b.score - a.score || b.at - a.at || b.row - a.row);
}

/** The actor that a query names, if it names exactly one of the candidates' actors. */
function namedActor(candidates: readonly Candidate[], query: string): string | undefined {
  const actors = new Set<string>();
  for (const { actor } of candidates) if (actor !== null) actors.add(actor);
  if (actors.size === 0) return undefined;
  const words = ` ${query.toLowerCase().replaceAll(/[^\p{L}\p{N}\p{M}]+/gu, " ")} `;
  const named = [...actors].filter((actor) => {
    const name = actor
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\p{M}]+/gu, " ")
      .trim();
    return name !== "" && words.includes(` ${name} `);
  });
  return named.length === 1 ? named[0] : undefined;
}
