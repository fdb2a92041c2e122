// Everything exported here is public API; whatever is not named here is private.
export type { TaskLease } from "./leases.ts";
export { Orchestrator, type OrchestratorOptions } from "./orchestrator.ts";
export type { WorkEdge, WorkGraph, WorkNode } from "./work-graph.ts";
