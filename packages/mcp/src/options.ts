import type {
  ContextAssembler,
  ErrorRecord,
  Journal,
  MemoryStore,
  NamespaceInput,
  PlanCheck,
  PlaybookStore,
  ReviewResult,
  RunEvent,
  RunStatus,
  Skill,
  TaskStatus,
  Usage,
  WaitingFor,
} from "@mnemosyne/core";

/** What the server reads and writes: the handle of `openStorage`, or stores of your own. Each tool is offered where its method is. */
export type McpStorage = Pick<
  MemoryStore,
  "store" | "search" | "get" | "listRecent" | "update" | "forget" | "getStats"
> &
  Partial<Pick<MemoryStore, "link" | "unlink" | "graph" | "history">> & {
    readonly journal?: Pick<Journal, "listRuns" | "getRun">;
    readonly playbooks?: Pick<PlaybookStore, "read">;
  };

/** How a run stands, as `run.report()` of the engine gives it. */
export interface McpRunReport {
  readonly runId: string;
  readonly name: string;
  readonly status: RunStatus;
  readonly goal: string;
  readonly tasks: readonly { readonly id: string; readonly status: TaskStatus; readonly attempts: number }[];
  readonly waiting: readonly WaitingFor[];
  readonly usage: Usage;
  readonly head: number;
  readonly error?: ErrorRecord;
}

/** Who decides. */
export interface McpDecision {
  readonly by?: string;
}

/** One run: the handle that an engine gives. */
export interface McpRun {
  readonly runId: string;
  events(options?: { readonly from?: number; readonly signal?: AbortSignal }): AsyncIterable<RunEvent>;
  carry(): Promise<unknown>;
  report(): Promise<McpRunReport>;
  approve(task: string, options?: McpDecision): Promise<boolean>;
  deny(task: string, options?: McpDecision & { readonly reason?: string }): Promise<boolean>;
  answer(
    task: string,
    text: string,
    options?: McpDecision & { readonly question?: string },
  ): Promise<boolean>;
  cancel(options?: McpDecision & { readonly reason?: string }): Promise<boolean>;
  retry(task: string, options?: McpDecision): Promise<boolean>;
  rollback(options?: McpDecision & { readonly to?: string }): Promise<boolean>;
}

/** What carries plans: an `OrchestrationEngine`. */
export interface McpEngine {
  checkPlan(plan: object): PlanCheck;
  submit(plan: object, options: { readonly runId: string; readonly concurrency?: number }): Promise<McpRun>;
  open(runId: string): McpRun;
}

/** What a review is asked for. */
export interface McpReviewRequest {
  /** A revision to compare with. Default: whatever the reviewer takes. */
  readonly base?: string;
  /** Names of gates. Default: whatever the reviewer takes. */
  readonly gates?: readonly string[];
  /** What is claimed about the change. */
  readonly report?: string;
}

/** Judges the files of the workspace that it was made for. Which commands it may run is decided where it is made, never by a client. */
export interface McpReviewer {
  review(
    request: McpReviewRequest,
    options: { readonly signal: AbortSignal },
  ): Promise<Pick<ReviewResult, "verdict" | "gates">>;
}

/** Finds the skills that fit a task, best first. */
export interface McpSkills {
  select(task: string): Promise<readonly { readonly skill: Skill; readonly score: number }[]>;
}

/** What a server is made of. It offers what it is given, and needs no API key. */
export interface McpOptions {
  readonly storage: McpStorage;
  /** Clients read this namespace and what it inherits, and write in it alone. Default `global`. */
  readonly namespace?: NamespaceInput;
  /** For `plan_check`, `run_status` and, with `allowAct`, `run` and the decisions. */
  readonly engine?: McpEngine;
  /** For `context`: an `Optimizer`. */
  readonly assembler?: ContextAssembler;
  readonly reviewer?: McpReviewer;
  readonly skills?: McpSkills;
  /**
   * Offers what acts beyond memory: running plans, deciding for runs, erasing for good. Default false. A run that a
   * client started is never decided by a client.
   */
  readonly allowAct?: boolean;
  /** The server's version as clients see it. */
  readonly version?: string;
  /** Told what goes wrong outside of a call. */
  readonly onError?: (error: Error) => void;
}
