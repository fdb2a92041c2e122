import { row, type Work } from "../database/work.ts";
import { countMatches } from "./memory-statements.ts";

const MOST_KEPT = 10_000;
/** Counts stand until the store has grown by this share. */
const GROWTH = 0.1;

/** How many memories have a word, counted when it is first asked for and kept. */
export class TermFrequencies {
  readonly #counts = new Map<string, number>();
  #countedAt = 0;

  /** Forgets what was counted when the store was much smaller, or larger. */
  noteSize(size: number): void {
    if (size <= this.#countedAt * (1 + GROWTH) && size >= this.#countedAt) return;
    this.#counts.clear();
    this.#countedAt = size;
  }

  /** How many memories a phrase of a query matches. */
  *count(phrase: string): Work<number> {
    const known = this.#counts.get(phrase);
    if (known !== undefined) return known;
    const count = Number((yield* row(countMatches, { match: phrase }))?.[0] ?? 0);
    if (this.#counts.size >= MOST_KEPT) this.#counts.clear();
    this.#counts.set(phrase, count);
    return count;
  }
}
