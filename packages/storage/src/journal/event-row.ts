import type { RunEvent, RunEventBody, RunEventClass } from "@mnemosyne/core";
import type { Row } from "../database/work.ts";

/** Classes of events; a row holds the place in this list. */
export const CLASSES: readonly RunEventClass[] = ["input", "fact", "observation"];

/** An event with its envelope. */
export function eventOf(
  runId: string,
  seq: number,
  at: number,
  eventClass: RunEventClass,
  body: RunEventBody,
): RunEvent {
  return {
    seq,
    runId,
    at: new Date(at).toISOString(),
    schemaVersion: 1,
    class: eventClass,
    ...body,
  };
}

/** Events of rows (seq, at, class, body). */
export function eventsOf(runId: string, rows: readonly Row[]): readonly RunEvent[] {
  return rows.map(([seq, at, eventClass, body]) =>
    eventOf(
      runId,
      Number(seq),
      Number(at),
      CLASSES[Number(eventClass)] ?? "observation",
      JSON.parse(String(body)) as RunEventBody,
    ),
  );
}
