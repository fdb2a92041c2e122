import type { ScoreParts } from "@mnemosyne/core";
import { SIGNAL } from "./signals.ts";

/** A match before its record is read. */
export interface Candidate {
  readonly row: number;
  /** How well the words match: bm25 in an own unit, the larger the better; 0 for one that only means the same. */
  readonly match: number;
  readonly importance: number;
  /** When it happened, or was stored. */
  readonly at: number;
  readonly signals: number;
  readonly actor: string | null;
  /** The cosine between its vector and the query's, where both have one. */
  readonly likeness?: number | undefined;
}

/** A candidate with its score. */
export interface Ranked {
  readonly candidate: Candidate;
  readonly score: number;
}

/** What ranking needs to know of a search. */
export interface Ranking {
  readonly now: number;
  readonly limit: number;
  /** The actor whom the query names, if it is one. */
  readonly actor: string | undefined;
  /** Whether the query asks for a time. */
  readonly asksForTime: boolean;
  /** The share of likeness in the mix; 0 without vectors. */
  readonly weight: number;
}

/**
 * How much each term may add to (or take from) a match, as a share of its score so far. Measured on two data sets of
 * conversations; importance is kept small so that it decides only among near equals.
 */
const SHARE = { recency: 0.2, actor: 0.4, time: 0.3, question: -0.1, importance: 0.05 } as const;
const RECENCY_DAYS = 30;
const DAY = 86_400_000;

/** The candidates of a pool's JSON. */
export function candidatesOf(json: string): Candidate[] {
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

type Parts = Record<"text" | "meaning" | "recency" | "importance" | "actor" | "time" | "question", number>;

function scorer(candidates: readonly Candidate[], ranking: Ranking): (candidate: Candidate) => Parts {
  let best = 0;
  let least = Infinity;
  let most = -Infinity;
  for (const { match, likeness } of candidates) {
    best = Math.max(best, match);
    if (likeness === undefined) continue;
    least = Math.min(least, likeness);
    most = Math.max(most, likeness);
  }
  const { weight } = ranking;
  return (candidate) => {
    const words = best === 0 ? 0 : candidate.match / best;
    // What has no vector must not stand back for that: its meaning counts as much as its words.
    const likeness =
      candidate.likeness === undefined
        ? words
        : most === least
          ? 1
          : (candidate.likeness - least) / (most - least);
    const text = (1 - weight) * words;
    const meaning = weight * likeness;
    let sum = text + meaning;
    const add = (share: number): number => {
      const part = sum * share;
      sum += part;
      return part;
    };
    const age = Math.max(0, ranking.now - candidate.at) / DAY;
    return {
      text,
      meaning,
      actor: ranking.actor !== undefined && candidate.actor === ranking.actor ? add(SHARE.actor) : 0,
      question: (candidate.signals & SIGNAL.question) === 0 ? 0 : add(SHARE.question),
      time: ranking.asksForTime && (candidate.signals & SIGNAL.time) !== 0 ? add(SHARE.time) : 0,
      recency: add(SHARE.recency * Math.exp(-age / RECENCY_DAYS)),
      importance: add((SHARE.importance * (candidate.importance - 5)) / 5),
    };
  };
}

/** The best candidates; equal ones newest first, then by row, so that the order is always the same. */
export function rankCandidates(candidates: readonly Candidate[], ranking: Ranking): readonly Ranked[] {
  const partsOf = scorer(candidates, ranking);
  const ranked = candidates.map((candidate): Ranked => {
    const { text, meaning, actor, question, time, recency, importance } = partsOf(candidate);
    return { candidate, score: text + meaning + actor + question + time + recency + importance };
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
