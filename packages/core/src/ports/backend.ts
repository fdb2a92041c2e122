import type { ErrorRecord } from "../errors.ts";
import type { Plan, RunRecord, TaskStatus } from "../plan/plan.ts";
import type { RunEvent, RunFinished, RunInput, WaitingFor } from "../run/events.ts";

/** What a backend can do. */
export interface BackendCapabilities {
  readonly name: string;
  /** Timers survive the death of every process. */
  readonly durableTimers: boolean;
  /** Several machines can work on one run. */
  readonly multiNode: boolean;
}

/** A decision of a person or another process about a run. May come before the run waits for it. */
export type RunSignal = Extract<
  RunInput,
  {
    readonly type:
      | "approval.granted"
      | "approval.denied"
      | "question.answered"
      | "retry.requested"
      | "rollback.requested"
      | "run.cancelled"
      | "task.added";
  }
>;

/** How a run stands. */
export interface RunSnapshot extends RunRecord {
  readonly tasks: readonly { readonly id: string; readonly status: TaskStatus; readonly attempts: number }[];
  readonly waiting: readonly WaitingFor[];
  readonly head: number;
  readonly digest: string;
  readonly error?: ErrorRecord;
}

/** How a run ended, or that it waits for a person. */
export type RunOutcome =
  | ({ readonly outcome: "finished" } & RunFinished)
  | { readonly outcome: "paused"; readonly waiting: readonly WaitingFor[] };

/** Carries runs: the same plan machine behind each. */
export interface Backend {
  readonly capabilities: BackendCapabilities;
  /** Idempotent by run id. A known id with another plan hash is refused with `E_RUN_EXISTS`. */
  start(runId: string, plan: Plan, options?: { readonly source?: string }): Promise<"accepted" | "existing">;
  /** Idempotent: a decision that was already taken changes nothing. Gives whether it was taken now. */
  signal(runId: string, signal: RunSignal): Promise<boolean>;
  status(runId: string): Promise<RunSnapshot | undefined>;
  /** Every event after `from`, then live ones, until the run has finished or paused. */
  events(
    runId: string,
    options?: { readonly from?: number; readonly signal?: AbortSignal },
  ): AsyncIterable<RunEvent>;
  /** Works on the run until it has finished or waits for a person. */
  carry(runId: string, options?: { readonly signal?: AbortSignal }): Promise<RunOutcome>;
}
