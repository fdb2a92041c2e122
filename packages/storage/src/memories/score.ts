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

/** What scores of a pool are relative to. */
interface Scale {
  readonly bestMatch: number;
  readonly leastLikeness: number;
  readonly mostLikeness: number;
}

function scaleOf(candidates: readonly Candidate[]): Scale {
  let bestMatch = 0;
  let leastLikeness = Infinity;
  let mostLikeness = -Infinity;
  for (const { match, likeness } of candidates) {
    if (match > bestMatch) bestMatch = match;
    if (likeness === undefined) continue;
    if (likeness < leastLikeness) leastLikeness = likeness;
    if (likeness > mostLikeness) mostLikeness = likeness;
  }
  return { bestMatch, leastLikeness, mostLikeness };
}

type Part = "text" | "meaning" | "actor" | "question" | "time" | "recency" | "importance";

/** The score of a candidate. Its terms go into `parts`, where that is given. */
function scoreOf(
  candidate: Candidate,
  { bestMatch, leastLikeness, mostLikeness }: Scale,
  ranking: Ranking,
  parts?: Partial<Record<Part, number>>,
): number {
  const words = bestMatch === 0 ? 0 : candidate.match / bestMatch;
  // What has no vector must not stand back for that: its meaning counts as much as its words.
  const likeness =
    candidate.likeness === undefined
      ? words
      : mostLikeness === leastLikeness
        ? 1
        : (candidate.likeness - leastLikeness) / (mostLikeness - leastLikeness);
  const text = (1 - ranking.weight) * words;
  const meaning = ranking.weight * likeness;
  let sum = text + meaning;
  const named = ranking.actor !== undefined && candidate.actor === ranking.actor;
  const actor = named ? sum * SHARE.actor : 0;
  sum += actor;
  const question = (candidate.signals & SIGNAL.question) === 0 ? 0 : sum * SHARE.question;
  sum += question;
  const time = ranking.asksForTime && (candidate.signals & SIGNAL.time) !== 0 ? sum * SHARE.time : 0;
  sum += time;
  const age = Math.max(0, ranking.now - candidate.at) / DAY;
  const recency = sum * SHARE.recency * Math.exp(-age / RECENCY_DAYS);
  sum += recency;
  const importance = (sum * (SHARE.importance * (candidate.importance - 5))) / 5;
  sum += importance;
  if (parts !== undefined)
    Object.assign(parts, { text, meaning, actor, question, time, recency, importance });
  return sum;
}

/** The best candidates; equal ones newest first, then by row, so that the order is always the same. */
export function rankCandidates(candidates: readonly Candidate[], ranking: Ranking): readonly Ranked[] {
  const scale = scaleOf(candidates);
  const ranked = candidates.map((candidate): Ranked => ({
    candidate,
    score: scoreOf(candidate, scale, ranking),
  }));
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
  const parts: Partial<Record<Part, number>> = {};
  scoreOf(candidate, scaleOf(candidates), ranking, parts);
  return Object.fromEntries(Object.entries(parts).filter(([name, part]) => name === "text" || part !== 0));
}
