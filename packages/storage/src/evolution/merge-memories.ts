import type { Trust } from "@mnemosyne/core";
import type { StoredMemory } from "../memories/memory-row.ts";
import { wordsOf } from "./similarity.ts";

/** Above this a member says nothing that its survivor does not. */
export const SUPERSEDE = 0.95;
const LARGEST_CONTENT = 100_000;
const MOST_WORDS = 200;
const TRUSTS: readonly Trust[] = ["claimed", "observed", "verified"];

/** Of two memories that are alike, the one that stays: the more trusted, the more important, the newer. */
export function survives(a: StoredMemory, b: StoredMemory): boolean {
  return (
    (TRUSTS.indexOf(a.trust) - TRUSTS.indexOf(b.trust) ||
      a.importance - b.importance ||
      a.createdAt - b.createdAt ||
      (a.id > b.id ? 1 : -1)) > 0
  );
}

/**
 * Whether two memories may be merged at all. A conversation's turns and what holds for different times are apart, and
 * a statement that was checked must not take in one that was not.
 */
export function mayMerge(a: StoredMemory, b: StoredMemory, similarity: number): boolean {
  return (
    a.thread === undefined &&
    b.thread === undefined &&
    a.namespace === b.namespace &&
    a.type === b.type &&
    a.actor === b.actor &&
    a.expiresAt === b.expiresAt &&
    a.validFrom === b.validFrom &&
    a.validTo === b.validTo &&
    (a.trust === b.trust || similarity > SUPERSEDE) &&
    (similarity > SUPERSEDE || (a.trust !== "verified" && fits(a, b)))
  );
}

/** The survivor with all that only its members say: sentences, tags, keywords, metadata, the highest importance. */
export function merged(
  survivor: StoredMemory,
  members: readonly { readonly memory: StoredMemory; readonly similarity: number }[],
): StoredMemory {
  let { content } = survivor;
  for (const { memory, similarity } of members)
    if (similarity <= SUPERSEDE) content = extended(content, memory.content);
  const all = [survivor, ...members.map(({ memory }) => memory)];
  return {
    ...survivor,
    content,
    importance: Math.max(...all.map(({ importance }) => importance)),
    tags: union(all.map(({ tags }) => tags)),
    keywords: union(all.map(({ keywords }) => keywords)),
    metadata: Object.assign(
      {},
      ...all.toReversed().map(({ metadata }) => metadata),
    ) as StoredMemory["metadata"],
    provenance: {
      ...survivor.provenance,
      sources: union([
        survivor.provenance.sources ?? [],
        members.flatMap(({ memory }) => [memory.id, ...(memory.provenance.sources ?? [])]),
      ]),
    },
  };
}

/** A text with the sentences of another one that it does not have, by their words. */
export function extended(text: string, other: string): string {
  const known = new Set(sentencesOf(text).map(key));
  const added = sentencesOf(other).filter((sentence) => !known.has(key(sentence)));
  if (added.length === 0) return text;
  return `${text.trimEnd()}${text.includes("\n") ? "\n" : " "}${added.join(" ")}`;
}

function sentencesOf(text: string): readonly string[] {
  return text
    .split(/(?<=[.!?。！？])\s+|\n+/u)
    .map((sentence) => sentence.trim())
    .filter((sentence) => sentence !== "");
}

function key(sentence: string): string {
  return [...wordsOf(sentence)].join(" ");
}

function fits(a: StoredMemory, b: StoredMemory): boolean {
  return (
    Buffer.byteLength(a.content) + Buffer.byteLength(b.content) + 2 <= LARGEST_CONTENT / 4 &&
    a.tags.length + b.tags.length <= MOST_WORDS / 2 &&
    a.keywords.length + b.keywords.length <= MOST_WORDS / 2
  );
}

function union(lists: readonly (readonly string[])[]): readonly string[] {
  return [...new Set(lists.flat())].slice(0, MOST_WORDS);
}
