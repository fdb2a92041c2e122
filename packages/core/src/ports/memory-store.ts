import type { MemoryId } from "../ids.ts";
import type {
  ImportConflict,
  ImportResult,
  ListOptions,
  Memory,
  MemoryInput,
  MemoryPatch,
  MemoryStats,
  SearchHit,
  SearchOptions,
} from "../memory/memory.ts";
import type { NamespaceInput } from "../namespace.ts";

/**
 * Where memories live. All calls check their input first (`E_INPUT` with the path of the field) and write nothing
 * when they refuse it. What a call acknowledged is durable by the store's setting.
 */
export interface MemoryStore {
  /** Stores one memory and gives its id. */
  store(input: MemoryInput): Promise<MemoryId>;
  /** All or nothing; ids in the order of the inputs. */
  storeMany(inputs: readonly MemoryInput[]): Promise<readonly MemoryId[]>;
  /** `undefined` where there is none, or it has expired. */
  get(id: string): Promise<Memory | undefined>;
  /** Any text is a legal query. Best first; ties in a fixed order. */
  search(query: string, options?: SearchOptions): Promise<readonly SearchHit[]>;
  /** Newest first. */
  listRecent(options?: ListOptions): Promise<readonly Memory[]>;
  /**
   * Changes the named fields. With `version` only if the stored version is that one, else `E_VERSION_CONFLICT`.
   * Throws `E_MEMORY_NOT_FOUND`.
   */
  update(id: string, patch: MemoryPatch, options?: { readonly version?: number }): Promise<Memory>;
  /** Removes it from every result. True when it was there. */
  forget(id: string): Promise<boolean>;
  /** Makes the memories that a run's task left pending visible to all (they passed), or drops them. Gives their number. */
  settlePending(run: string, task: string | undefined, outcome: "promote" | "discard"): Promise<number>;
  getStats(options?: { readonly namespace?: NamespaceInput }): Promise<MemoryStats>;
  /** Every field of every memory of the namespace itself (or of all), oldest first. */
  export(options?: { readonly namespace?: NamespaceInput }): AsyncIterable<Memory>;
  /**
   * Stores exported or hand-written records, all or nothing. A known id with the same content is skipped; with
   * another one it is refused (`E_CONFLICT`) unless told to skip or replace. Trust is lowered to `claimed` unless kept.
   */
  import(
    records: Iterable<MemoryInput> | AsyncIterable<MemoryInput>,
    options?: { readonly onConflict?: ImportConflict; readonly keepTrust?: boolean },
  ): Promise<ImportResult>;
}
