import type { ErrorRecord } from "../errors.ts";
import type { TaskId } from "../ids.ts";
import type { Plan, RunStatus, Task, TaskStatus, Usage } from "../plan/plan.ts";
import type { Verdict } from "../ports/gate.ts";
import type { RunObservation } from "./observations.ts";
import type { PayloadRef } from "./payload-ref.ts";

/** What identifies one execution: the attempt rises on an observed failure or rejection, the epoch with each claim. */
export interface ExecutionRef {
  readonly task: TaskId;
  readonly attempt: number;
  readonly epoch: number;
}

/** How a person's answer to a question can be given. */
export type QuestionKind =
  /** An agent asked. */
  | "question"
  /** A failure keeps coming back; a person must say how to go on. */
  | "escalation"
  /** A worker died while a command ran; nobody knows how far it came. */
  | "uncertain"
  /** A gate could not judge. */
  | "gateError"
  /** A budget is used up; approving grants the task the same amount again. */
  | "budget";

/**
 * Inputs: what happened, folded into a run's state by the plan machine in journal order. Each closes or opens keys;
 * one whose key is not open is recorded as `result.stale` and changes nothing.
 */
export type RunInput =
  | {
      readonly type: "run.started";
      readonly machine: string;
      readonly planHash: string;
      readonly deadlineAt?: string;
    }
  /** A worker claims an execution. Durable before its first effect. */
  | ({ readonly type: "task.started"; readonly worker?: string } & ExecutionRef)
  /** The work is done and waits for its gates. `tree` is the manifest hash that will be judged. */
  | ({
      readonly type: "task.executed";
      readonly output?: PayloadRef;
      readonly report?: PayloadRef;
      readonly tree?: string;
    } & ExecutionRef)
  /**
   * Done: gates passed and files merged (or none were needed). Carries what dependents need: values of their `when`,
   * and for each `forEach` the number of elements with their hashes.
   */
  | ({
      readonly type: "task.completed";
      readonly output?: PayloadRef;
      readonly tree?: string;
      readonly when?: Readonly<Record<string, boolean>>;
      readonly forEach?: Readonly<Record<string, readonly string[]>>;
    } & ExecutionRef)
  /** The attempt failed. `jitter` (0..1) seeds the delay before the next one; `fingerprint` names the failure. */
  | ({
      readonly type: "task.failed";
      readonly error: ErrorRecord;
      readonly retryable: boolean;
      readonly fingerprint?: string;
      readonly jitter?: number;
    } & ExecutionRef)
  /** Gates did not pass. `regressed`: a check that passed before now fails. */
  | ({
      readonly type: "task.rejected";
      readonly verdict: Exclude<Verdict, "pass">;
      readonly fingerprint: string;
      readonly regressed?: boolean;
      readonly findings?: PayloadRef;
      readonly summary?: string;
    } & ExecutionRef)
  /** Gates could not judge, after their own retries; uses no attempt. */
  | ({ readonly type: "review.failed"; readonly error: ErrorRecord } & ExecutionRef)
  /** An aborted execution has ended, or its worker is fenced off. */
  | ({ readonly type: "task.aborted"; readonly outcome: "completed" | "unknown" } & ExecutionRef)
  /** A dead worker's execution: nobody knows whether its effects happened. */
  | ({ readonly type: "task.uncertain"; readonly policy: "rerun" | "ask" | "fail" } & ExecutionRef)
  /** The task needs an approval of exactly this subject. A new subject asks again. */
  | {
      readonly type: "approval.requested";
      readonly task: TaskId;
      readonly attempt: number;
      readonly subject: string;
      readonly prompt: string;
    }
  | {
      readonly type: "approval.granted";
      readonly task: TaskId;
      readonly attempt?: number;
      readonly subject?: string;
      readonly by: string;
    }
  | {
      readonly type: "approval.denied";
      readonly task: TaskId;
      readonly attempt?: number;
      readonly by: string;
      readonly reason?: string;
    }
  /** An agent asks a person; the execution ends and goes on, same attempt, when the answer is there. */
  | ({ readonly type: "question.asked"; readonly question: string; readonly text: string } & ExecutionRef)
  | {
      readonly type: "question.answered";
      readonly task: TaskId;
      readonly attempt?: number;
      readonly question?: string;
      readonly text: string;
      readonly by: string;
    }
  /** The budget does not allow the execution to go on. `task` scope fails the task, `run` scope stops the run, `ask` waits. */
  | ({
      readonly type: "budget.refused";
      readonly scope: "task" | "run";
      readonly outcome: "stop" | "ask";
      readonly message: string;
    } & ExecutionRef)
  | { readonly type: "timer.fired"; readonly key: string }
  /** Tasks that a running task or a repair adds; checked as a plan is before it starts. */
  | {
      readonly type: "task.added";
      readonly task: TaskId;
      readonly attempt?: number;
      readonly tasks: readonly Task[];
      readonly reason: "subagent" | "repair";
      readonly parent?: TaskId;
    }
  /**
   * The run goes on with another plan. `keep`: completed tasks whose results still hold; every other task of the new
   * plan runs, again where it ran before. `when` and `forEach`: what kept tasks say to tasks that look at them.
   */
  | {
      readonly type: "plan.edited";
      readonly by: string;
      readonly plan: Plan;
      readonly keep: readonly TaskId[];
      readonly when?: Readonly<Record<string, boolean>>;
      readonly forEach?: Readonly<Record<string, readonly string[]>>;
      /** Removed tasks that were compensated before. */
      readonly compensated?: readonly TaskId[];
    }
  | {
      readonly type: "run.cancelled";
      readonly by: string;
      readonly reason?: string;
      readonly force?: boolean;
    }
  /** Run a failed, skipped or cancelled task of a run that ended (or of one that stopped) again, and what hangs on it. */
  | { readonly type: "retry.requested"; readonly task: TaskId; readonly by: string }
  /** Undo a run that ended: everything, or what came after `to`. */
  | { readonly type: "rollback.requested"; readonly to?: TaskId; readonly by: string }
  | { readonly type: "compensation.completed"; readonly task: TaskId; readonly attempt: number }
  | {
      readonly type: "compensation.failed";
      readonly task: TaskId;
      readonly attempt: number;
      readonly error: ErrorRecord;
      readonly jitter?: number;
    }
  | { readonly type: "workspace.restored"; readonly paths: number; readonly conflicts?: readonly string[] }
  /** The final gates' verdict on the whole run. */
  | {
      readonly type: "run.judged";
      readonly verdict: Verdict;
      readonly findings?: PayloadRef;
      readonly summary?: string;
    };

/** Derived by the machine from an input and journalled with it; a replay derives them again. */
export type RunFact =
  | {
      readonly type: "task.retried";
      readonly task: TaskId;
      readonly attempt: number;
      readonly reason: string;
      readonly dueAt?: string;
    }
  | {
      readonly type: "task.skipped";
      readonly task: TaskId;
      readonly attempt: number;
      readonly reason: string;
      readonly causes: readonly TaskId[];
    }
  | {
      readonly type: "task.cancelled";
      readonly task: TaskId;
      readonly attempt: number;
      readonly reason: string;
    }
  | { readonly type: "task.compensated"; readonly task: TaskId; readonly attempt: number }
  | {
      readonly type: "task.escalated";
      readonly task: TaskId;
      readonly attempt: number;
      readonly level: EscalationLevel;
      readonly reason: string;
    }
  | {
      readonly type: "task.added";
      readonly task: TaskId;
      readonly attempt: number;
      readonly reason: "forEach";
      readonly parent: TaskId;
    }
  | {
      readonly type: "question.asked";
      readonly task: TaskId;
      readonly attempt: number;
      readonly question: string;
      readonly text: string;
      readonly kind: QuestionKind;
    }
  | { readonly type: "run.paused"; readonly waiting: readonly WaitingFor[] }
  | { readonly type: "run.resumed"; readonly reason: string }
  | { readonly type: "checkpoint.taken"; readonly stateSeq: number; readonly digest: string }
  /**
   * A task failed for good, or completed, by another input than one of its own of that type: denied, gates not passed,
   * a budget refused, an instance failed; or all instances of a `forEach` task completed.
   */
  | Extract<RunInput, { readonly type: "task.failed" | "task.completed" }>
  | RunFinished;

/** How far a task's failures have been escalated. */
export type EscalationLevel = "none" | "model" | "person";

/** The last fact of a run. */
export interface RunFinished {
  readonly type: "run.finished";
  readonly status: RunStatus;
  readonly tasks: Readonly<Record<string, TaskStatus>>;
  readonly digest: string;
  readonly error?: ErrorRecord;
  /** What a rollback could not undo. */
  readonly dirty?: readonly string[];
  /** Added by the backend from the journal's model calls. */
  readonly usage?: Usage;
}

/** What a paused run waits for, and the call that answers it. */
export interface WaitingFor {
  readonly task: TaskId;
  readonly kind: "approval" | QuestionKind;
  readonly attempt: number;
  readonly text: string;
  readonly question?: string;
  readonly subject?: string;
}

/** Any event's body. */
export type RunEventBody = RunInput | RunFact | RunObservation;

/** An event's type. Readers ignore types that they do not know. */
export type RunEventType = RunEventBody["type"];

/**
 * How the journal holds an event: `input` is folded into state, `fact` was derived from the input before it,
 * `observation` is never folded.
 */
export type RunEventClass = "input" | "fact" | "observation";

/** An event as readers get it. */
export type RunEvent = RunEventBody & {
  readonly seq: number;
  readonly runId: string;
  /** ISO 8601; never falls within a run. */
  readonly at: string;
  readonly schemaVersion: 1;
  readonly class: RunEventClass;
};
