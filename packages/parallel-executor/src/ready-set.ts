/**
 * A set of small integers that gives its least: a tree of bits, 32 to a word, so that adding and taking cost one step for
 * each five bits of its size, and no allocation.
 */
export class ReadySet {
  readonly #levels: Int32Array[] = [];

  /** Holds integers from 0 to `size` - 1. */
  constructor(size: number) {
    let words = Math.max(1, size);
    do {
      words = (words + 31) >>> 5;
      this.#levels.push(new Int32Array(words));
    } while (words > 1);
  }

  add(value: number): void {
    const levels = this.#levels;
    let index = value;
    for (let level = 0; level < levels.length; level++) {
      const words = levels[level]!;
      const word = index >>> 5;
      const before = words[word]!;
      words[word] = before | (1 << (index & 31));
      if (before !== 0) return;
      index = word;
    }
  }

  /** Takes the least out; -1 when there is none. */
  take(): number {
    const levels = this.#levels;
    const top = levels.length - 1;
    if (levels[top]![0] === 0) return -1;
    let index = 0;
    for (let level = top; level >= 0; level--) {
      const word = levels[level]![index]!;
      index = (index << 5) | (31 - Math.clz32(word & -word));
    }
    let child = index;
    for (let level = 0; level <= top; level++) {
      const words = levels[level]!;
      const word = child >>> 5;
      const rest = words[word]! & ~(1 << (child & 31));
      words[word] = rest;
      if (rest !== 0) break;
      child = word;
    }
    return index;
  }
}
