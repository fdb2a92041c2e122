import type { StoredMemory } from "./memory-row.ts";

/** What a memory takes over from one before it in its thread. */
export interface Before {
  readonly place: number;
  /** The beginning of its content as it is indexed. */
  readonly text: string;
  /** The vector of its own text, as a cell. */
  readonly vector: unknown;
}

/** For whom a thread is read: what is pending in another run does not count, nor does what another embedder made. */
export interface ThreadView {
  readonly pendingRun: string | undefined;
  readonly embedder: number;
}

interface Tail extends ThreadView {
  readonly before: readonly Before[];
}

/** How many memories of a thread count before one. */
const COUNTED = 3;
const MOST_THREADS = 2000;

/**
 * The ends of the threads that a batch has appended to: as long as nobody else writes, they need not be read again for what
 * follows there.
 */
export class ThreadTails {
  readonly #tails = new Map<string, Tail>();

  /** The last memories of a new one's thread, the nearest first; `undefined` where they must be looked up. */
  endOf(memory: StoredMemory, view: ThreadView): readonly Before[] | undefined {
    const tail = this.#tails.get(keyOf(memory));
    if (tail === undefined) return undefined;
    return tail.pendingRun === view.pendingRun && tail.embedder === view.embedder ? tail.before : undefined;
  }

  /** Notes a memory that was appended after those. */
  append(memory: StoredMemory, view: ThreadView, own: Before, before: readonly Before[]): void {
    if (this.#tails.size >= MOST_THREADS) this.#tails.clear();
    this.#tails.set(keyOf(memory), { ...view, before: [own, ...before].slice(0, COUNTED) });
  }

  /** Notes that a memory was put in between: it may be one of the last. */
  insert(memory: StoredMemory): void {
    this.#tails.delete(keyOf(memory));
  }

  /** What is known may hold no longer. */
  forget(): void {
    this.#tails.clear();
  }
}

function keyOf({ namespace, thread }: StoredMemory): string {
  return `${namespace}\n${thread ?? ""}`;
}
