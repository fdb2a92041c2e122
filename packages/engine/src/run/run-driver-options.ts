import type { Clock, Journal, RunSignal, Scheduler, WaitingFor } from "@mnemosyne/core";
import type { RunLog } from "./run-log.ts";
import type { Performer } from "./work.ts";

/** Options of `RunDriver`. */
export interface RunDriverOptions {
  readonly log: RunLog;
  readonly journal: Journal;
  readonly performer: Performer;
  readonly scheduler: Scheduler;
  readonly clock: Clock;
  readonly worker: string;
  /** Fencing token of the run's lease. */
  readonly token: number;
  readonly concurrency: number;
  /** Leaving: running work is ended, nothing more is journalled, and another process can carry on. */
  readonly signal: AbortSignal;
  /** Answers what the run waits for, where this process can (`--yes`, a person at the terminal). */
  readonly decide?: (waiting: WaitingFor) => Promise<RunSignal | undefined>;
}
