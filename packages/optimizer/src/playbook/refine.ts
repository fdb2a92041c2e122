import {
  estimateTokens,
  missingFacts,
  wordsKept,
  type Playbook,
  type PlaybookDelta,
  type PlaybookItem,
} from "@mnemosyne/core";
import { createSimilarity, type Similarity } from "./similarity.ts";
import { worthOf } from "./worth.ts";

/** Options of {@link planRefinement}. */
export interface RefineOptions {
  /** Default: by shared words. */
  readonly similarity?: Similarity;
  /** Tokens that the items may have together; above it the least useful unverified ones go. Default: no limit. */
  readonly tokens?: number;
  readonly signal?: AbortSignal;
}

/**
 * Grow and refine: the deltas that merge items which say the same, and remove items that harmed more than they helped (twice at
 * least) and, above a limit, the least useful ones. Never removes what is verified and did not harm, and a merge keeps every
 * name, number, path and condition. Apply them to the version that was read. Empty when there is nothing to do.
 */
export async function planRefinement(
  playbook: Playbook,
  options: RefineOptions = {},
): Promise<readonly PlaybookDelta[]> {
  const similarity = options.similarity ?? createSimilarity();
  const items = new Map(playbook.items.map((item) => [item.id, item]));
  const deltas: PlaybookDelta[] = [];
  const remove = (item: PlaybookItem, evidence: string): void => {
    deltas.push({ op: "remove", id: item.id, evidence });
    items.delete(item.id);
  };

  for (const item of playbook.items)
    if (item.harmful > item.helpful && item.harmful >= 2)
      remove(item, `it harmed ${item.harmful} times and helped ${item.helpful}`);

  const candidates = [...items.values()];
  const pairs = await similarity.duplicates(
    candidates.map(({ content }) => content),
    options.signal,
  );
  const used = new Set<string>();
  for (const { a, b, similarity: near } of pairs) {
    const [first, second] = [candidates[a], candidates[b]];
    if (first === undefined || second === undefined || used.has(first.id) || used.has(second.id)) continue;
    const content = united(first, second);
    if (content === undefined) continue;
    used.add(first.id).add(second.id);
    const evidence = `they say the same (${similarity.name} ${near.toFixed(2)})`;
    deltas.push({ op: "merge", ids: [first.id, second.id], content, evidence });
    items.delete(second.id);
    items.set(first.id, { ...first, content });
  }

  if (options.tokens !== undefined) {
    let total = 0;
    for (const { content } of items.values()) total += estimateTokens(content);
    const least = [...items.values()]
      .filter(({ id, verifiedContent }) => verifiedContent === undefined && !used.has(id))
      .toSorted((a, b) => worthOf(a) - worthOf(b) || (a.id < b.id ? -1 : 1));
    for (const item of least) {
      if (total <= options.tokens) break;
      total -= estimateTokens(item.content);
      remove(item, `no room: ${options.tokens} tokens, and it is the least useful unverified one`);
    }
  }
  return deltas;
}

/** Words that keep everything both say: one of the two where it does, else both. */
function united(a: PlaybookItem, b: PlaybookItem): string | undefined {
  const checked = [a, b].flatMap(({ verifiedContent }) => verifiedContent ?? []);
  const wanted = checked.length > 0 ? checked : [a.content, b.content];
  const keeps = (content: string): boolean =>
    wanted.every((each) => missingFacts(each, content).length === 0 && wordsKept(each, content) >= 0.8);
  const longerFirst = a.content.length >= b.content.length ? [a.content, b.content] : [b.content, a.content];
  const both = `${a.content.replace(/[.]+$/u, "")}. ${b.content}`;
  return [...longerFirst, both].find(keeps);
}
