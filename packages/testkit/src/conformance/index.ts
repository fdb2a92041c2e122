// Everything exported here is public API; whatever is not named here is private.
export type { ConformanceCheck, Open, Opened } from "./check.ts";
export { blobStoreConformance } from "./blob-store.ts";
export { budgetLedgerConformance } from "./budget-ledger.ts";
export { coordinationStoreConformance } from "./coordination-store.ts";
export { journalConformance } from "./journal.ts";
export { memoryStoreConformance } from "./memory-store.ts";
