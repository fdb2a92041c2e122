import type { RunRecord, RunStatus, Usage } from "../plan/plan.ts";
import type { Json } from "../json.ts";
import type { RunEvent, RunEventBody, RunEventClass } from "../run/events.ts";
import type { PayloadRef } from "../run/payload-ref.ts";

/** An event to append; the journal gives it its place and time. */
export interface JournalEntry {
  readonly class: RunEventClass;
  readonly body: RunEventBody;
  /** Key that this input closes. A second one for the same key in the same run is refused. */
  readonly closes?: string;
  /** Default: the database's clock. */
  readonly at?: string;
}

/** A payload that commits with the events that refer to it. */
export interface JournalPayload {
  readonly ref: PayloadRef;
  readonly text: string;
  /** Hashes of blobs that its text names, put before: the run holds them too, so that none is collected as nobody's. */
  readonly keeps?: readonly string[];
}

/** One append: all of it or nothing, in one write transaction. */
export interface JournalAppend {
  readonly runId: string;
  /** Sequence number of the last event that the writer has folded; 0 for an empty journal. */
  readonly head: number;
  readonly entries: readonly JournalEntry[];
  readonly payloads?: readonly JournalPayload[];
  /** Changes of the run's row. */
  readonly run?: { readonly status?: RunStatus; readonly finishedAt?: Date; readonly usage?: Usage };
}

/**
 * What an append did. `behind`: other events came first; nothing was written, and these are the missing ones: fold
 * them, look whether your input still counts, and append again.
 */
export type JournalAppended =
  | { readonly outcome: "appended"; readonly events: readonly RunEvent[] }
  | { readonly outcome: "behind"; readonly events: readonly RunEvent[] };

/** A run as it is begun. */
export interface NewRun {
  readonly runId: string;
  readonly name: string;
  readonly planHash: string;
  /** The checked plan, with where it came from. */
  readonly plan: Json;
}

/**
 * Append-only lists of events, one a run, with the runs' rows. Always durable (`synchronous = full`).
 * Errors: `E_RUN_NOT_FOUND`, `E_STORAGE_BUSY` (retryable), `E_COMMIT_UNKNOWN` (read again to learn).
 */
export interface Journal {
  /** `existing` (and nothing written) when the id is known; compare its `planHash`. */
  createRun(run: NewRun): Promise<"created" | "existing">;
  getRun(runId: string): Promise<(RunRecord & { readonly plan: Json; readonly head: number }) | undefined>;
  /** Newest first. Default limit 50. */
  listRuns(options?: {
    readonly limit?: number;
    readonly status?: readonly RunStatus[];
  }): Promise<readonly RunRecord[]>;
  append(append: JournalAppend): Promise<JournalAppended>;
  /** Events after `after` in order. */
  read(
    runId: string,
    options?: {
      readonly after?: number;
      readonly limit?: number;
      readonly classes?: readonly RunEventClass[];
    },
  ): Promise<readonly RunEvent[]>;
  /** Cheap: the sequence number of the newest event. */
  head(runId: string): Promise<number>;
  readPayload(ref: Pick<PayloadRef, "hash">): Promise<string | undefined>;
}
