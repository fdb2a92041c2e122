import {
  Namespace,
  type ChangeNote,
  type ExportRecord,
  type GraphOptions,
  type ImportConflict,
  type ImportRecord,
  type ImportResult,
  type LinkOptions,
  type ListOptions,
  type Memory,
  type MemoryChange,
  type MemoryGraph,
  type MemoryId,
  type MemoryInput,
  type MemoryLink,
  type MemoryPatch,
  type MemoryStats,
  type MemoryStore,
  type NamespaceInput,
  type SearchHit,
  type SearchOptions,
} from "@mnemosyne/core";
import type { Database } from "../database/database.ts";
import { EventLoopTurn } from "../database/event-loop-turn.ts";
import type { Vocabulary } from "../language/vocabulary.ts";
import { call, row, rows, run, runAll, type Call, type Work } from "../database/work.ts";
import { checkInteger, checkLimit, checkName, inputError } from "../input.ts";
import { writeBatch } from "./batch.ts";
import { checkId, checkMemory, checkNamespace, checkPatch, type NewMemory } from "./check-memory.ts";
import { list } from "./list.ts";
import { listChanges, notePromoted } from "./change-statements.ts";
import { changeOf, checkNote, historyOf } from "./changes.ts";
import { eraseMemory } from "./erase-memory.ts";
import { exportMemories } from "./export-memories.ts";
import { forgetMemory, restoreMemory } from "./forget-memory.ts";
import { checkGraph, walk } from "./graph.ts";
import { checkConflictMode, checkRecord, importOne, type ImportItem } from "./import-memories.ts";
import { checkLink, removeLinks, storeLink } from "./links.ts";
import { lowerTrust, updateMemory } from "./update-memory.ts";
import { contentOf, storedOf, toMemory } from "./memory-row.ts";
import {
  countMemories,
  getMemory,
  getVisible,
  listPending,
  promotePending,
  readSettledBatch,
} from "./memory-statements.ts";
import { KnownActors } from "./named-actors.ts";
import { NamespaceShares } from "./matches.ts";
import type { Meaning } from "./meaning.ts";
import { checkSearch, find, visibleNamespaces, type Search } from "./search.ts";
import { statsOf } from "./stats.ts";
import { TermFrequencies } from "./term-frequencies.ts";
import { ThreadTails } from "./thread-tails.ts";
import { fill, insertNew, remove } from "./write-memory.ts";
import { reindex, type ReindexOptions, type ReindexProgress } from "../vectors/reindex.ts";
import type { Vectors } from "../vectors/vectors.ts";

/** A batch within both bounds is one transaction; a larger one is written in chunks. */
const SMALL_BATCH = { items: 200, characters: 500_000 } as const;

/** Memories in a database. */
export class LibsqlMemoryStore implements MemoryStore {
  readonly #database: Database;
  readonly #vocabulary: Vocabulary;
  readonly #turn = new EventLoopTurn();
  readonly #vectors: Vectors | undefined;
  readonly #shares = new NamespaceShares();
  readonly #frequencies = new TermFrequencies();
  readonly #actors = new KnownActors();
  /** Batches up to this one are known to be published. */
  #settledBatch = 0;

  constructor(database: Database, vocabulary: Vocabulary, vectors: Vectors | undefined) {
    this.#database = database;
    this.#vocabulary = vocabulary;
    this.#vectors = vectors;
  }

  async store(input: MemoryInput): Promise<MemoryId> {
    const item = checkMemory(input, "", Date.now());
    await this.#embed([item]);
    return this.#database.write(() => insertLowered(item, 0, this.#vocabulary));
  }

  async storeMany(inputs: readonly MemoryInput[]): Promise<readonly MemoryId[]> {
    if (!Array.isArray(inputs)) throw inputError("inputs", "must be an array");
    const now = Date.now();
    const items = await this.#checkAll(inputs, (input, index) => checkMemory(input, `[${index}].`, now));
    if (items.length === 0) return [];
    return this.#writeAll(
      items,
      (item, stage, tails) => insertLowered(item, stage, this.#vocabulary, tails),
      ({ memory }) => memory.content.length,
      (some) => this.#embed(some),
    );
  }

  async get(id: string): Promise<Memory | undefined> {
    const uuid = checkId(id);
    let found = await this.#database.read(() => row(getMemory, { uuid }));
    if (found !== undefined && found[8] !== 0 && !this.#isSettled(found[8] as number)) {
      // A row of a batch may not be visible yet, or be replaced already.
      found = await this.#database.read(() => row(getVisible, { uuid }));
      await this.noteSettledBatches();
    }
    if (found === undefined) return undefined;
    const stored = storedOf(found);
    return stored.expiresAt !== undefined && stored.expiresAt <= Date.now() ? undefined : toMemory(stored);
  }

  async search(query: string, options: SearchOptions = {}): Promise<readonly SearchHit[]> {
    options.signal?.throwIfAborted();
    const search = checkSearch(query, options, Date.now(), this.#vocabulary);
    if (search === undefined) return [];
    const meaning = await this.#meaningOf(search, options.signal);
    const means = {
      vocabulary: this.#vocabulary,
      settledBatch: this.#settledBatch,
      shares: this.#shares,
      frequencies: this.#frequencies,
      actors: this.#actors,
      meaning,
    };
    return this.#database.read(() => find(search, means), { snapshot: meaning !== undefined });
  }

  async listRecent(options: ListOptions = {}): Promise<readonly Memory[]> {
    const limit = checkLimit(options.limit, 20);
    const namespaces = Namespace.visible(checkNamespace(options.namespace));
    const thread = options.thread === undefined ? null : checkName(options.thread, "thread");
    const listing = { namespaces, thread, limit, now: Date.now(), settledBatch: this.#settledBatch };
    return this.#database.read(() => list(listing));
  }

  async update(
    id: string,
    patch: MemoryPatch,
    options: { readonly version?: number } & ChangeNote = {},
  ): Promise<Memory> {
    const uuid = checkId(id);
    const changes = checkPatch(patch);
    const { version } = options;
    if (version !== undefined) checkInteger(version, "version", 1, Number.MAX_SAFE_INTEGER);
    const update = { uuid, changes, version, note: checkNote(options), now: Date.now() };
    const { content } = changes;
    const [embedded] =
      content === undefined ? [] : ((await this.#vectors?.embedding.tryDocuments([content])) ?? []);
    const vocabulary = this.#vocabulary;
    return this.#database.write(function* (): Work<Memory> {
      const memory = yield* updateMemory(update, vocabulary);
      if (embedded !== undefined) yield* fill(uuid, memory.content, embedded);
      return memory;
    });
  }

  async forget(id: string, options: { readonly hard?: boolean } & ChangeNote = {}): Promise<boolean> {
    const uuid = checkId(id);
    const note = checkNote(options);
    if (options.hard === true) return eraseMemory(this.#database, uuid, this.#vocabulary);
    return this.#database.write(() => forgetMemory(uuid, note, Date.now(), this.#vocabulary));
  }

  async restore(id: string, options: ChangeNote = {}): Promise<Memory> {
    const uuid = checkId(id);
    const note = checkNote(options);
    const memory = await this.#database.write(() => restoreMemory(uuid, note, Date.now(), this.#vocabulary));
    const [embedded] = (await this.#vectors?.embedding.tryDocuments([memory.content])) ?? [];
    if (embedded !== undefined) await this.#database.write(() => fill(uuid, memory.content, embedded));
    return memory;
  }

  async history(id: string): Promise<readonly MemoryChange[]> {
    const uuid = checkId(id);
    return this.#database.read(
      function* (): Work<readonly MemoryChange[]> {
        const found = yield* row(getVisible, { uuid });
        const changes = yield* rows(listChanges, { uuid });
        return historyOf(found === undefined ? undefined : storedOf(found), changes.map(changeOf));
      },
      { snapshot: true },
    );
  }

  async link(from: string, to: string, options: LinkOptions = {}): Promise<MemoryLink> {
    const link = checkLink({ from, to, ...options }, "", Date.now());
    return this.#database.write(() => storeLink(link));
  }

  async unlink(
    from: string,
    to: string,
    options: { readonly type?: string } & ChangeNote = {},
  ): Promise<number> {
    const ends = [checkId(from, "from"), checkId(to, "to")] as const;
    const type = options.type === undefined ? undefined : checkName(options.type, "type", 128);
    const note = checkNote(options);
    return this.#database.write(() => removeLinks(...ends, type, note, Date.now()));
  }

  async graph(id?: string, options: GraphOptions = {}): Promise<MemoryGraph> {
    const query = checkGraph(id, options, Date.now());
    return this.#database.read(() => walk(query), { snapshot: true });
  }

  async settlePending(
    runId: string,
    task: string | undefined,
    outcome: "promote" | "discard",
  ): Promise<number> {
    if (outcome !== "promote" && outcome !== "discard")
      throw inputError("outcome", "must be 'promote' or 'discard'");
    const values = {
      run: checkName(runId, "run"),
      task: task === undefined ? null : checkName(task, "task"),
    };
    if (outcome === "promote")
      return this.#database.write(function* (): Work<number> {
        yield* runAll([call(notePromoted, { ...values, now: Date.now() })]);
        return yield* run(promotePending, values);
      });
    const vocabulary = this.#vocabulary;
    return this.#database.write(function* (): Work<number> {
      const pending = yield* rows(listPending, values);
      for (const each of pending) yield* remove(Number(each[0]), vocabulary);
      return pending.length;
    });
  }

  async getStats(options: { readonly namespace?: NamespaceInput } = {}): Promise<MemoryStats> {
    const namespaces =
      options.namespace === undefined
        ? { namespace: null, project: null, global: null }
        : visibleNamespaces(Namespace.visible(checkNamespace(options.namespace)));
    const counted = await this.#database.read(() =>
      rows(countMemories, { ...namespaces, now: Date.now(), pendingRun: null }),
    );
    const vectors = await this.#vectors?.stats();
    return { ...statsOf(counted), ...(vectors === undefined ? {} : { vectors }) };
  }

  export(options: { readonly namespace?: NamespaceInput } = {}): AsyncIterable<ExportRecord> {
    const namespace = options.namespace === undefined ? undefined : checkNamespace(options.namespace);
    return exportMemories(this.#database, namespace, Date.now());
  }

  async import(
    records: Iterable<ImportRecord> | AsyncIterable<ImportRecord>,
    options: { readonly onConflict?: ImportConflict; readonly keepTrust?: boolean } = {},
  ): Promise<ImportResult> {
    const onConflict = checkConflictMode(options.onConflict);
    const now = Date.now();
    const memories: ImportItem[] = [];
    const links: ImportItem[] = [];
    for await (const record of records) {
      const item = checkRecord(record, memories.length + links.length, options.keepTrust === true, now);
      ("link" in item ? links : memories).push(item);
      await this.#turn.yieldIfSpent();
    }
    const items = [...memories, ...links];
    if (items.length === 0) return { imported: 0, skipped: 0 };
    const held = new Map<string, Call>();
    const later = (key: string, replacing: Call): void => {
      held.set(key, replacing);
    };
    const mode = { onConflict, now, vocabulary: this.#vocabulary, later };
    const stored = await this.#writeAll(
      items,
      (item, stage, tails) => importOne(item, stage, mode, tails),
      (item) => ("memory" in item ? item.memory.memory.content.length : 100),
      (some) => this.#embed(some.flatMap((item) => ("memory" in item ? [item.memory] : []))),
      () => [...held.values()],
    );
    const imported = stored.filter(Boolean).length;
    return { imported, skipped: items.length - imported };
  }

  /** Gives memories vectors of the embedder that have none of it. */
  async reindex(options: ReindexOptions = {}): Promise<ReindexProgress> {
    if (this.#vectors === undefined)
      throw inputError(
        "embedder",
        "was not given when the storage was opened: there is nothing to reindex with",
      );
    return reindex(this.#database, this.#vectors.embedding, fill, contentOf, options);
  }

  /** Learns which batches are published for good: reading their memories is then as quick as reading others. */
  async noteSettledBatches(): Promise<void> {
    this.#settledBatch = Number((await this.#database.read(() => row(readSettledBatch)))?.[0]);
  }

  #isSettled(stage: number): boolean {
    return stage > 0 && stage <= this.#settledBatch;
  }

  /** Adds what the embedder makes of memories. When it fails they are stored without. */
  async #embed(items: readonly NewMemory[]): Promise<void> {
    if (this.#vectors === undefined) return;
    const embedded = await this.#vectors.embedding.tryDocuments(items.map(({ memory }) => memory.content));
    for (const [index, item] of items.entries()) {
      const made = embedded?.[index];
      if (made !== undefined) item.embedded = made;
    }
  }

  async #meaningOf(search: Search, signal: AbortSignal | undefined): Promise<Meaning | undefined> {
    if (this.#vectors === undefined) return undefined;
    const { embedding, memory } = this.#vectors;
    const query = await embedding.tryQuery(search.text, signal);
    if (query === undefined) return undefined;
    await memory.refresh();
    signal?.throwIfAborted();
    return { query, embedder: embedding.number, weight: embedding.weight, index: memory.index };
  }

  /** All or nothing: in one transaction where that is short, else in chunks that become visible together. */
  async #writeAll<Item, Result>(
    items: readonly Item[],
    write: (item: Item, stage: number, tails: ThreadTails) => Work<Result>,
    sizeOf: (item: Item) => number,
    prepare: (items: readonly Item[]) => Promise<void>,
    finish: () => readonly Call[] = () => [],
  ): Promise<readonly Result[]> {
    if (!isSmall(items, sizeOf)) {
      const tails = new ThreadTails();
      const results = await writeBatch(this.#database, items, {
        writeOne: (item, stage) => write(item, stage, tails),
        changed: () => tails.forget(),
        prepare,
        finish,
      });
      await this.noteSettledBatches();
      return results;
    }
    await prepare(items);
    return this.#database.write(function* (): Work<readonly Result[]> {
      const results: Result[] = [];
      const tails = new ThreadTails();
      for (const item of items) results.push(yield* write(item, 0, tails));
      yield* runAll(finish());
      return results;
    });
  }

  async #checkAll(
    inputs: readonly MemoryInput[],
    check: (input: MemoryInput, index: number) => NewMemory,
  ): Promise<readonly NewMemory[]> {
    const items: NewMemory[] = [];
    for (const [index, input] of inputs.entries()) {
      items.push(check(input, index));
      if (index % 64 === 63) await this.#turn.yieldIfSpent();
    }
    return items;
  }
}

/** Inserts a memory, its trust lowered to that of its sources. */
function* insertLowered(
  item: NewMemory,
  stage: number,
  vocabulary: Vocabulary,
  tails?: ThreadTails,
): Work<MemoryId> {
  if (item.memory.provenance.sources === undefined) return yield* insertNew(item, stage, vocabulary, tails);
  const memory = yield* lowerTrust(item.memory);
  return yield* insertNew({ ...item, memory }, stage, vocabulary, tails);
}

function isSmall<Item>(items: readonly Item[], sizeOf: (item: Item) => number): boolean {
  if (items.length > SMALL_BATCH.items) return false;
  let characters = 0;
  for (const item of items) characters += sizeOf(item);
  return characters <= SMALL_BATCH.characters;
}
