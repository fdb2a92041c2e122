// Everything exported here is public API; whatever is not named here is private.
export { ParallelExecutor, type ExecuteOptions } from "./parallel-executor.ts";
export type { ParallelExecutorOptions } from "./options.ts";
export type {
  CompensationContext,
  ExecutionResult,
  FailurePolicy,
  RetryPolicy,
  TaskContext,
  TaskDefinition,
  TaskEvent,
  TaskOutcome,
  TaskSpec,
  TaskStatus,
  TaskTuple,
} from "./task.ts";
