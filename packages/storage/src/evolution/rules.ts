const DAY = 86_400_000;

/** What is known of a memory's use. */
export interface Use {
  readonly importance: number;
  readonly createdAt: number;
  readonly uses: number;
  readonly usedAt: number | undefined;
  /** Links that lead to it. */
  readonly incoming: number;
}

/**
 * Importance by use, from what was said alone: up to two more for being found often, up to one more for being linked
 * to, one less for lying unused for 90 days, two less for 180. From 1 to 10.
 */
export function derivedImportance(
  { importance, createdAt, uses, usedAt, incoming }: Use,
  now: number,
): number {
  const found = Math.min(2, Math.log2(1 + uses) / 3);
  const linked = Math.min(1, incoming / 4);
  const idle = (now - Math.max(createdAt, usedAt ?? 0)) / DAY;
  const faded = idle > 180 ? 2 : idle > 90 ? 1 : 0;
  return Math.min(10, Math.max(1, Math.round(importance + found + linked - faded)));
}

/** Why a memory is archived; undefined when it is not. Its use may only save it: the higher importance counts. */
export function archiveReason(use: Use, derived: number | undefined, now: number): string | undefined {
  const age = (now - use.createdAt) / DAY;
  const effective = Math.max(use.importance, derived ?? 0);
  if (effective >= 7) return undefined;
  if (use.uses === 0 && age > 180) return "never used for more than 180 days";
  if (effective < 2 && age > 30) return "importance below 2 and older than 30 days";
  if (effective < 3 && age > 90) return "importance below 3 and older than 90 days";
  return undefined;
}

/** Below this a link is dropped. */
export const WEAKEST_LINK = 0.1;

/** What is left of a link's strength, worked out from the one that it was given. */
export function decayedStrength(
  link: { readonly baseStrength: number; readonly createdAt: number; readonly usedAt: number },
  now: number,
): number {
  const idle = (now - link.usedAt) / DAY;
  const age = (now - link.createdAt) / DAY;
  const share = idle >= 180 ? 0.25 : idle >= 90 ? 0.5 : age >= 365 ? 0.8 : 1;
  return link.baseStrength * share;
}
