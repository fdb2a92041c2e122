import type { PlaybookItem } from "@mnemosyne/core";

const Z = 1.96;

/**
 * How much an item's counts speak for it, 0 to 1: the lower bound (Wilson, 95 %) of the share of times that it helped, so that
 * 9 of 10 counts for more than 1 of 1. Without counts 0.2 as one of one, so that new items are tried.
 */
export function worthOf({ helpful, harmful }: Pick<PlaybookItem, "helpful" | "harmful">): number {
  const uses = helpful + harmful;
  if (uses === 0) return 0.2;
  const share = helpful / uses;
  const square = Z * Z;
  const middle = share + square / (2 * uses);
  const width = Z * Math.sqrt((share * (1 - share)) / uses + square / (4 * uses * uses));
  return Math.max(0, (middle - width) / (1 + square / uses));
}
