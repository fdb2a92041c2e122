import type {
  BlobStore,
  BudgetLedger,
  ChangeNote,
  CoordinationStore,
  ExportRecord,
  GraphOptions,
  ImportConflict,
  ImportRecord,
  ImportResult,
  Journal,
  LinkOptions,
  ListOptions,
  Memory,
  MemoryChange,
  MemoryGraph,
  MemoryId,
  MemoryInput,
  MemoryLink,
  MemoryPatch,
  MemoryStats,
  NamespaceInput,
  PlaybookStore,
  SearchHit,
  SearchOptions,
} from "@mnemosyne/core";
import { LibsqlBlobStore } from "./blobs/libsql-blob-store.ts";
import type { LeaseKeeper } from "./coordination/lease-keeper.ts";
import { LibsqlCoordinationStore } from "./coordination/libsql-coordination-store.ts";
import type { Database } from "./database/database.ts";
import type { Evolution } from "./evolution/evolution.ts";
import type { UseLog } from "./evolution/use-log.ts";
import { LibsqlJournal } from "./journal/libsql-journal.ts";
import { LibsqlBudgetLedger } from "./ledger/libsql-budget-ledger.ts";
import type { Maintenance } from "./maintenance/maintenance.ts";
import type { Upkeep } from "./maintenance/upkeep.ts";
import type { LibsqlMemoryStore } from "./memories/libsql-memory-store.ts";
import { LibsqlPlaybookStore } from "./playbooks/libsql-playbook-store.ts";
import type { Storage } from "./storage.ts";
import type { ReindexOptions, ReindexProgress } from "./vectors/reindex.ts";

/** What cares for a database beside its stores. */
export interface Care {
  readonly maintenance: Maintenance;
  readonly evolution: Evolution;
  readonly upkeep: Upkeep;
  readonly uses: UseLog;
}

/** All stores of one database. */
export class LibsqlStorage implements Storage {
  readonly journal: Journal;
  readonly coordination: CoordinationStore;
  readonly ledger: BudgetLedger;
  readonly blobs: BlobStore;
  readonly playbooks: PlaybookStore;
  readonly maintenance: Maintenance;
  readonly evolution: Evolution;
  readonly #memories: LibsqlMemoryStore;
  readonly #database: Database;
  readonly #keeper: LeaseKeeper | undefined;
  readonly #care: Care;

  constructor(
    database: Database,
    memories: LibsqlMemoryStore,
    holdTime: number | undefined,
    keeper: LeaseKeeper | undefined,
    care: Care,
  ) {
    this.#care = care;
    this.maintenance = care.maintenance;
    this.evolution = care.evolution;
    this.#database = database;
    this.#keeper = keeper;
    this.#memories = memories;
    this.journal = new LibsqlJournal(database);
    this.coordination = new LibsqlCoordinationStore(database, keeper);
    this.ledger = new LibsqlBudgetLedger(database, holdTime);
    this.blobs = new LibsqlBlobStore(database);
    this.playbooks = new LibsqlPlaybookStore(database);
  }

  store(input: MemoryInput): Promise<MemoryId> {
    return this.#memories.store(input);
  }

  storeMany(inputs: readonly MemoryInput[]): Promise<readonly MemoryId[]> {
    return this.#memories.storeMany(inputs);
  }

  async get(id: string): Promise<Memory | undefined> {
    const memory = await this.#memories.get(id);
    if (memory !== undefined) this.#care.uses.note(memory.id);
    return memory;
  }

  async search(query: string, options?: SearchOptions): Promise<readonly SearchHit[]> {
    const hits = await this.#memories.search(query, options);
    for (const { id } of hits) this.#care.uses.note(id);
    return hits;
  }

  listRecent(options?: ListOptions): Promise<readonly Memory[]> {
    return this.#memories.listRecent(options);
  }

  update(
    id: string,
    patch: MemoryPatch,
    options?: { readonly version?: number } & ChangeNote,
  ): Promise<Memory> {
    return this.#memories.update(id, patch, options);
  }

  forget(id: string, options?: { readonly hard?: boolean } & ChangeNote): Promise<boolean> {
    return this.#memories.forget(id, options);
  }

  restore(id: string, options?: ChangeNote): Promise<Memory> {
    return this.#memories.restore(id, options);
  }

  history(id: string): Promise<readonly MemoryChange[]> {
    return this.#memories.history(id);
  }

  link(from: string, to: string, options?: LinkOptions): Promise<MemoryLink> {
    return this.#memories.link(from, to, options);
  }

  unlink(from: string, to: string, options?: { readonly type?: string } & ChangeNote): Promise<number> {
    return this.#memories.unlink(from, to, options);
  }

  async graph(id?: string, options?: GraphOptions): Promise<MemoryGraph> {
    const graph = await this.#memories.graph(id, options);
    if (id !== undefined) this.#care.uses.noteGraph(graph.nodes.map((node) => node.id));
    return graph;
  }

  settlePending(runId: string, task: string | undefined, outcome: "promote" | "discard"): Promise<number> {
    return this.#memories.settlePending(runId, task, outcome);
  }

  getStats(options?: { readonly namespace?: NamespaceInput }): Promise<MemoryStats> {
    return this.#memories.getStats(options);
  }

  export(options?: { readonly namespace?: NamespaceInput }): AsyncIterable<ExportRecord> {
    return this.#memories.export(options);
  }

  import(
    records: Iterable<ImportRecord> | AsyncIterable<ImportRecord>,
    options?: { readonly onConflict?: ImportConflict; readonly keepTrust?: boolean },
  ): Promise<ImportResult> {
    return this.#memories.import(records, options);
  }

  reindex(options?: ReindexOptions): Promise<ReindexProgress> {
    return this.#memories.reindex(options);
  }

  async close(): Promise<void> {
    await this.#care.upkeep.close();
    await this.#care.uses.flush();
    await this.#keeper?.close();
    await this.#database.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
