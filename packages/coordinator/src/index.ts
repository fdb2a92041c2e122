// Everything exported here is public API; whatever is not named here is private.
export { globsOverlap } from "@mnemosyne/core";
export { Coordinator, type AcquireOptions, type CoordinatorOptions } from "./coordinator.ts";
export type { AgentPresence, AgentRegistration, AgentState } from "./agent-registry.ts";
export type { LeaseHandle } from "./lease-handle.ts";
export { MemoryCoordinationStore, type MemoryCoordinationStoreOptions } from "./memory-coordination-store.ts";
export type { WatchOptions } from "./shared-state.ts";
