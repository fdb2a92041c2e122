import type { Work } from "./work.ts";

/** How a write is committed. */
export interface WriteOptions {
  /**
   * Whether it waits for the disk, whatever the database's setting is: the journal, the ledger and leases always do;
   * what a later write completes need not.
   */
  readonly full?: boolean;
  /**
   * It may take as long as {@link Database.longest}: it shares its transaction with nobody, and in a file it gives the
   * event loop its turns while it goes on. Readers in this process do not see it before it is committed.
   */
  readonly long?: boolean;
  /**
   * Called in the transaction, before the work, unless nobody can have changed anything since the last long write that gave
   * the same function: what its work has noted holds no longer.
   */
  readonly changed?: () => void;
}

/** What only a database in this process can do. */
export interface DatabaseFile {
  /** `:memory:` for one in memory. */
  readonly path: string;
  readonly encryptionKey: string | undefined;
  /** Milliseconds for which a call waits for others. */
  readonly busyTimeout: number;
  /** Moves the whole log into the file and empties it. False while others read from it, or write. */
  emptyLog(): boolean;
  /** Copies the database to a new file at once, blocking until it is done. */
  copyTo(file: string): void;
}

/** A database that carries out {@link Work}, local or remote. */
export interface Database {
  /** Undefined for a remote one. */
  readonly file: DatabaseFile | undefined;
  /** Milliseconds that a write with `long` should take at most: so long it keeps others from writing. */
  readonly longest: number;
  /**
   * Reads. Statements may see different states of the database unless `snapshot` is set.
   */
  read<Result>(work: () => Work<Result>, options?: { readonly snapshot?: boolean }): Promise<Result>;
  /**
   * Writes in one IMMEDIATE transaction, perhaps shared with other callers; each stands or falls alone. Resolves when
   * it is committed. Throws what the work threw, `E_STORAGE_BUSY` when the database stayed locked (nothing was
   * written), `E_COMMIT_UNKNOWN` when nobody knows whether it was.
   */
  write<Result>(work: () => Work<Result>, options?: WriteOptions): Promise<Result>;
  /** Runs the guard first in each later write transaction: it throws when this code must not write to the database. */
  guardWrites(guard: () => Work<void>): void;
  /** Waits for what was begun, then gives the connection back. May be called twice. */
  close(): Promise<void>;
}
