import type { RunObservation } from "@mnemosyne/core";
import type { PlanCommand } from "@mnemosyne/plan";

/** A piece of work that is being done here. */
export interface InFlight {
  readonly command: PlanCommand;
  readonly controller: AbortController;
  /** Milliseconds since 1970. */
  beatAt: number;
  stalled: boolean;
}

const STALL_MS = 60_000;

/** An alert for each task that has given no sign of life for a minute; once, until the next sign. */
export function noteStalls(flights: Iterable<InFlight>, now: number): readonly RunObservation[] {
  const alerts: RunObservation[] = [];
  for (const flight of flights) {
    if (flight.stalled || now - flight.beatAt < STALL_MS || flight.command.type !== "runTask") continue;
    flight.stalled = true;
    const { task, attempt } = flight.command;
    alerts.push({
      type: "alert.raised",
      task,
      attempt,
      level: "stall",
      message: `Task '${task}' has given no sign of life for ${STALL_MS / 1000} s.`,
    });
  }
  return alerts;
}
