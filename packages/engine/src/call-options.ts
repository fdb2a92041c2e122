import type { Json } from "@mnemosyne/core";
import type { PlanFunctions } from "@mnemosyne/plan";
import type { CarryOptions } from "./local-backend.ts";
import type { WorkReport } from "./run/run-worker.ts";

/** Options of `submit`. */
export interface SubmitOptions extends CarryOptions {
  /** A known id with the same plan attaches to that run; with another plan it is refused. Default: a new one. */
  readonly runId?: string;
  /** False: only begin the run; whoever has its handle carries it. Default true. */
  readonly carry?: boolean;
}

/** Options of `editPlan`. */
export interface EditOptions {
  readonly undoRemoved?: boolean;
  readonly dryRun?: boolean;
  readonly by?: string;
}

/** Options of `work`. */
export interface WorkOptions {
  readonly signal?: AbortSignal;
  /** Runs at once. Default 4. */
  readonly concurrency?: number;
  /** Return when there is no more work that could be done here. Default false: wait for more. */
  readonly untilIdle?: boolean;
  /** Loads the functions of a module plan; a run whose functions are not to be had is left to other workers. */
  readonly load?: (run: {
    readonly runId: string;
    readonly plan: Json;
  }) => Promise<PlanFunctions | undefined>;
  /** Told how each run stands that was worked on here. */
  readonly onReport?: (report: WorkReport) => void;
}
