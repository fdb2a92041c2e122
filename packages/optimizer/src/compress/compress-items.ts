import type { Compressor, ContextItem } from "@mnemosyne/core";
import type { Archive } from "./archive.ts";

/** Items that were made to fit. */
export interface CompressedItems {
  readonly items: readonly ContextItem[];
  readonly tokens: number;
  readonly dropped: readonly {
    readonly id: string;
    readonly source: string;
    readonly tokens: number;
    readonly reason: string;
  }[];
}

/** The first of the compressors that can make an item so small. */
export function compressWith<Item extends ContextItem>(
  compressors: readonly Compressor[],
  item: Item,
  tokens: number,
): Item | undefined {
  if (tokens <= 0) return undefined;
  for (const compressor of compressors) {
    const smaller = compressor.compress(item, tokens);
    if (smaller !== undefined) return { ...item, text: smaller.text };
  }
  return undefined;
}

/** Takes items by relevance until the tokens are used up, making the first that does not fit smaller; in their own order. What leaves is archived first. */
export function compressItems(
  items: readonly ContextItem[],
  tokens: number,
  count: (text: string) => number,
  compressors: readonly Compressor[],
  archive: Archive,
): CompressedItems {
  const kept = new Map<ContextItem, ContextItem>();
  const dropped: { id: string; source: string; tokens: number; reason: string }[] = [];
  let left = tokens;
  for (const item of items.toSorted((a, b) => b.relevance - a.relevance)) {
    const needed = count(item.text);
    const fits = needed <= left ? item : compressWith(compressors, item, left);
    if (fits !== item) archive.put(item.id, item.text);
    if (fits === undefined) {
      const reason = `no room: it needs ${needed} tokens, ${left} are left`;
      dropped.push({ id: item.id, source: item.source, tokens: needed, reason });
      continue;
    }
    kept.set(item, fits);
    left -= count(fits.text);
  }
  return {
    items: items.flatMap((item) => kept.get(item) ?? []),
    tokens: tokens - left,
    dropped,
  };
}
