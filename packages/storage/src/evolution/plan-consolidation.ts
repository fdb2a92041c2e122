import type { EventLoopTurn } from "../database/event-loop-turn.ts";
import type { StoredMemory } from "../memories/memory-row.ts";
import { mayMerge, merged, survives } from "./merge-memories.ts";
import { alikePairs, wordsOf, type Comparable, type Likeness } from "./similarity.ts";

/** A memory and what it is compared by. */
export interface Subject extends Comparable {
  readonly memory: StoredMemory;
}

/** One merge to be carried out. */
export interface PlannedMerge {
  readonly survivor: StoredMemory;
  readonly result: StoredMemory;
  readonly members: readonly StoredMemory[];
  readonly similarity: number;
  readonly by: Likeness["by"];
}

/**
 * Which of a namespace's memories are merged into which, until none is left to merge: the closest pairs first, each
 * memory at most once a round. `apart` tells pairs that somebody took apart again.
 */
export async function planConsolidation(
  subjects: readonly Subject[],
  apart: (a: string, b: string) => Promise<boolean>,
  turn: EventLoopTurn,
  signal?: AbortSignal,
): Promise<readonly PlannedMerge[]> {
  const plan: PlannedMerge[] = [];
  let left = subjects;
  for (;;) {
    const round = await planRound(left, apart, turn, signal);
    if (round.length === 0) return plan;
    plan.push(...round);
    const gone = new Set(round.flatMap(({ members }) => members.map(({ id }) => id)));
    const changed = new Map(round.map(({ survivor, result }) => [survivor.id, result]));
    left = left
      .filter(({ memory }) => !gone.has(memory.id))
      .map((subject) => {
        const memory = changed.get(subject.memory.id);
        if (memory === undefined) return subject;
        if (memory.content === subject.memory.content) return { ...subject, memory };
        // Nobody has made a vector of the new text yet.
        return { memory, words: wordsOf(memory.content), vector: undefined, embedder: 0 };
      });
  }
}

async function planRound(
  subjects: readonly Subject[],
  apart: (a: string, b: string) => Promise<boolean>,
  turn: EventLoopTurn,
  signal: AbortSignal | undefined,
): Promise<readonly PlannedMerge[]> {
  const pairs = (await alikePairs(subjects, turn, signal)).toSorted(
    (x, y) => y.similarity - x.similarity || x.a - y.a || x.b - y.b,
  );
  const groups = new Map<
    number,
    { readonly members: { readonly place: number; readonly pair: Likeness }[] }
  >();
  const taken = new Set<number>();
  for (const pair of pairs) {
    const [a, b] = [subjects[pair.a]?.memory, subjects[pair.b]?.memory];
    if (a === undefined || b === undefined || !mayMerge(a, b, pair.similarity)) continue;
    const [stays, goes] = survives(a, b) ? [pair.a, pair.b] : [pair.b, pair.a];
    if (taken.has(goes) || groups.has(goes) || taken.has(stays)) continue;
    if (await apart(a.id, b.id)) continue;
    taken.add(goes);
    const group = groups.get(stays);
    if (group === undefined) groups.set(stays, { members: [{ place: goes, pair }] });
    else group.members.push({ place: goes, pair });
  }
  const round: PlannedMerge[] = [];
  for (const [stays, { members }] of groups) {
    const survivor = subjects[stays]?.memory;
    const [first] = members;
    if (survivor === undefined || first === undefined) continue;
    const parts = members.flatMap(({ place, pair }) => {
      const memory = subjects[place]?.memory;
      return memory === undefined ? [] : [{ memory, similarity: pair.similarity }];
    });
    round.push({
      survivor,
      result: merged(survivor, parts),
      members: parts.map(({ memory }) => memory),
      similarity: Math.min(...parts.map(({ similarity }) => similarity)),
      by: first.pair.by,
    });
  }
  return round;
}
