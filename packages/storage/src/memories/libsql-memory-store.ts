import {
  MnemosyneError,
  Namespace,
  type ImportConflict,
  type ImportResult,
  type ListOptions,
  type Memory,
  type MemoryId,
  type MemoryInput,
  type MemoryPatch,
  type MemoryStats,
  type MemoryStore,
  type NamespaceInput,
  type SearchHit,
  type SearchOptions,
} from "@mnemosyne/core";
import type { Database } from "../database/database.ts";
import { EventLoopTurn } from "../database/event-loop-turn.ts";
import { row, rows, run, type Row, type Work } from "../database/work.ts";
import { checkInteger, checkLimit, checkName, inputError } from "../input.ts";
import { writeBatch } from "./batch.ts";
import { checkId, checkMemory, checkNamespace, checkPatch, type NewMemory } from "./check-memory.ts";
import { list } from "./list.ts";
import { checkConflictMode, checkImported, importOne } from "./import-memories.ts";
import { memoryOf, storedOf, toMemory } from "./memory-row.ts";
import {
  countMemories,
  getMemory,
  getRows,
  getVisible,
  listPending,
  listRows,
  promotePending,
  readSettledBatch,
} from "./memory-statements.ts";
import { checkSearch, find, visibleNamespaces } from "./search.ts";
import { statsOf } from "./stats.ts";
import { insertNew, remove, rewrite } from "./write-memory.ts";

/** A batch within both bounds is one transaction; a larger one is written in chunks. */
const SMALL_BATCH = { items: 200, characters: 500_000 } as const;
const EXPORT_PAGE = 200;
/** A search looks again after so many whether the quick way serves a crowded namespace now. */
const FORGET_CROWDED_AFTER = 1000;

/** Memories in a database. */
export class LibsqlMemoryStore implements MemoryStore {
  readonly #database: Database;
  readonly #turn = new EventLoopTurn();
  /** Namespaces whose share of the index is so small that the quick way misses them. */
  readonly #crowded = new Set<Namespace>();
  #searches = 0;
  /** Batches up to this one are known to be published. */
  #settledBatch = 0;

  constructor(database: Database) {
    this.#database = database;
  }

  async store(input: MemoryInput): Promise<MemoryId> {
    const item = checkMemory(input, "", Date.now());
    return this.#database.write(() => insertNew(item, 0));
  }

  async storeMany(inputs: readonly MemoryInput[]): Promise<readonly MemoryId[]> {
    if (!Array.isArray(inputs)) throw inputError("inputs", "must be an array");
    const now = Date.now();
    const items = await this.#checkAll(inputs, (input, index) => checkMemory(input, `[${index}].`, now));
    if (items.length === 0) return [];
    return this.#writeAll(items, insertNew);
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
    const search = checkSearch(query, options, Date.now());
    if (search === undefined) return [];
    if (++this.#searches % FORGET_CROWDED_AFTER === 0) this.#crowded.clear();
    const exact = this.#crowded.has(search.namespace);
    const { hits, crowded } = await this.#database.read(() => find(search, exact, this.#settledBatch));
    if (crowded && !search.filtered) this.#crowded.add(search.namespace);
    return hits;
  }

  async listRecent(options: ListOptions = {}): Promise<readonly Memory[]> {
    const limit = checkLimit(options.limit, 20);
    const namespaces = Namespace.visible(checkNamespace(options.namespace));
    const thread = options.thread === undefined ? null : checkName(options.thread, "thread");
    const listing = { namespaces, thread, limit, now: Date.now(), settledBatch: this.#settledBatch };
    return this.#database.read(() => list(listing));
  }

  async update(id: string, patch: MemoryPatch, options: { readonly version?: number } = {}): Promise<Memory> {
    const uuid = checkId(id);
    const changes = checkPatch(patch);
    const { version } = options;
    if (version !== undefined) checkInteger(version, "version", 1, Number.MAX_SAFE_INTEGER);
    const now = Date.now();
    return this.#database.write(function* (): Work<Memory> {
      const found = yield* writable(uuid);
      const stored = found === undefined ? undefined : storedOf(found);
      if (found === undefined || stored === undefined || (stored.expiresAt ?? Infinity) <= now)
        throw new MnemosyneError("E_MEMORY_NOT_FOUND", `There is no memory ${uuid}.`, {
          kind: "notFound",
          path: "id",
        });
      if (version !== undefined && version !== stored.version)
        throw new MnemosyneError(
          "E_VERSION_CONFLICT",
          `Memory ${uuid} is at version ${stored.version}, not ${version}; read it again and decide.`,
          { kind: "conflict", path: "version", details: { id: uuid, version: stored.version } },
        );
      const changed = {
        ...stored,
        ...changes,
        version: stored.version + 1,
        updatedAt: Math.max(now, stored.updatedAt),
      };
      yield* rewrite(Number(found[9]), changed);
      return toMemory(changed);
    });
  }

  async forget(id: string): Promise<boolean> {
    const uuid = checkId(id);
    return this.#database.write(function* (): Work<boolean> {
      const found = yield* writable(uuid);
      if (found === undefined) return false;
      yield* remove(Number(found[9]));
      return true;
    });
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
    if (outcome === "promote") return this.#database.write(() => run(promotePending, values));
    return this.#database.write(function* (): Work<number> {
      const pending = yield* rows(listPending, values);
      for (const each of pending) yield* remove(Number(each[0]));
      return pending.length;
    });
  }

  async getStats(options: { readonly namespace?: NamespaceInput } = {}): Promise<MemoryStats> {
    const namespaces =
      options.namespace === undefined
        ? { namespace: null, project: null, global: null }
        : visibleNamespaces(checkNamespace(options.namespace));
    return statsOf(
      await this.#database.read(() =>
        rows(countMemories, { ...namespaces, now: Date.now(), pendingRun: null }),
      ),
    );
  }

  async *export(options: { readonly namespace?: NamespaceInput } = {}): AsyncGenerator<Memory> {
    const namespace = options.namespace === undefined ? null : checkNamespace(options.namespace);
    const found = await this.#database.read(() => rows(listRows, { namespace, now: Date.now() }));
    const ids = found.map((each) => Number(each[0]));
    for (let from = 0; from < ids.length; from += EXPORT_PAGE) {
      const wanted = ids.slice(from, from + EXPORT_PAGE);
      const page = await this.#database.read(() => rows(getRows, { rows: JSON.stringify(wanted) }));
      const byId = new Map(page.map((cells) => [Number(cells[8]), cells]));
      // What was forgotten since the export began is missing.
      for (const id of wanted) {
        const cells = byId.get(id);
        if (cells !== undefined) yield memoryOf(cells);
      }
    }
  }

  async import(
    records: Iterable<MemoryInput> | AsyncIterable<MemoryInput>,
    options: { readonly onConflict?: ImportConflict; readonly keepTrust?: boolean } = {},
  ): Promise<ImportResult> {
    const onConflict = checkConflictMode(options.onConflict);
    const now = Date.now();
    const items: NewMemory[] = [];
    for await (const record of records) {
      items.push(checkImported(record, items.length, options.keepTrust === true, now));
      await this.#turn.yieldIfSpent();
    }
    if (items.length === 0) return { imported: 0, skipped: 0 };
    const stored = await this.#writeAll(items, (item, stage) => importOne(item, stage, onConflict));
    const imported = stored.filter(Boolean).length;
    return { imported, skipped: items.length - imported };
  }

  /** Learns which batches are published for good: reading their memories is then as quick as reading others. */
  async noteSettledBatches(): Promise<void> {
    this.#settledBatch = Number((await this.#database.read(() => row(readSettledBatch)))?.[0]);
  }

  #isSettled(stage: number): boolean {
    return stage > 0 && stage <= this.#settledBatch;
  }

  /** All or nothing: in one transaction where that is short, else in chunks that become visible together. */
  async #writeAll<Result>(
    items: readonly NewMemory[],
    writeOne: (item: NewMemory, stage: number) => Work<Result>,
  ): Promise<readonly Result[]> {
    if (!isSmall(items)) {
      const results = await writeBatch(this.#database, items, writeOne);
      await this.noteSettledBatches();
      return results;
    }
    return this.#database.write(function* (): Work<readonly Result[]> {
      const results: Result[] = [];
      for (const item of items) results.push(yield* writeOne(item, 0));
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

/** The visible row of an id, unless an import is about to replace it. */
function* writable(uuid: MemoryId): Work<Row | undefined> {
  const found = yield* row(getVisible, { uuid });
  if (found === undefined || Number(found[8]) >= 0) return found;
  throw new MnemosyneError(
    "E_STORAGE_BUSY",
    `An import that is not complete yet replaces memory ${uuid}; call again.`,
    { kind: "unavailable", path: "id" },
  );
}

function isSmall(items: readonly NewMemory[]): boolean {
  if (items.length > SMALL_BATCH.items) return false;
  let characters = 0;
  for (const { memory } of items) characters += memory.content.length;
  return characters <= SMALL_BATCH.characters;
}
