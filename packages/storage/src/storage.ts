import type { BlobStore, BudgetLedger, CoordinationStore, Journal, MemoryStore } from "@mnemosyne/core";

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
  /** Milliseconds after which a budget reservation that was never marked sent is released. Default 60,000. */
  readonly holdTime?: number;
}

/** An open database: memories, and the other stores beside them. Close it when it is no longer needed. */
export interface Storage extends MemoryStore, AsyncDisposable {
  readonly journal: Journal;
  readonly coordination: CoordinationStore;
  readonly ledger: BudgetLedger;
  readonly blobs: BlobStore;
  /** Finishes what was begun and gives the database back; later calls throw `E_CLOSED`. May be called twice. */
  close(): Promise<void>;
}
