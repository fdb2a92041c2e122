// Everything exported here is public API; whatever is not named here is private.
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
export { start } from "./machine/start.ts";
export { step } from "./machine/step.ts";
export {
  digest,
  openCommands,
  outputNeeds,
  pathTo,
  runStatus,
  snapshot,
  taskState,
  type OutputNeeds,
  type TaskState,
} from "./machine/readers.ts";
