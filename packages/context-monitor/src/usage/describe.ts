import type { Reading } from "./signals.ts";

/** A reading that reached a threshold, for people. */
export function describeReading(reading: Reading, threshold: number): string {
  const { low, high, value, source } = reading.tokens;
  const band = low === high ? "" : `, between ${Math.round(low)} and ${Math.round(high)}`;
  const amount = `${Math.round(value)} of ${reading.limit} tokens (${source}${band})`;
  const reached = `${Math.round(threshold * 100)} % reached.`;
  if (reading.scope === "total") return `All agents together hold ${amount}: ${reached}`;
  if (reading.scope === "agent") return `The context of '${reading.id}' holds ${amount}: ${reached}`;
  return `The ${reading.scope} '${reading.id}' has spent ${amount}: ${reached}`;
}
