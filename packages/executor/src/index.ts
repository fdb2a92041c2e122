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
