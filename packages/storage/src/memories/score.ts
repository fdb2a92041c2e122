import type { ScoreParts } from "@mnemosyne/core";
import { SIGNAL, asksForTime } from "./signals.ts";

/** A match before its record is read. */
export interface Candidate {
  readonly row: number;
  /** How well the text matches: bm25 in an own unit, the larger the better. */
  readonly match: number;
  readonly importance: number;
  /** When it happened, or was stored. */
  readonly at: number;
  readonly signals: number;
  readonly actor: string | null;
}

/** A candidate with its score. */
export interface Ranked {
  readonly candidate: Candidate;
  readonly score: number;
}

/** What ranking needs to know of a search. */
export interface Ranking {
  readonly query: string;
  readonly now: number;
  readonly limit: number;
}

/**
 * How much each term may add to (or take from) a match, as a share of its text score. Measured on two data sets of
 * conversations; importance is kept small so that it decides only among near equals.
 */
const SHARE = { recency: 0.2, actor: 0.4, time: 0.3, question: -0.1, importance: 0.1 } as const;
const RECENCY_DAYS = 30;
const DAY = 86_400_000;

/** The candidates of a pool's JSON. */
export function candidatesOf(json: string): readonly Candidate[] {
  const pool = JSON.parse(json) as [number, number, number, number, number, string | null][];
  return pool.map(([row, match, importance, at, signals, actor]) => ({
    row,
    match,
    importance,
    at,
    signals,
    actor,
  }));
}

/** Gives the terms of a candidate's score. */
type Scorer = (candidate: Candidate) => {
  readonly text: number;
  readonly recency: number;
  readonly importance: number;
  readonly actor: number;
  readonly time: number;
  readonly question: number;
};

function scorer(candidates: readonly Candidate[], { query, now }: Ranking): Scorer {
  let best = 0;
  for (const candidate of candidates) best = Math.max(best, candidate.match);
  const named = namedActor(candidates, query);
  const forTime = asksForTime(query);
  return (candidate) => {
    const text = best === 0 ? 1 : candidate.match / best;
    const age = Math.max(0, now - candidate.at) / DAY;
    return {
      text,
      recency: text * SHARE.recency * Math.exp(-age / RECENCY_DAYS),
      importance: (text * SHARE.importance * (candidate.importance - 5)) / 5,
      actor: named !== undefined && candidate.actor === named ? text * SHARE.actor : 0,
      time: forTime && (candidate.signals & SIGNAL.time) !== 0 ? text * SHARE.time : 0,
      question: (candidate.signals & SIGNAL.question) === 0 ? 0 : text * SHARE.question,
    };
  };
}

/** The best candidates; equal ones newest first, then by row, so that the order is always the same. */
export function rankCandidates(candidates: readonly Candidate[], ranking: Ranking): readonly Ranked[] {
  const score = scorer(candidates, ranking);
  const ranked = candidates.map((candidate): Ranked => {
    const { text, recency, importance, actor, time, question } = score(candidate);
    return { candidate, score: text + recency + importance + actor + time + question };
  });
  ranked.sort(
    (a, b) => b.score - a.score || b.candidate.at - a.candidate.at || b.candidate.row - a.candidate.row,
  );
  return ranked.slice(0, ranking.limit);
}

/** The terms of a score that are not 0, in the order in which they are added. */
export function explain(
  candidate: Candidate,
  candidates: readonly Candidate[],
  ranking: Ranking,
): ScoreParts {
  const parts = scorer(candidates, ranking)(candidate);
  return Object.fromEntries(Object.entries(parts).filter(([name, part]) => name === "text" || part !== 0));
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
