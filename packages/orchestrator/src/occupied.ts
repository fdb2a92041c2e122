import { globStem } from "@mnemosyne/core";

/** Literal beginnings of globs, to be asked in the time that one of them takes to read, however many there are. */
class StemSet {
  readonly #stems = new Set<string>();
  readonly #beginnings = new Set<string>();

  add(stem: string): void {
    if (this.#stems.has(stem)) return;
    this.#stems.add(stem);
    for (let end = 0; end <= stem.length; end++) this.#beginnings.add(stem.slice(0, end));
  }

  /** Whether one of them begins with `stem`, or `stem` with one of them. */
  meets(stem: string): boolean {
    if (this.#beginnings.has(stem)) return true;
    for (let end = 0; end < stem.length; end++) {
      if (this.#stems.has(stem.slice(0, end))) return true;
    }
    return false;
  }
}

/** What a task touches. */
export interface Footprint {
  readonly reads: readonly string[];
  /** Undefined: it takes no right to write, and so stands in nobody's way. */
  readonly writes: readonly string[] | undefined;
}

/** What the running tasks read and write. */
export class Occupied {
  readonly #reads = new StemSet();
  readonly #writes = new StemSet();

  /** Takes the task's files. */
  add(task: Footprint): void {
    for (const stem of stemsOf(task.reads)) this.#reads.add(stem);
    for (const stem of stemsOf(task.writes)) this.#writes.add(stem);
  }

  /** Whether the task writes what another one reads or writes, or reads what another one writes. */
  collides(task: Footprint): boolean {
    return (
      stemsOf(task.writes).some((stem) => this.#writes.meets(stem) || this.#reads.meets(stem)) ||
      stemsOf(task.reads).some((stem) => this.#writes.meets(stem))
    );
  }
}

const known = new WeakMap<readonly string[], readonly string[]>();

/** A plan's lists of globs never change, and are asked for again at every turn of its run. */
function stemsOf(globs: readonly string[] | undefined): readonly string[] {
  if (globs === undefined || globs.length === 0) return [];
  let stems = known.get(globs);
  if (stems === undefined) {
    stems = globs.map(globStem);
    known.set(globs, stems);
  }
  return stems;
}
