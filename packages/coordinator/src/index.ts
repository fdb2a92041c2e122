// Everything exported here is public API; whatever is not named here is private.
export { globsOverlap } from "@mnemosyne/core";
export { Coordinator } from "./coordinator.ts";
export type { AcquireOptions, CoordinatorOptions, DependencyOptions, Semaphore } from "./options.ts";
export type { AgentPresence, AgentRegistration, AgentState } from "./agent-registry.ts";
export type { Barrier } from "./barrier.ts";
export type { AcceptedHandoff, Handoffs } from "./handoffs.ts";
export type { LeaseHandle } from "./lease-handle.ts";
export {
  MemoryCoordinationStore,
  type MemoryCoordinationStoreOptions,
} from "./memory/memory-coordination-store.ts";
export type { Patience } from "./patience.ts";
export type { WatchOptions } from "./shared-state.ts";
export type { ClaimedWork, ClaimOptions, WorkQueue } from "./work-queue.ts";
