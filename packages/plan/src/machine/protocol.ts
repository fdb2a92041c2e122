import type {
  EscalationLevel,
  QuestionKind,
  RunFact,
  RunFinished,
  RunInput,
  RunStatus,
  TaskId,
  TaskStatus,
  WaitingFor,
} from "@mnemosyne/core";

/** The version that `run.started` names. Every released version stays replayable. */
export const MACHINE_VERSION = "1";

/** An input with its time (ISO 8601, from the journal; never falls). */
export type StampedInput = RunInput & { readonly at: string };

/**
 * What the machine wants done. Data, never a call. `key` is a stable name of kind, task and number; the same command
 * may be given again after a restart, and is then the same piece of work.
 */
export type PlanCommand =
  /** Claim the attempt (`task.started` with the next epoch), do the work, report. Any time, in any order; the scheduler chooses. */
  | {
      readonly type: "runTask";
      readonly key: string;
      readonly task: TaskId;
      readonly attempt: number;
      /** The epoch that the next claim must carry. */
      readonly epoch: number;
      readonly escalation: EscalationLevel;
    }
  /** Judge the executed attempt, merge what passed, and report `task.completed`, `task.rejected` or `review.failed`. */
  | {
      readonly type: "review";
      readonly key: string;
      readonly task: TaskId;
      readonly attempt: number;
      readonly epoch: number;
    }
  /**
   * Wait for a person. For `approval` with no subject yet: work out the subject and report `approval.requested` first.
   */
  | {
      readonly type: "wait";
      readonly key: string;
      readonly task: TaskId;
      readonly attempt: number;
      readonly kind: "approval" | QuestionKind;
      readonly text: string;
      readonly question?: string;
      readonly subject?: string;
    }
  /** Report `timer.fired` with this key when it is due. */
  | { readonly type: "timer"; readonly key: string; readonly dueAt: string }
  /** Undo the task's effects; report `compensation.completed` or `compensation.failed` with this attempt. */
  | {
      readonly type: "compensate";
      readonly key: string;
      readonly task: TaskId;
      readonly attempt: number;
      /** Whether the work is known to have finished. */
      readonly outcome: "completed" | "unknown";
    }
  /** Put the workspace's files back (to before the run, or to after `to`); report `workspace.restored`. */
  | { readonly type: "restore"; readonly key: string; readonly to?: TaskId }
  /** Run the final gates; report `run.judged`. */
  | { readonly type: "judge"; readonly key: string }
  /**
   * Stop the work of this key (of a `runTask`, `review` or `compensate`). Report how it ended, or `task.aborted` with
   * this epoch once it has ended or its worker is fenced off.
   */
  | {
      readonly type: "abort";
      readonly key: string;
      readonly task: TaskId;
      readonly attempt: number;
      readonly epoch: number;
    }
  /** Nothing is left to do. */
  | ({ readonly finish: RunFinished } & { readonly type: "finish"; readonly key: "finish" });

/** What one step gave. */
export interface Step {
  /** The same object as was given: `step` updates it in place. */
  readonly state: MachineState;
  /** Newly wanted; earlier ones stay wanted until their key closes. */
  readonly commands: readonly PlanCommand[];
  /** Keys of earlier commands that are no longer wanted although nothing closed them: drop what was not begun. */
  readonly withdrawn: readonly string[];
  /** Tasks whose state changed: what a backend that stores state by task has to store. */
  readonly touched: readonly TaskId[];
  /** Derived facts, to be journalled with the input in this order. */
  readonly facts: readonly RunFact[];
  /** The key that this input closed, with its epoch: unique within the run. */
  readonly closes?: string;
  /** Set when the input changed nothing because its key is not open: record `result.stale` instead of it. */
  readonly stale?: string;
}

/** A run's state. Opaque: read it with `snapshot`, `openCommands` and `digest`. */
export interface MachineState {
  readonly version: string;
}

/** A readable copy of a run's state. */
export interface MachineSnapshot {
  readonly status: RunStatus;
  readonly tasks: readonly {
    readonly id: TaskId;
    readonly status: TaskStatus;
    readonly attempt: number;
    readonly epoch: number;
    readonly escalation: EscalationLevel;
    readonly parent?: TaskId;
  }[];
  readonly waiting: readonly WaitingFor[];
  readonly inputs: number;
  readonly finished?: RunFinished;
}
