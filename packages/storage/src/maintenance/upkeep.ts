import { isMnemosyneError } from "@mnemosyne/core";
import type { Database } from "../database/database.ts";
import { row, run } from "../database/work.ts";
import { noteUpkeep, upkeepAt } from "./maintenance-statements.ts";

/** Something that is done now and then while a database is open. */
export interface UpkeepTask {
  readonly name: string;
  /** Milliseconds from one time to the next, whichever process does it. */
  readonly every: number;
  readonly run: (signal: AbortSignal) => Promise<unknown>;
}

const HOUR = 3_600_000;
/** So long nobody else begins what one process has begun. */
const CLAIM = 600_000;

/**
 * Does tasks that are due, one after the other, when a database is opened and then every hour. Each is done by one
 * process at a time. A process that closes stops it after the current step; the next one goes on.
 */
export class Upkeep {
  readonly #database: Database;
  readonly #tasks: readonly UpkeepTask[];
  readonly #stop = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;

  constructor(database: Database, tasks: readonly UpkeepTask[]) {
    this.#database = database;
    this.#tasks = tasks;
  }

  start(): void {
    if (this.#tasks.length === 0) return;
    this.#begin();
    this.#timer = setInterval(() => this.#begin(), Math.min(HOUR, ...this.#tasks.map(({ every }) => every)));
    this.#timer.unref();
  }

  /** Resolves when nothing of it runs any more. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#stop.abort();
    await this.#running;
  }

  #begin(): void {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  async #run(): Promise<void> {
    for (const task of this.#tasks) {
      if (this.#stop.signal.aborted) return;
      try {
        await this.#runTask(task);
      } catch (error) {
        // Nobody has asked for it, so there is nobody to tell: the next hour, or the next opening, tries again.
        if (isMnemosyneError(error) && error.code === "E_CLOSED") return;
      }
    }
  }

  async #runTask({ name, every, run: work }: UpkeepTask): Promise<void> {
    const [at, clock] = (await this.#database.read(() => row(upkeepAt, { task: name }))) ?? [0, Date.now()];
    const due = Number(clock) - every;
    if (Number(at) > due) return;
    const claim = { task: name, at: due + CLAIM, before: due };
    if ((await this.#database.write(() => run(noteUpkeep, claim), { full: false })) === 0) return;
    await work(this.#stop.signal);
    const done = { task: name, at: Number(clock), before: Number(clock) };
    await this.#database.write(() => run(noteUpkeep, done), { full: false });
  }
}
