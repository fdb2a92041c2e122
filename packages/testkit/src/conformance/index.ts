// Everything exported here is public API; whatever is not named here is private.
export type { ConformanceCheck, Open, Opened } from "./check.ts";
export { blobStoreConformance } from "./blob-store.ts";
export { budgetLedgerConformance } from "./budget-ledger.ts";
export { coordinationStoreConformance } from "./coordination-store.ts";
export { journalConformance } from "./journal.ts";
export { memoryStoreConformance } from "./memory-store.ts";
export { playbookStoreConformance } from "./playbook-store.ts";
export { agentConformance, type AgentCase, type AgentConformanceOptions } from "./agent.ts";
export { gateConformance, type GateCase, type GateConformanceOptions } from "./gate.ts";
export { languageModelConformance, type OpenModel } from "./language-model.ts";
export { toolConformance, type ToolConformanceOptions } from "./tool.ts";
export { embedderConformance, type EmbedderConformanceOptions } from "./embedder.ts";
