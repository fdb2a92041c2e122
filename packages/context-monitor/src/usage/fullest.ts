/** The largest of many changing numbers: a change costs the logarithm of their count, reading nothing. */
export class Fullest {
  #capacity = 16;
  #tree = new Float64Array(2 * this.#capacity);
  #used = 0;
  readonly #free: number[] = [];

  /** The largest, 0 when there is none. */
  get value(): number {
    return this.#tree[1] as number;
  }

  /** A slot for one more number; it begins at 0. */
  add(): number {
    const freed = this.#free.pop();
    if (freed !== undefined) return freed;
    if (this.#used === this.#capacity) this.#grow();
    return this.#used++;
  }

  set(slot: number, value: number): void {
    const tree = this.#tree;
    let node = this.#capacity + slot;
    tree[node] = value;
    while (node > 1) {
      const largest = Math.max(tree[node] as number, tree[node ^ 1] as number);
      node >>= 1;
      if (tree[node] === largest) return;
      tree[node] = largest;
    }
  }

  remove(slot: number): void {
    this.set(slot, 0);
    this.#free.push(slot);
  }

  #grow(): void {
    const values = this.#tree.subarray(this.#capacity, this.#capacity + this.#used);
    this.#capacity *= 2;
    const tree = new Float64Array(2 * this.#capacity);
    tree.set(values, this.#capacity);
    for (let node = this.#capacity - 1; node >= 1; node--)
      tree[node] = Math.max(tree[2 * node] as number, tree[2 * node + 1] as number);
    this.#tree = tree;
  }
}
