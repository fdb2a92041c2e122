import type { Database } from "../database/database.ts";
import { row, rows, type Row } from "../database/work.ts";
import type { Quantized } from "./quantized.ts";
import { VectorIndex } from "./vector-index.ts";
import { changedRows, vectorPage, vectorState, vectorsOf } from "./vector-statements.ts";

/** Bytes of vectors that are read at once. */
const PAGE_BYTES = 200_000;
const CHANGES_AT_ONCE = 1000;

/** Which vectors a process holds. */
export interface VectorSpace {
  readonly embedder: number;
  readonly dimensions: number;
  /** Bytes that they may take. */
  readonly limit: number;
}

/**
 * The vectors of one embedder in this process's memory. Before each search it reads what any process has committed since
 * the last one: new rows by their ids, all else from the table of changes; when that was pruned beyond where it stood, it
 * reads everything anew. When they do not fit into the limit it holds none until it is made anew.
 */
export class VectorMemory {
  readonly #database: Database;
  readonly #space: VectorSpace;
  #index: VectorIndex | undefined;
  #lastRow = 0;
  #lastChange = 0;
  #full = false;
  #refreshed: Promise<unknown> = Promise.resolve();

  constructor(database: Database, space: VectorSpace) {
    this.#database = database;
    this.#space = space;
  }

  /** The vectors; `undefined` when they do not fit. */
  get index(): VectorIndex | undefined {
    return this.#index;
  }

  /** Resolves when all that was committed before the call is in the index. */
  refresh(): Promise<void> {
    if (this.#full) return Promise.resolve();
    const refreshed = this.#refreshed.then(() => this.#refresh());
    // Whoever waits gets the error; the next one tries again.
    this.#refreshed = refreshed.catch(() => undefined);
    return refreshed;
  }

  async #refresh(): Promise<void> {
    const state = await this.#database.read(() => row(vectorState));
    const newest = Number(state?.[0]);
    const change = Number(state?.[1]);
    const kept = state?.[2] === null ? change + 1 : Number(state?.[2]);
    if (this.#index === undefined || this.#lastChange < kept - 1 || this.#lastChange > change) {
      this.#index = undefined;
      const index = new VectorIndex(this.#space.dimensions);
      if (!(await this.#readRows(index, 0, newest))) return;
      this.#index = index;
    } else {
      if (newest > this.#lastRow && !(await this.#readRows(this.#index, this.#lastRow, newest))) return;
      if (change > this.#lastChange && !(await this.#readChanges(this.#index, this.#lastChange, change)))
        return;
    }
    this.#lastRow = Math.max(this.#lastRow, newest);
    this.#lastChange = change;
  }

  /** Reads rows after one up to another. False when they do not fit. */
  async #readRows(index: VectorIndex, after: number, to: number): Promise<boolean> {
    const { embedder, dimensions } = this.#space;
    const limit = Math.max(16, Math.floor(PAGE_BYTES / dimensions));
    for (let from = after; ;) {
      const start = from;
      const page = await this.#database.read(() => row(vectorPage, { after: start, to, embedder, limit }));
      const read = unpack(page, dimensions);
      for (const { rowId, namespace, vector } of read) index.set(rowId, namespace, vector);
      if (!this.#fits(index)) return false;
      if (read.length < limit) return true;
      from = read.at(-1)?.rowId ?? to;
    }
  }

  async #readChanges(index: VectorIndex, after: number, to: number): Promise<boolean> {
    const { embedder, dimensions } = this.#space;
    const changed = (await this.#database.read(() => rows(changedRows, { after, to }))).map(([id]) =>
      Number(id),
    );
    for (let from = 0; from < changed.length; from += CHANGES_AT_ONCE) {
      const wanted = changed.slice(from, from + CHANGES_AT_ONCE);
      const page = await this.#database.read(() =>
        row(vectorsOf, { rows: JSON.stringify(wanted), embedder }),
      );
      const gone = new Set(wanted);
      for (const { rowId, namespace, vector } of unpack(page, dimensions)) {
        index.set(rowId, namespace, vector);
        gone.delete(rowId);
      }
      for (const rowId of gone) index.delete(rowId);
      if (!this.#fits(index)) return false;
    }
    return true;
  }

  #fits(index: VectorIndex): boolean {
    if (index.size * VectorIndex.bytesOf(this.#space.dimensions) <= this.#space.limit) return true;
    this.#full = true;
    this.#index = undefined;
    return false;
  }
}

/** The vectors of a page: its rows and namespaces as JSON, the vectors' bytes as hexadecimal digits. */
export function unpack(
  page: Row | undefined,
  dimensions: number,
): readonly { readonly rowId: number; readonly namespace: string; readonly vector: Quantized }[] {
  const listed = JSON.parse(String(page?.[0] ?? "[]")) as readonly [number, string][];
  const bytes = Buffer.from(String(page?.[1] ?? ""), "hex");
  return listed.map(([rowId, namespace], index) => ({
    rowId,
    namespace,
    vector: new Int8Array(bytes.buffer, bytes.byteOffset + index * dimensions, dimensions),
  }));
}
