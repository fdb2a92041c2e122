// The tables as Drizzle describes them, for queries of your own. Read only: writing past the stores breaks their promises.
export { memories, memoryBatches } from "./memories.ts";
export { memoryBlobs, memoryChanges, memoryLinks, memoryMerges, memoryUses, upkeep } from "./record.ts";
export { embedders, memoryVectors, vectorChanges } from "./vectors.ts";
export { events, runPayloads, runPlans, runs } from "./journal.ts";
export { blobs } from "./blobs.ts";
export { agents, fences, handoffs, leases, queueItems, sharedValues, waits } from "./coordination.ts";
export { budgetAccounts, budgetReservations } from "./ledger.ts";
export { playbookChanges, playbookItems, playbooks } from "./playbooks.ts";
export { schemaVersion } from "./version.ts";
