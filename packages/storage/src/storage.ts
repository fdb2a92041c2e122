import type {
  BlobStore,
  BudgetLedger,
  CoordinationStore,
  Embedder,
  Journal,
  MemoryStore,
  PlaybookStore,
} from "@mnemosyne/core";
import type { Evolution, EvolutionJob } from "./evolution/evolution.ts";
import type { Maintenance, Retention } from "./maintenance/maintenance.ts";
import type { ReindexOptions, ReindexProgress } from "./vectors/reindex.ts";
import type { SearchLanguage } from "./language/language.ts";

/** How a storage is opened. */
export interface StorageOptions {
  /** `file:PATH`, `:memory:`, `libsql://HOST` or `http(s)://HOST`. */
  readonly url: string;
  /** For a remote database. */
  readonly authToken?: string;
  /**
   * `full`: a write is on the disk when its call resolves. `normal`: it survives the death of the process, but the last
   * ones may be lost with the power. Default `full`. The journal, the ledger and leases are always `full`.
   */
  readonly synchronous?: "full" | "normal";
  /** Milliseconds for which a call waits while another process keeps the database locked. Default 5000. */
  readonly busyTimeout?: number;
  /** Encrypts a local file (libSQL's AES-256-CBC). The same key must be given whenever it is opened. */
  readonly encryptionKey?: string;
  /**
   * Makes vectors of what is stored and looked for: what means the same is found whatever its words. Without one, words
   * alone find. When it fails a memory is stored all the same, and found by its words; `getStats` counts those.
   */
  readonly embedder?: Embedder;
  /**
   * Bytes of memory for vectors (about 170 each for 100 dimensions). When they do not fit, searches find by words and
   * use the vectors only to rank what they found. Default 268,435,456.
   */
  readonly vectorMemory?: number;
  /**
   * What search knows of the language that memories are written in. Default `ENGLISH`. What it says of a memory is
   * kept when that is stored, so give a database the same one each time.
   */
  readonly language?: SearchLanguage;
  /**
   * How long what grows by itself is kept; pruned once a day while the database is open. Default: observations of ended
   * runs 30 days, changes in histories 365. `false`: nothing is pruned by itself.
   */
  readonly retention?: Retention | false;
  /** Runs evolution by itself, e.g. `{ every: "24h" }`: once in that time, whichever process has the database open. Default: never. */
  readonly evolution?: { readonly every: string; readonly jobs?: readonly EvolutionJob[] };
  /** Milliseconds after which a budget reservation that was never marked sent is released. Default 60,000. */
  readonly holdTime?: number;
}

/** An open database: memories, and the other stores beside them. Close it when it is no longer needed. */
export interface Storage extends MemoryStore, AsyncDisposable {
  readonly journal: Journal;
  readonly coordination: CoordinationStore;
  readonly ledger: BudgetLedger;
  readonly blobs: BlobStore;
  readonly playbooks: PlaybookStore;
  readonly maintenance: Maintenance;
  readonly evolution: Evolution;
  /**
   * Gives every memory a vector of the embedder that has none of it: stored without one, or with another's. In small
   * transactions; what was done stays when it is given up. Throws `E_INPUT` without an embedder, and what it throws.
   */
  reindex(options?: ReindexOptions): Promise<ReindexProgress>;
  /** Finishes what was begun and gives the database back; later calls throw `E_CLOSED`. May be called twice. */
  close(): Promise<void>;
}
