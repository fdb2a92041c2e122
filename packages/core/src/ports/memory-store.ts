import type { MemoryId } from "../ids.ts";
import type {
  ChangeNote,
  ExportRecord,
  GraphOptions,
  ImportConflict,
  ImportRecord,
  ImportResult,
  LinkOptions,
  ListOptions,
  Memory,
  MemoryChange,
  MemoryGraph,
  MemoryInput,
  MemoryLink,
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
  update(
    id: string,
    patch: MemoryPatch,
    options?: { readonly version?: number } & ChangeNote,
  ): Promise<Memory>;
  /**
   * Removes it from every result. True when it was there. Its history stays and `restore` brings it back, unless `hard`:
   * then every trace of it is erased from the store, that which others quote of it too, and true also means that one
   * was found of a memory forgotten before.
   */
  forget(id: string, options?: { readonly hard?: boolean } & ChangeNote): Promise<boolean>;
  /**
   * Brings back what was forgotten, archived or superseded. Throws `E_MEMORY_NOT_FOUND` where there is nothing to bring back.
   */
  restore(id: string, options?: ChangeNote): Promise<Memory>;
  /** Every change of a memory, oldest first, its forgetting too. Empty where there never was one, or it was erased. */
  history(id: string): Promise<readonly MemoryChange[]>;
  /**
   * Joins two memories, or changes the strength of the link of that type. Throws `E_MEMORY_NOT_FOUND`.
   */
  link(from: string, to: string, options?: LinkOptions): Promise<MemoryLink>;
  /** Removes the link of a type, or all from one to the other. Gives their number. */
  unlink(from: string, to: string, options?: { readonly type?: string } & ChangeNote): Promise<number>;
  /**
   * The memories around one, followed over links in both directions, or (without an id) a namespace's newest linked
   * memories with their links. Throws `E_MEMORY_NOT_FOUND`.
   */
  graph(id?: string, options?: GraphOptions): Promise<MemoryGraph>;
  /** Makes the memories that a run's task left pending visible to all (they passed), or drops them. Gives their number. */
  settlePending(run: string, task: string | undefined, outcome: "promote" | "discard"): Promise<number>;
  getStats(options?: { readonly namespace?: NamespaceInput }): Promise<MemoryStats>;
  /** Every field of every memory of the namespace itself (or of all), oldest first, then the links among them. */
  export(options?: { readonly namespace?: NamespaceInput }): AsyncIterable<ExportRecord>;
  /**
   * Stores exported or hand-written records, all or nothing. A known id with the same content is skipped; with
   * another one it is refused (`E_CONFLICT`) unless told to skip or replace. Trust is lowered to `claimed` unless kept.
   * A link may join memories of the import and known ones; it counts as imported, or as skipped where it is there.
   */
  import(
    records: Iterable<ImportRecord> | AsyncIterable<ImportRecord>,
    options?: { readonly onConflict?: ImportConflict; readonly keepTrust?: boolean },
  ): Promise<ImportResult>;
}
