/** Keeps the texts that left a context, so that they can be read back; the oldest go when there are too many. */
export class Archive {
  readonly #texts = new Map<string, string>();
  readonly #limit: number;
  #characters = 0;

  /** `limit`: characters kept in all. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  put(id: string, text: string): void {
    const known = this.#texts.get(id);
    if (known !== undefined) {
      this.#texts.delete(id);
      this.#characters -= known.length;
    }
    this.#texts.set(id, text);
    this.#characters += text.length;
    for (const [oldest, old] of this.#texts) {
      if (this.#characters <= this.#limit || oldest === id) return;
      this.#texts.delete(oldest);
      this.#characters -= old.length;
    }
  }

  get(id: string): string | undefined {
    return this.#texts.get(id);
  }
}
