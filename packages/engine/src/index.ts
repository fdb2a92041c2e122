// Everything exported here is public API; whatever is not named here is private.
export { OrchestrationEngine } from "./orchestration-engine.ts";
export type { EditOptions, SubmitOptions, WorkOptions } from "./call-options.ts";
export type { EngineOptions } from "./engine-options.ts";
export type { EngineStorage } from "./storage.ts";
export { RunHandle, type DecisionOptions, type RunHandleOptions, type RunResult } from "./run-handle.ts";
export type { RunReport, TaskReport } from "./run/run-report.ts";
export {
  LocalBackend,
  type CarryOptions,
  type LocalBackendOptions,
  type StoredPlan,
} from "./local-backend.ts";
export type { EditedTask, PlanEdit } from "./task/edit-plan.ts";
export type { NotUndone, RollbackPreview } from "./task/preview-rollback.ts";
export type { WorkReport } from "./run/run-worker.ts";
export type { Performer, WorkContext, WorkResult } from "./run/work.ts";
export type { PlanSource } from "./plan-source.ts";
