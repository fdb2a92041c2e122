import type { EventLoopTurn } from "../database/event-loop-turn.ts";
import type { StoredMemory } from "../memories/memory-row.ts";
import type { Embedded } from "../vectors/thread-vector.ts";
import type { EmbedTexts } from "./job.ts";
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
  /** What the embedder makes of the result, where its text is another one than the survivor's. */
  readonly embedded?: Embedded | undefined;
}

/** What planning asks others for. */
export interface Planning {
  /** Tells pairs that somebody took apart again. */
  readonly apart: (a: string, b: string) => Promise<boolean>;
  readonly embed: EmbedTexts;
  readonly turn: EventLoopTurn;
  readonly signal: AbortSignal | undefined;
}

/**
 * Which of a namespace's memories are merged into which, until none is left to merge: the closest pairs first, each
 * memory at most once a round.
 */
export async function planConsolidation(
  subjects: readonly Subject[],
  planning: Planning,
): Promise<readonly PlannedMerge[]> {
  const plan: PlannedMerge[] = [];
  let left = subjects;
  for (;;) {
    const round = await withVectors(await planRound(left, planning), planning.embed);
    if (round.length === 0) return plan;
    plan.push(...round);
    const gone = new Set(round.flatMap(({ members }) => members.map(({ id }) => id)));
    const changed = new Map(round.map((merge) => [merge.survivor.id, merge]));
    left = left
      .filter(({ memory }) => !gone.has(memory.id))
      .map((subject) => {
        const merge = changed.get(subject.memory.id);
        if (merge === undefined) return subject;
        const { result: memory, embedded } = merge;
        if (memory.content === subject.memory.content) return { ...subject, memory };
        const { content } = memory;
        return { memory, words: wordsOf(content), vector: embedded?.own, embedder: embedded?.embedder ?? 0 };
      });
  }
}

async function withVectors(
  round: readonly PlannedMerge[],
  embed: EmbedTexts,
): Promise<readonly PlannedMerge[]> {
  const extended = round.filter(({ survivor, result }) => survivor.content !== result.content);
  if (extended.length === 0) return round;
  const made = await embed(extended.map(({ result }) => result.content));
  const vectors = new Map(extended.map((merge, index) => [merge, made?.[index]]));
  return round.map((merge) => ({ ...merge, embedded: vectors.get(merge) }));
}

async function planRound(
  subjects: readonly Subject[],
  { apart, turn, signal }: Planning,
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
