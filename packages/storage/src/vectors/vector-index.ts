import { PAGE, makeKernel, type Kernel } from "./kernel.ts";
import { inverseLength, type Quantized } from "./quantized.ts";

/** A memory's row with the cosine between its vector and the query's. */
export interface Likeness {
  readonly row: number;
  readonly likeness: number;
}

/** Vectors of one space in this process's memory, and an exact scan over those of some namespaces. */
export class VectorIndex {
  /** Bytes of a row: its dimensions, filled up to what the kernel reads at once. */
  readonly #width: number;
  readonly #kernel: Kernel = makeKernel();
  readonly #slots = new Map<number, number>();
  readonly #codes = new Map<string, number>();
  #capacity = 0;
  #size = 0;
  #vectors = new Int8Array(0);
  #products = new Float32Array(0);
  #rows = new Float64Array(0);
  #lengths = new Float32Array(0);
  #spaces = new Int32Array(0);

  constructor(dimensions: number) {
    this.#width = Math.ceil(dimensions / 16) * 16;
  }

  /** Bytes that a vector of so many dimensions takes. */
  static bytesOf(dimensions: number): number {
    // Beside its numbers: the product, the row, the length, the namespace and the slot's place in a map.
    return Math.ceil(dimensions / 16) * 16 + 4 + 8 + 4 + 4 + 40;
  }

  get size(): number {
    return this.#size;
  }

  /** Adds a row's vector, or puts it in the place of the one before. */
  set(row: number, namespace: string, vector: Quantized): void {
    let slot = this.#slots.get(row);
    if (slot === undefined) {
      if (this.#size === this.#capacity) this.#grow();
      slot = this.#size++;
      this.#slots.set(row, slot);
      this.#rows[slot] = row;
    }
    this.#vectors.set(vector, slot * this.#width);
    this.#lengths[slot] = inverseLength(vector);
    let code = this.#codes.get(namespace);
    if (code === undefined) this.#codes.set(namespace, (code = this.#codes.size));
    this.#spaces[slot] = code;
  }

  delete(row: number): void {
    const slot = this.#slots.get(row);
    if (slot === undefined) return;
    this.#slots.delete(row);
    const last = --this.#size;
    if (slot === last) return;
    const moved = this.#rows[last] as number;
    this.#vectors.copyWithin(slot * this.#width, last * this.#width, (last + 1) * this.#width);
    this.#rows[slot] = moved;
    this.#lengths[slot] = this.#lengths[last] as number;
    this.#spaces[slot] = this.#spaces[last] as number;
    this.#slots.set(moved, slot);
  }

  /**
   * The rows of some namespaces that are most like the query and at all like it, the best first, and how like it each
   * of some other rows is. Equal ones: the newest row first.
   */
  scan(
    query: Quantized,
    namespaces: readonly string[],
    count: number,
    others: readonly number[],
  ): { readonly nearest: readonly Likeness[]; readonly ofOthers: ReadonlyMap<number, number> } {
    const ofOthers = new Map<number, number>();
    if (this.#size === 0) return { nearest: [], ofOthers };
    // The query lies behind the rows, the products behind it.
    const end = this.#capacity * this.#width;
    this.#vectors.fill(0, end, end + this.#width);
    this.#vectors.set(query, end);
    this.#kernel.dot(0, end, this.#size, this.#width, end + this.#width);
    const ofQuery = inverseLength(query);
    for (const row of others) {
      const slot = this.#slots.get(row);
      if (slot === undefined) continue;
      ofOthers.set(row, (this.#products[slot] as number) * (this.#lengths[slot] as number) * ofQuery);
    }
    const [first = -1, second = -1, third = -1] = namespaces.map(
      (namespace) => this.#codes.get(namespace) ?? -1,
    );
    const best = new Best(Math.min(count, this.#size));
    const { length } = this.#spaces.subarray(0, this.#size);
    for (let slot = 0; slot < length; slot++) {
      const space = this.#spaces[slot] as number;
      if (space !== first && space !== second && space !== third) continue;
      const likeness = (this.#products[slot] as number) * (this.#lengths[slot] as number);
      if (likeness > 0 && likeness >= best.least) best.offer(likeness, this.#rows[slot] as number);
    }
    return {
      nearest: best.sorted().map(({ row, likeness }) => ({ row, likeness: likeness * ofQuery })),
      ofOthers,
    };
  }

  #grow(): void {
    const capacity = Math.max(1024, Math.ceil(this.#capacity * 1.5));
    const { memory } = this.#kernel;
    const bytes = capacity * (this.#width + 4) + this.#width;
    const missing = Math.ceil((bytes - memory.buffer.byteLength) / PAGE);
    if (missing > 0) memory.grow(missing);
    this.#vectors = new Int8Array(memory.buffer);
    const products = capacity * this.#width + this.#width;
    this.#products = new Float32Array(memory.buffer, products, capacity);
    this.#rows = copied(this.#rows, new Float64Array(capacity));
    this.#lengths = copied(this.#lengths, new Float32Array(capacity));
    this.#spaces = copied(this.#spaces, new Int32Array(capacity));
    // What a row does not fill stays 0, also where products stood before.
    this.#vectors.fill(0, this.#size * this.#width, capacity * this.#width);
    this.#capacity = capacity;
  }
}

function copied<Numbers extends Float64Array | Float32Array | Int32Array>(
  from: Numbers,
  to: Numbers,
): Numbers {
  to.set(from);
  return to;
}

/** The best of many: a heap whose first is the worst of them. */
class Best {
  readonly #count: number;
  readonly #heap: { row: number; likeness: number }[] = [];
  /** Nothing below it is worth an offer. */
  least = -Infinity;

  constructor(count: number) {
    this.#count = count;
  }

  offer(likeness: number, row: number): void {
    const heap = this.#heap;
    const offered = { row, likeness };
    if (heap.length < this.#count) {
      heap.push(offered);
      let at = heap.length - 1;
      while (at > 0) {
        const parent = (at - 1) >> 1;
        if (!isWorse(heap[at], heap[parent])) break;
        [heap[at], heap[parent]] = [heap[parent] as Likeness, heap[at] as Likeness];
        at = parent;
      }
    } else {
      if (!isWorse(heap[0], offered)) return;
      heap[0] = offered;
      let at = 0;
      for (;;) {
        let worst = at;
        for (const child of [2 * at + 1, 2 * at + 2])
          if (child < heap.length && isWorse(heap[child], heap[worst])) worst = child;
        if (worst === at) break;
        [heap[at], heap[worst]] = [heap[worst] as Likeness, heap[at] as Likeness];
        at = worst;
      }
    }
    if (heap.length === this.#count) this.least = heap[0]?.likeness ?? -Infinity;
  }

  sorted(): Likeness[] {
    return this.#heap.toSorted((a, b) => b.likeness - a.likeness || b.row - a.row);
  }
}

function isWorse(a: Likeness | undefined, b: Likeness | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  return a.likeness < b.likeness || (a.likeness === b.likeness && a.row < b.row);
}
