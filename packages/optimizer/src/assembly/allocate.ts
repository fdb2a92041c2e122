import type { ContextShare } from "@mnemosyne/core";
import type { BlockKind, Candidate, Dropped } from "./offer.ts";

/** How much of a context a section may take. */
export interface SectionLimits {
  /** Percent of the budget that it is given. */
  readonly share: number;
  /** Percent of the budget kept for it even when the sections before it want more. Default 0. */
  readonly min?: number;
  /** Percent of the budget that it never exceeds. Default 100. */
  readonly max?: number;
}

/** Limits of the four sections. */
export type Sections = Readonly<Record<ContextShare, SectionLimits>>;

/** 40, 30, 20 and 10 percent. */
export const DEFAULT_SECTIONS: Sections = {
  critical: { share: 40 },
  skills: { share: 30 },
  project: { share: 20 },
  general: { share: 10 },
};

/** The order in which sections are filled; what one leaves of its share flows on to the next. */
export const FLOW: readonly Exclude<ContextShare, "critical">[] = ["project", "skills", "general"];

/** What to allocate. */
export interface Allocation {
  /** Tokens for everything. */
  readonly budget: number;
  /** Tokens beyond the budget that items may sum up to, because together they count for less. Shares stay those of the budget. */
  readonly slack?: number;
  /** Tokens that the critical section takes, whatever its share. */
  readonly critical: number;
  /** Everything that is not critical. */
  readonly candidates: readonly Candidate[];
  readonly sections: Sections;
  /** Tokens that the first candidate of its kind brings on top. */
  readonly headingTokens: (candidate: Candidate) => number;
  /** A smaller form that takes at most so many tokens, if there is one. */
  readonly shrink: (candidate: Candidate, tokens: number) => Candidate | undefined;
}

/** No item is cut to less than this. */
const SMALLEST = 100;

/**
 * When an item may be made smaller: at its section's turn, only with what is left in the end, or not at all, because
 * half of it would mislead.
 */
const CUT: Readonly<Partial<Record<BlockKind, "late" | "never">>> = { memory: "late", skill: "never" };

/**
 * Fills the sections. Pure and deterministic.
 *
 * The critical section takes what it needs; what it leaves of its share flows to project, from there to skills, from
 * there to general. When it needs more than its share, general gives first, then skills, then project. A section
 * takes its most relevant items first; one that does not fit is made smaller or left out, and smaller ones after it
 * are still tried. What is left in the end goes round again, in the same order. Memories are made smaller only then,
 * skills never.
 */
export function allocate(allocation: Allocation): {
  readonly taken: readonly Candidate[];
  readonly dropped: readonly Dropped[];
} {
  const { budget, sections } = allocation;
  const percent = (value: number): number => Math.floor((budget * value) / 100);
  const taken: Candidate[] = [];
  const headed = new Set<string>();
  const used = new Map<ContextShare, number>();
  let left = budget + (allocation.slack ?? 0) - allocation.critical;
  let flow = Math.max(0, percent(sections.critical.share) - allocation.critical);
  const waiting = new Map(
    FLOW.map((share) => [share, ranked(allocation.candidates.filter((each) => each.share === share))]),
  );

  const fill = (share: ContextShare, room: number, last: boolean): void => {
    const later: Candidate[] = [];
    let free = room;
    for (const candidate of waiting.get(share as (typeof FLOW)[number]) ?? []) {
      const heading = headed.has(candidate.kind) ? 0 : allocation.headingTokens(candidate);
      const fits =
        candidate.tokens + heading <= free
          ? candidate
          : free - heading >= SMALLEST && mayCut(candidate.kind, last)
            ? allocation.shrink(candidate, free - heading)
            : undefined;
      if (fits === undefined || fits.tokens + heading > free) {
        later.push(candidate);
        continue;
      }
      taken.push(fits);
      headed.add(fits.kind);
      free -= fits.tokens + heading;
    }
    waiting.set(share as (typeof FLOW)[number], later);
    used.set(share, (used.get(share) ?? 0) + room - free);
    left -= room - free;
  };

  for (const [index, share] of FLOW.entries()) {
    const kept = FLOW.slice(index + 1).reduce((sum, other) => sum + percent(sections[other].min ?? 0), 0);
    const offered = percent(sections[share].share) + flow;
    const room = Math.max(0, Math.min(offered, left - kept, percent(sections[share].max ?? 100)));
    fill(share, room, false);
    flow = Math.max(0, offered - (used.get(share) ?? 0));
  }
  for (const share of FLOW)
    fill(
      share,
      Math.max(0, Math.min(left, percent(sections[share].max ?? 100) - (used.get(share) ?? 0))),
      true,
    );

  const dropped = FLOW.flatMap((share) =>
    (waiting.get(share) ?? []).map((candidate) => ({
      candidate,
      reason: `no room: it needs ${candidate.tokens} tokens, ${left} are left`,
    })),
  );
  return { taken, dropped };
}

function mayCut(kind: BlockKind, last: boolean): boolean {
  const when = CUT[kind];
  return when === undefined || (when === "late" && last);
}

/** Most relevant first; equals in the order they were offered. */
export function ranked(candidates: readonly Candidate[]): readonly Candidate[] {
  return candidates.toSorted((a, b) => b.offer.relevance - a.offer.relevance || a.order - b.order);
}
