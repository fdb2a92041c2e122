// Everything exported here is public API; whatever is not named here is private.
export { Executor } from "./executor.ts";
export type { ExecutorOptions } from "./settings.ts";
export type { FunctionTable } from "./work/call-function.ts";
export type { Redactor } from "./secrets.ts";
export { createWorkspaceTools, type WorkspaceToolsOptions } from "./tools/workspace-tools.ts";
export { createMemoryTools } from "./tools/memory-tools.ts";
export { DEFAULT_COMMANDS, type CommandRule } from "./tools/command-rules.ts";
export {
  assessInstructions,
  scoreInstructions,
  type ClauseFinding,
  type InstructionScore,
} from "./clauses/assess-instructions.ts";
export { challengeInstructions, type ChallengeOptions } from "./clauses/challenge.ts";
export { TOOL_NAMES } from "./tools/tool-names.ts";
export { draftPlan, type DraftPlanOptions, type PhaseRecord } from "./protocol/draft-plan.ts";
export {
  PHASES,
  type Documents,
  type FullSpec,
  type OpenQuestion,
  type Part,
  type Phase,
  type PlannedTask,
  type PlannedTest,
  type PlannedWork,
  type Requirement,
  type Spec,
} from "./protocol/documents.ts";
export { exitCriteria, type ExitCriterion } from "./protocol/exit-criteria.ts";
export {
  advanceProtocol,
  openCriteria,
  startProtocol,
  type ProtocolEvent,
  type ProtocolState,
} from "./protocol/protocol-state.ts";
export { planInputOf, type PlanSettings } from "./protocol/plan-file.ts";
export { readSpec, readTestPlan } from "./protocol/read-documents.ts";
export {
  checkTraces,
  readTraceability,
  tracesOf,
  writeTraceability,
  type Trace,
  type TraceGap,
} from "./protocol/traceability.ts";
export { writeSpec, writeTestPlan } from "./protocol/write-documents.ts";
