/** How long what grows by itself is kept. Days; `false` keeps it for ever. */
export interface Retention {
  /**
   * Observations of runs (model calls, tools, reports) after their run has ended: what a run is resumed, replayed and
   * rolled back from is kept. Default 30.
   */
  readonly observations?: number | false;
  /** Changes in the histories of memories; a forgotten memory can be restored so long. Default 365. */
  readonly history?: number | false;
}

/** What a database holds. */
export interface DatabaseStats {
  readonly schemaVersion: number;
  readonly bytes: number;
  /** Bytes of the file that are free and will be used again. */
  readonly freeBytes: number;
  /** Bytes of the log beside the file; 0 where there is none. */
  readonly logBytes: number;
  /** Number of rows. */
  readonly rows: Readonly<
    Record<
      | "memories"
      | "superseded"
      | "archived"
      | "links"
      | "changes"
      | "merges"
      | "runs"
      | "events"
      | "observations"
      | "blobs"
      | "unreferencedBlobs",
      number
    >
  >;
  readonly blobBytes: number;
  readonly retention: { readonly observations: number | false; readonly history: number | false };
  readonly prunedAt: Date;
}

/** What a pruning removed. */
export interface PruneResult {
  readonly observations: number;
  readonly payloads: number;
  readonly changes: number;
  readonly expiredMemories: number;
  readonly links: number;
  readonly blobs: number;
  readonly blobBytes: number;
}

/** What a check found. */
export interface CheckResult {
  readonly ok: boolean;
  /** What is wrong, each as a sentence. */
  readonly problems: readonly string[];
  /** What is worth knowing and not wrong, e.g. payloads that were erased. */
  readonly notes: readonly string[];
}

/** Care for a database. All of it works in short steps while others read and write. */
export interface Maintenance {
  stats(): Promise<DatabaseStats>;
  /**
   * Removes what is older than the retention, expired memories, links whose memories are gone, and blobs that no run
   * and no memory's metadata refers to and nobody has put for 24 hours. `dryRun` counts only. Happens by itself once a day while the
   * database is open, unless the option `retention` is `false`.
   */
  prune(
    options?: Retention & { readonly dryRun?: boolean; readonly signal?: AbortSignal },
  ): Promise<PruneResult>;
  /**
   * Copies the database, as it is at one moment, to a new file while it is in use; encrypted with the same key. Throws
   * `E_INPUT` when the file is there already, `E_UNAVAILABLE` for a remote database.
   */
  backup(file: string): Promise<{ readonly file: string; readonly bytes: number }>;
  /** Examines the file, its indexes, the text index and every blob. Changes nothing. */
  check(options?: { readonly signal?: AbortSignal }): Promise<CheckResult>;
  /** Opening has brought the schema up to date; this tells from which version to which. */
  migrate(): Promise<{ readonly from: number; readonly to: number }>;
}
