import type {
  BlobStore,
  BudgetLedger,
  CoordinationStore,
  ImportConflict,
  ImportResult,
  Journal,
  ListOptions,
  Memory,
  MemoryId,
  MemoryInput,
  MemoryPatch,
  MemoryStats,
  MemoryStore,
  NamespaceInput,
  SearchHit,
  SearchOptions,
} from "@mnemosyne/core";
import { LibsqlBlobStore } from "./blobs/libsql-blob-store.ts";
import type { LeaseKeeper } from "./coordination/lease-keeper.ts";
import { LibsqlCoordinationStore } from "./coordination/libsql-coordination-store.ts";
import type { Database } from "./database/database.ts";
import { LibsqlJournal } from "./journal/libsql-journal.ts";
import { LibsqlBudgetLedger } from "./ledger/libsql-budget-ledger.ts";
import type { LibsqlMemoryStore } from "./memories/libsql-memory-store.ts";
import type { Storage } from "./storage.ts";

/** All stores of one database. */
export class LibsqlStorage implements Storage {
  readonly journal: Journal;
  readonly coordination: CoordinationStore;
  readonly ledger: BudgetLedger;
  readonly blobs: BlobStore;
  readonly #memories: MemoryStore;
  readonly #database: Database;
  readonly #keeper: LeaseKeeper | undefined;

  constructor(
    database: Database,
    memories: LibsqlMemoryStore,
    holdTime: number | undefined,
    keeper: LeaseKeeper | undefined,
  ) {
    this.#database = database;
    this.#keeper = keeper;
    this.#memories = memories;
    this.journal = new LibsqlJournal(database);
    this.coordination = new LibsqlCoordinationStore(database, keeper);
    this.ledger = new LibsqlBudgetLedger(database, holdTime);
    this.blobs = new LibsqlBlobStore(database);
  }

  store(input: MemoryInput): Promise<MemoryId> {
    return this.#memories.store(input);
  }

  storeMany(inputs: readonly MemoryInput[]): Promise<readonly MemoryId[]> {
    return this.#memories.storeMany(inputs);
  }

  get(id: string): Promise<Memory | undefined> {
    return this.#memories.get(id);
  }

  search(query: string, options?: SearchOptions): Promise<readonly SearchHit[]> {
    return this.#memories.search(query, options);
  }

  listRecent(options?: ListOptions): Promise<readonly Memory[]> {
    return this.#memories.listRecent(options);
  }

  update(id: string, patch: MemoryPatch, options?: { readonly version?: number }): Promise<Memory> {
    return this.#memories.update(id, patch, options);
  }

  forget(id: string): Promise<boolean> {
    return this.#memories.forget(id);
  }

  settlePending(runId: string, task: string | undefined, outcome: "promote" | "discard"): Promise<number> {
    return this.#memories.settlePending(runId, task, outcome);
  }

  getStats(options?: { readonly namespace?: NamespaceInput }): Promise<MemoryStats> {
    return this.#memories.getStats(options);
  }

  export(options?: { readonly namespace?: NamespaceInput }): AsyncIterable<Memory> {
    return this.#memories.export(options);
  }

  import(
    records: Iterable<MemoryInput> | AsyncIterable<MemoryInput>,
    options?: { readonly onConflict?: ImportConflict; readonly keepTrust?: boolean },
  ): Promise<ImportResult> {
    return this.#memories.import(records, options);
  }

  async close(): Promise<void> {
    await this.#keeper?.close();
    await this.#database.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
