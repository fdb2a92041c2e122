import type { Database } from "../database/database.ts";
import { run } from "../database/work.ts";
import { addUses, useLinks } from "./evolution-statements.ts";

const FLUSH_AFTER = 30_000;
const MOST = 5000;

/**
 * Counts which memories were found or got, and which a graph led over, and writes it down now and then: reading must
 * not cost a write.
 */
export class UseLog {
  readonly #database: Database;
  #uses = new Map<string, number>();
  #linked = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Notes the use of a memory. */
  note(id: string): void {
    this.#uses.set(id, (this.#uses.get(id) ?? 0) + 1);
    this.#later();
  }

  /** Notes that a graph of these memories was shown. */
  noteGraph(ids: readonly string[]): void {
    for (const id of ids) this.#linked.add(id);
    this.#later();
  }

  /** Writes down what was noted. Counts are no more than hints, so one that cannot be written is given up. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#uses.size === 0 && this.#linked.size === 0) return;
    const uses = JSON.stringify([...this.#uses]);
    const ids = JSON.stringify([...this.#linked]);
    this.#uses = new Map();
    this.#linked = new Set();
    const now = Date.now();
    try {
      await this.#database.write(
        function* () {
          yield* run(addUses, { uses, now });
          if (ids !== "[]") yield* run(useLinks, { ids, now });
        },
        { full: false },
      );
    } catch {
      // The database is closed, locked, or newer than this code: whoever reads it next counts anew.
    }
  }

  #later(): void {
    if (this.#uses.size + this.#linked.size >= MOST) void this.flush();
    else this.#timer ??= setTimeout(() => void this.flush(), FLUSH_AFTER).unref();
  }
}
