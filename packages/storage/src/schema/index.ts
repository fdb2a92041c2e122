// The tables as Drizzle describes them, for queries of your own. Read only: writing past the stores breaks their promises.
export { memories, memoryBatches } from "./memories.ts";
export { events, runPayloads, runPlans, runs } from "./journal.ts";
export { blobs } from "./blobs.ts";
export { agents, leases, sharedValues } from "./coordination.ts";
export { budgetAccounts, budgetReservations } from "./ledger.ts";
export { schemaVersion } from "./version.ts";
