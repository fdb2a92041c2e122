import type { Playbook, PlaybookDelta } from "@mnemosyne/core";
import type { Curator, Lesson } from "./learning.ts";
import { createSimilarity, type Similarity } from "./similarity.ts";

/**
 * Curates without a model: a lesson that a playbook already has counts as helpful there (it was learnt again), any other is
 * added; what names unknown items is left out. Only adds and tags, so nothing that is known can be lost.
 */
export function createDeltaCurator(options: { readonly similarity?: Similarity } = {}): Curator {
  const similarity = options.similarity ?? createSimilarity();
  return {
    name: `deltas by ${similarity.name}`,
    async curate(lessons, playbook, signal) {
      const known = new Set(playbook.items.map(({ id }) => id));
      const adds = lessons.filter((lesson) => lesson.op === "add");
      const others = lessons.filter((lesson) => lesson.op !== "add" && known.has(lesson.id));
      return [...(await addOrTag(adds, playbook, similarity, signal)), ...others];
    },
  };
}

async function addOrTag(
  adds: readonly Extract<Lesson, { readonly op: "add" }>[],
  { items }: Playbook,
  similarity: Similarity,
  signal: AbortSignal | undefined,
): Promise<readonly PlaybookDelta[]> {
  if (adds.length === 0) return [];
  const statements = [...items.map(({ content }) => content), ...adds.map(({ content }) => content)];
  const pairs = await similarity.duplicates(statements, signal);
  const repeated = new Set<number>();
  const deltas: PlaybookDelta[] = [];
  for (const [index, lesson] of adds.entries()) {
    const place = items.length + index;
    const twin = pairs.find(({ a, b }) => b === place && !repeated.has(a));
    if (twin === undefined) {
      deltas.push(lesson);
      continue;
    }
    repeated.add(place);
    const item = items[twin.a];
    if (item !== undefined) deltas.push({ op: "tag", id: item.id, helpful: 1, evidence: lesson.evidence });
  }
  return deltas;
}
