// Everything exported here is public API; whatever is not named here is private.
export { parseDuration, formatDuration } from "./duration.ts";
export {
  MnemosyneError,
  isMnemosyneError,
  isAbortError,
  toErrorRecord,
  exitCodeOf,
  type ErrorCode,
  type ErrorKind,
  type ErrorRecord,
  type MnemosyneErrorOptions,
} from "./errors.ts";
export { globStem, globsOverlap } from "./glob-overlap.ts";
export { claimsOverlap, leasesCollide, leasesInTheWay, type LeaseClaim } from "./lease-conflict.ts";
export { MemoryId, RunId, TaskId, NAME_PATTERN, type Branded } from "./ids.ts";
export { canonicalJson, type Json, type JsonObject } from "./json.ts";
export { Namespace, type NamespaceInput, type NamespaceParts } from "./namespace.ts";
export { estimateTokenCount, estimateTokens } from "./token-estimate.ts";
export { NO_USAGE, addUsage } from "./usage.ts";
export { defineAgent, defineGate, defineTool } from "./plugin.ts";
export {
  MEMORY_TYPES,
  type ChangeNote,
  type ExportRecord,
  type ExportedLink,
  type ExportedMemory,
  type GraphNode,
  type GraphOptions,
  type ImportConflict,
  type ImportRecord,
  type ImportResult,
  type LinkOptions,
  type ListOptions,
  type Memory,
  type MemoryChange,
  type MemoryChangeKind,
  type MemoryGraph,
  type MemoryInput,
  type MemoryLink,
  type MemoryPatch,
  type MemoryStats,
  type MemoryType,
  type Provenance,
  type ScoreParts,
  type SearchHit,
  type SearchOptions,
  type Trust,
  type VectorStats,
} from "./memory/memory.ts";
export {
  AgentMemory,
  type AgentMemoryEvent,
  type AgentMemoryOptions,
  type Decider,
  type Decision,
  type DecisionRequest,
  type RememberOptions,
} from "./memory/agent-memory.ts";
export type {
  Budget,
  Compensation,
  Condition,
  GateUse,
  Isolation,
  OnCrash,
  OnFailure,
  Plan,
  RunRecord,
  RunStatus,
  SandboxMode,
  Task,
  TaskStatus,
  TaskWork,
  Usage,
} from "./plan/plan.ts";
export type {
  EscalationLevel,
  ExecutionRef,
  QuestionKind,
  RunEvent,
  RunEventBody,
  RunEventClass,
  RunEventType,
  RunFact,
  RunFinished,
  RunInput,
  WaitingFor,
} from "./run/events.ts";
export type { RunObservation } from "./run/observations.ts";
export type { PayloadRef } from "./run/payload-ref.ts";
export type { Agent, AgentCheckpoint, AgentContext, AgentResult, AgentTask } from "./ports/agent.ts";
export type { Backend, BackendCapabilities, RunOutcome, RunSignal, RunSnapshot } from "./ports/backend.ts";
export type { BlobStore } from "./ports/blob-store.ts";
export type {
  BudgetAccount,
  BudgetAmount,
  BudgetBalance,
  BudgetCall,
  BudgetLedger,
  Reservation,
  ReservationState,
  Reserved,
} from "./ports/budget-ledger.ts";
export type { Command, CommandOptions, CommandResult, CommandRunner } from "./ports/command-runner.ts";
export type {
  Compressor,
  ContextAssembler,
  ContextItem,
  ContextPayload,
  ContextRequest,
  ContextSection,
  ContextShare,
  ContextSource,
  Skill,
  SkillSource,
} from "./ports/context.ts";
export type {
  CoordinationStore,
  Handoff,
  HandoffOffer,
  HandoffStore,
  KeptAlive,
  Lease,
  LeaseRequest,
  NewQueueItem,
  QueueClaim,
  QueueItem,
  RegisteredAgent,
  SharedValue,
  Wait,
  WaitingState,
  WaitTarget,
  WorkQueueStore,
} from "./ports/coordination-store.ts";
export type { EmbedOptions, Embedder } from "./ports/embedder.ts";
export type {
  Finding,
  Gate,
  GateContext,
  GateJudgement,
  GateRunner,
  GateSubject,
  ReviewResult,
  Verdict,
} from "./ports/gate.ts";
export type {
  Journal,
  JournalAppend,
  JournalAppended,
  JournalEntry,
  JournalPayload,
  NewRun,
} from "./ports/journal.ts";
export type {
  CallObserver,
  ContentBlock,
  LanguageModel,
  ModelCall,
  ModelCatalog,
  ModelInfo,
  ModelMessage,
  ModelOptions,
  ModelPrices,
  ModelRequest,
  ModelResponse,
  ModelStreamEvent,
  ModelUsage,
  StopReason,
  TokenCount,
  TokenCounter,
  ToolLoopOptions,
  ToolLoopRequest,
  ToolLoopResult,
} from "./ports/language-model.ts";
export type { MemoryStore } from "./ports/memory-store.ts";
export type { Clock, EventSink, TraceSpan, Tracer } from "./ports/observability.ts";
export type {
  Playbook,
  PlaybookApplied,
  PlaybookChange,
  PlaybookDelta,
  PlaybookItem,
  PlaybookItemChange,
  PlaybookNote,
  PlaybookOrigin,
  PlaybookReverted,
  PlaybookRevertible,
  PlaybookStore,
} from "./ports/playbook-store.ts";
export {
  EMPTY_PLAYBOOK,
  applyInverseDeltas,
  applyPlaybookDeltas,
  orderPlaybookItems,
  type DeltasApplied,
} from "./playbook/apply-deltas.ts";
export { checkPlaybookNote } from "./playbook/check-deltas.ts";
export { planPlaybookRevert, type RevertPlan } from "./playbook/plan-revert.ts";
export {
  missingFacts,
  statementFacts,
  statementWords,
  wordsKept,
  type StatementFacts,
} from "./playbook/statement-facts.ts";
export type { PlanCheck, PlanFinding, Scheduler, StartableTask } from "./ports/scheduler.ts";
export type { Tool, ToolContext, ToolResult, ToolUse } from "./ports/tool.ts";
export type { EntryType, FileChange, Workspace } from "./ports/workspace.ts";
