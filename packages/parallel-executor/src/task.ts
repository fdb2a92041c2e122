/** What a task's `run` gets. Reading `signal` is what makes it: tasks that do not read it cost nothing. */
export interface TaskContext {
  /** Values of the tasks that it depends on, by name. */
  readonly results: Readonly<Record<string, unknown>>;
  /** Fires when the task's time is over or the execution is cancelled. */
  readonly signal: AbortSignal;
  readonly name: string;
  /** 1 for the first try. */
  readonly attempt: number;
}

/** What a task's `compensate` gets. */
export interface CompensationContext {
  /** What the task gave. */
  readonly value: unknown;
  readonly name: string;
  /** Fires when the compensation's time (the task's `timeout`) is over. */
  readonly signal: AbortSignal;
}

/** How often and when a failed task is tried again. */
export interface RetryPolicy {
  /** Tries in all, the first included. Default 3. */
  readonly attempts?: number;
  /** Milliseconds before the second try; doubled for each further one. Default 100. */
  readonly backoff?: number;
  /** Most milliseconds between two tries. Default 30 000. */
  readonly maxBackoff?: number;
  /** Share of the wait that is random, 0 to 1: `0.5` waits between half and all of it. Default 0.5. */
  readonly jitter?: number;
  /** Whether this error is worth another try. Default: every one. */
  readonly when?: (error: Error, attempt: number) => boolean;
}

/** A function with its arguments and a name. */
export type TaskTuple = readonly [name: string, fn: (...args: never[]) => unknown, args?: readonly unknown[]];

/** A task with everything that can be said of it. */
export interface TaskDefinition {
  readonly name: string;
  /** May be synchronous or not, return anything, throw or reject. */
  readonly run: (context: TaskContext) => unknown;
  /** Names of tasks that must complete before it starts. */
  readonly dependsOn?: readonly string[];
  /** Milliseconds for one try. A function that ignores its signal is left behind when they are over. */
  readonly timeout?: number;
  readonly retries?: RetryPolicy;
  /** Tasks that name the same resource never run at the same time. */
  readonly resources?: readonly string[];
  /** The higher, the sooner among tasks that could start. Default 0. */
  readonly priority?: number;
  /** Expected milliseconds, for the order only. Default: the mean of those given. */
  readonly estimate?: number;
  /** Undoes what it did, with policy `rollback`. */
  readonly compensate?: (context: CompensationContext) => unknown;
}

/** A task in either form. */
export type TaskSpec = TaskTuple | TaskDefinition;

/** What became of a task. */
export type TaskStatus = "completed" | "failed" | "skipped" | "cancelled" | "compensated";

/** A task's fate. */
export interface TaskOutcome {
  readonly status: TaskStatus;
  /** What it returned. */
  readonly value?: unknown;
  /** Why it did not complete, or why its compensation failed. */
  readonly error?: Error;
  /**
   * Names of the tasks because of which it did not run, from the nearest to the one that failed. At most 32: of a
   * longer chain the nearest 31 and the last.
   */
  readonly causes?: readonly string[];
  /** Tries that were begun. */
  readonly attempts: number;
  /** From the beginning of its first try to its end. Missing for a task that never began. */
  readonly durationMs?: number;
}

/** What an execution came to. */
export interface ExecutionResult {
  /** True when every task completed. */
  readonly ok: boolean;
  /** Each task's fate, by name. Made when it is first read. */
  readonly tasks: Readonly<Record<string, TaskOutcome>>;
  /** What `onEvent` threw; it got no events after that. */
  readonly eventError?: Error;
}

/** What happened to a task, as it happens. */
export interface TaskEvent {
  readonly type:
    | "task.started"
    | "task.completed"
    | "task.failed"
    | "task.retried"
    | "task.skipped"
    | "task.cancelled"
    | "task.compensated"
    | "compensation.failed";
  readonly task: string;
  readonly attempt: number;
  readonly error?: Error;
  /** For `task.retried`: milliseconds until the next try. */
  readonly delayMs?: number;
  /** Tasks whose fate is known, of all. */
  readonly settled: number;
  readonly total: number;
}

/**
 * What a failure means for the rest. `continue`: what does not depend on it goes on. `stop`: nothing new starts, what runs
 * may end. `rollback`: nothing new starts, what runs is aborted, what completed is compensated, last first.
 */
export type FailurePolicy = "continue" | "stop" | "rollback";
