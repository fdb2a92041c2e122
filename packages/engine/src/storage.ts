import type {
  BlobStore,
  BudgetLedger,
  CoordinationStore,
  Journal,
  MemoryStore,
  PlaybookStore,
} from "@mnemosyne/core";

/** What the engine keeps its things in: the handle that `openStorage` of `@mnemosyne/storage` gives, or your own ports. */
export interface EngineStorage extends MemoryStore {
  readonly journal: Journal;
  readonly coordination: CoordinationStore;
  readonly ledger: BudgetLedger;
  readonly blobs: BlobStore;
  /** Without it nothing is learnt from reviews. */
  readonly playbooks?: PlaybookStore;
}
