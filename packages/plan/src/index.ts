// Everything exported here is public API; whatever is not named here is private.
export { definePlan, defineTask, type PlanModule, type PreparedPlan } from "./file/define-plan.ts";
export { planJsonSchema } from "./file/json-schema.ts";
export { loadModule } from "./file/load-module.ts";
export { loadPlan, type LoadedPlan } from "./file/load-plan.ts";
export { checkPlanText, parsePlan, type CheckedPlanText, type ParseOptions } from "./file/parse-plan.ts";
export { preparePlan, type PlanSource } from "./file/prepare-plan.ts";
export { planHash } from "./file/plan-hash.ts";
export type {
  BudgetInput,
  CompensationContext,
  CompensationFunction,
  GateInput,
  PlanFunctions,
  PlanInput,
  StandardSchema,
  TaskFunction,
  TaskFunctionContext,
  TaskInput,
} from "./file/plan-input.ts";
export type { PlanFormat } from "./file/plan-text.ts";
export { checkPlan, type CheckOptions } from "./soundness/check-plan.ts";
export type { PlanEnvironment } from "./soundness/environment.ts";
export {
  MACHINE_VERSION,
  type MachineSnapshot,
  type MachineState,
  type PlanCommand,
  type StampedInput,
  type Step,
} from "./machine/protocol.ts";
export { restoreState, saveRun, saveTask, type SavedRun, type SavedTask } from "./machine/saved-state.ts";
export { start } from "./machine/start.ts";
export { step } from "./machine/step.ts";
export {
  digest,
  openCommands,
  outputNeeds,
  pathTo,
  rollbackScope,
  runStatus,
  snapshot,
  taskState,
  type OutputNeeds,
  type RollbackScope,
  type TaskState,
} from "./machine/readers.ts";
