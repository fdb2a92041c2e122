import { setTimeout as sleepFor } from "node:timers/promises";
import type { Clock } from "@mnemosyne/core";

/** The time as this package uses it. */
export interface Timers {
  /** Milliseconds since 1970. */
  now(): number;
  /** Keeps the process alive while somebody waits. Rejects when the signal aborts. */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
  /** As `sleep`, but does not keep the process alive: for upkeep that nobody waits for. */
  idle(milliseconds: number, signal: AbortSignal): Promise<void>;
}

/** The given clock, or the system's. */
export function timersOf(clock: Clock | undefined): Timers {
  if (clock !== undefined) {
    const sleep: Timers["sleep"] = (milliseconds, signal) => clock.sleep(milliseconds, signal);
    return { now: () => clock.now(), sleep, idle: sleep };
  }
  return {
    now: () => Date.now(),
    sleep: (milliseconds, signal) => sleepFor(milliseconds, undefined, { signal }),
    idle: (milliseconds, signal) => sleepFor(milliseconds, undefined, { signal, ref: false }),
  };
}
