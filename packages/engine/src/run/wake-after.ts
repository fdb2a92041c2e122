import type { Clock } from "@mnemosyne/core";
import { systemClock } from "../clock.ts";

/** Calls back when so many milliseconds of the clock are over; what it gives cancels that. */
export function wakeAfter(clock: Clock, milliseconds: number, call: () => void): () => void {
  if (clock === systemClock) {
    const timer = setTimeout(call, milliseconds);
    return () => clearTimeout(timer);
  }
  const cancelled = new AbortController();
  // It rejects when it is cancelled, and for nothing else.
  clock.sleep(milliseconds, cancelled.signal).then(call, () => undefined);
  return () => cancelled.abort();
}
