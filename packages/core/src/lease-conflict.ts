import { globsOverlap } from "./glob-overlap.ts";
import type { LeaseRequest } from "./ports/coordination-store.ts";

/** What a lease claims, or a request for one. */
export type LeaseClaim = Pick<LeaseRequest, "mode" | "resources" | "permits">;

/** Whether two claims exclude each other, whatever else is held. */
export function leasesCollide(a: LeaseClaim, b: LeaseClaim): boolean {
  return (a.mode === "exclusive" || b.mode === "exclusive") && claimsOverlap(a, b);
}

/** Whether two claims name a resource in common, or may do so. */
export function claimsOverlap(a: LeaseClaim, b: LeaseClaim): boolean {
  return a.resources.some((one) => b.resources.some((other) => globsOverlap(one, other)));
}

/**
 * The live leases that keep a request from being granted. Of a request whose permits are all taken: every holder of one;
 * it is enough that one of them ends.
 */
export function leasesInTheWay<Held extends LeaseClaim>(
  live: readonly Held[],
  request: LeaseClaim,
): readonly Held[] {
  const conflicts = live.filter((lease) => leasesCollide(lease, request));
  const { permits } = request;
  if (conflicts.length > 0 || permits === undefined) return conflicts;
  const holders = live.filter((lease) => claimsOverlap(lease, request));
  return holders.length < permits ? [] : holders;
}
