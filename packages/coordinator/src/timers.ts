import { setTimeout as sleepFor } from "node:timers/promises";
import type { Clock } from "@mnemosyne/core";

/** The time as this package uses it. */
export interface Timers {
  /** Whether it is the system's time: only then do other threads share it. */
  readonly real: boolean;
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
    return { real: false, now: () => clock.now(), sleep, idle: sleep };
  }
  return {
    real: true,
    now: () => Date.now(),
    sleep: (milliseconds, signal) => sleepFor(milliseconds, undefined, { signal }),
    idle: (milliseconds, signal) => sleepFor(milliseconds, undefined, { signal, ref: false }),
  };
}
