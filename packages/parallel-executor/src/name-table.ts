/**
 * Finds the place of a name. An open hash table of a fixed size: a `Map` or an object of ten thousand names spends more on
 * growing than their tasks take to run.
 */
export class NameTable {
  readonly #names: readonly string[];
  /** Place + 1 of the name that hashes here, or 0. At most half of it is in use. */
  readonly #cells: Int32Array;

  /** `names` may grow after this, up to `capacity`. */
  constructor(names: readonly string[], capacity: number) {
    this.#names = names;
    this.#cells = new Int32Array(2 ** Math.ceil(Math.log2(Math.max(1, capacity) * 2)));
  }

  /** Place of a name, or -1. */
  find(name: string): number {
    return this.#cells[this.#cellOf(name)]! - 1;
  }

  /** Notes the place of a name; false when the name has one. */
  add(name: string, place: number): boolean {
    const cell = this.#cellOf(name);
    if (this.#cells[cell] !== 0) return false;
    this.#cells[cell] = place + 1;
    return true;
  }

  /** The cell of a name, or the free one where it belongs. */
  #cellOf(name: string): number {
    const cells = this.#cells;
    const mask = cells.length - 1;
    let hash = name.length;
    for (let at = 0; at < name.length; at++) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193);
    let cell = (hash ^ (hash >>> 15)) & mask;
    while (cells[cell] !== 0 && this.#names[cells[cell]! - 1] !== name) cell = (cell + 1) & mask;
    return cell;
  }
}
