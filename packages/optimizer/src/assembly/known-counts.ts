/** Shorter texts are counted anew: that is quicker than to look them up. */
const SHORTEST = 1000;
/** Characters of texts whose counts are kept. */
const MOST_CHARACTERS = 8_000_000;
const PROBE = "A counter that has learnt something counts this otherwise than before.";

/**
 * Remembers how many tokens long texts have: most files and skills of a context stood in the one before. What it says of a text is
 * what its counter said when it first saw it; {@link KnownCounts.refresh} forgets all once the counter counts otherwise.
 */
export class KnownCounts {
  readonly #count: (text: string) => number;
  readonly #known = new Map<string, number>();
  #characters = 0;
  #probe: number | undefined;

  constructor(count: (text: string) => number) {
    this.#count = count;
  }

  count(text: string): number {
    if (text.length < SHORTEST) return this.#count(text);
    let tokens = this.#known.get(text);
    if (tokens !== undefined) return tokens;
    tokens = this.#count(text);
    this.#known.set(text, tokens);
    this.#characters += text.length;
    for (const oldest of this.#known.keys()) {
      if (this.#characters <= MOST_CHARACTERS) break;
      this.#known.delete(oldest);
      this.#characters -= oldest.length;
    }
    return tokens;
  }

  refresh(): void {
    const probe = this.#count(PROBE);
    if (this.#probe !== probe) {
      this.#known.clear();
      this.#characters = 0;
    }
    this.#probe = probe;
  }
}
