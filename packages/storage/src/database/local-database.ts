import { sql } from "drizzle-orm/sql";
import type { Database, DatabaseFile, WriteOptions } from "./database.ts";
import { EventLoopTurn } from "./event-loop-turn.ts";
import { LocalConnection, type ConnectionOptions } from "./local-connection.ts";
import { pause, pauseTime } from "./pause.ts";
import { busy, closed, commitUnknown, fromSqlite, isBusy } from "./sqlite-error.ts";
import { parameter, statement } from "./statement.ts";
import { row, run, type Work } from "./work.ts";

/** Options of {@link LocalDatabase}. */
export interface LocalDatabaseOptions extends ConnectionOptions {
  /** How writes that do not ask for `full` are committed. */
  readonly synchronous: "full" | "normal";
  /** Milliseconds for which a call waits for a lock that another process holds. */
  readonly busyTimeout: number;
}

/** Milliseconds after which a shared transaction is committed and the rest of the queue waits for the next one. */
const GROUP_TIME = 15;

interface Pending {
  readonly work: () => Work<unknown>;
  readonly full: boolean;
  readonly deadline: number;
  /** It, or one that shared its transaction, failed half-way: it gets a savepoint. */
  careful: boolean;
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
}

type Outcome = { readonly of: Pending } & ({ readonly value: unknown } | { readonly error: unknown });

/**
 * A database file (or memory) in this process: one connection, whose transactions begin and end within one turn, so
 * that readers never see an uncommitted row. Writers queue up, and those that call in one tick share a transaction.
 */
export class LocalDatabase implements Database {
  readonly file: DatabaseFile;
  readonly #options: LocalDatabaseOptions;
  readonly #turn = new EventLoopTurn();
  #connection: LocalConnection | undefined;
  #queue: Pending[] = [];
  #scheduled = false;
  #guard: (() => Work<void>) | undefined;
  #drained: (() => void) | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: LocalDatabaseOptions) {
    this.#options = options;
    const { path, encryptionKey, busyTimeout } = options;
    this.file = {
      path,
      encryptionKey,
      busyTimeout,
      emptyLog: () => this.#emptyLog(),
      copyTo: (target) => this.#copyTo(target),
    };
  }

  async read<Result>(work: () => Work<Result>, options?: { readonly snapshot?: boolean }): Promise<Result> {
    if (this.#turn.isSpent()) await this.#turn.yieldIfSpent();
    let deadline: number | undefined;
    for (;;) {
      if (this.#closing !== undefined) throw closed();
      try {
        const connection = this.#connected();
        return options?.snapshot === true ? inSnapshot(connection, work) : connection.complete(work());
      } catch (error) {
        if (!isBusy(error)) throw fromSqlite(error);
        // Readers meet a lock only while another process recovers or converts the file.
        this.#disconnect();
        const now = performance.now();
        deadline ??= now + this.#options.busyTimeout;
        if (now >= deadline) throw busy(error);
      }
      await pause();
    }
  }

  write<Result>(work: () => Work<Result>, options?: WriteOptions): Promise<Result> {
    if (this.#closing !== undefined) return Promise.reject(closed());
    return new Promise<Result>((resolve, reject) => {
      this.#queue.push({
        work,
        full: options?.full ?? this.#options.synchronous === "full",
        deadline: performance.now() + this.#options.busyTimeout,
        careful: false,
        resolve,
        reject,
      });
      this.#schedule();
    });
  }

  guardWrites(guard: () => Work<void>): void {
    this.#guard = guard;
  }

  close(): Promise<void> {
    this.#closing ??= this.#shutDown();
    return this.#closing;
  }

  async #shutDown(): Promise<void> {
    if (this.#scheduled)
      await new Promise<void>((resolve) => {
        this.#drained = resolve;
      });
    this.#checkpoint();
    this.#connection?.close();
    this.#connection = undefined;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#turn.soon(this.#flush);
  }

  readonly #flush = (): void => {
    const queue = this.#queue;
    this.#queue = [];
    let begun: LocalConnection | undefined;
    try {
      begun = this.#begin(queue);
    } catch (error) {
      if (isBusy(error)) this.#queue = [...expire(queue, error), ...this.#queue];
      else for (const pending of queue) pending.reject(fromSqlite(error));
      this.#next(pauseTime());
      return;
    }
    const taken = this.#perform(begun, queue);
    if (taken < queue.length) this.#queue = [...queue.slice(taken), ...this.#queue];
    this.#next();
  };

  /** Looks for more to do: at once, or after a pause in milliseconds. */
  #next(wait?: number): void {
    if (this.#queue.length === 0) {
      this.#scheduled = false;
      this.#drained?.();
    } else if (wait === undefined) this.#turn.soon(this.#flush);
    else setTimeout(this.#flush, wait);
  }

  #begin(queue: readonly Pending[]): LocalConnection {
    const connection = this.#connected();
    connection.setSynchronous(queue.some((pending) => pending.full) ? "full" : "normal");
    connection.execute("BEGIN IMMEDIATE");
    try {
      if (this.#guard !== undefined) connection.complete(this.#guard());
    } catch (error) {
      if (!connection.rollback()) this.#disconnect();
      throw error;
    }
    return connection;
  }

  /** Carries out callers in order until the time of one transaction is over, and commits. Gives their number. */
  #perform(connection: LocalConnection, queue: readonly Pending[]): number {
    const careful = queue.some((pending) => pending.careful);
    const outcomes: Outcome[] = [];
    const end = performance.now() + GROUP_TIME;
    for (const pending of queue) {
      const outcome = careful ? performCarefully(connection, pending) : perform(connection, pending);
      if (outcome === undefined) return this.#again(connection, queue);
      outcomes.push(outcome);
      if (!connection.inTransaction) {
        // SQLite itself gave the whole transaction up (a full disk, an I/O error).
        this.#settle(outcomes, "error" in outcome ? outcome.error : undefined);
        return outcomes.length;
      }
      if (performance.now() > end) break;
    }
    this.#settle(outcomes, this.#commit(connection));
    return outcomes.length;
  }

  /** Begins anew with a savepoint for each caller. */
  #again(connection: LocalConnection, queue: readonly Pending[]): number {
    if (!connection.rollback()) this.#disconnect();
    for (const pending of queue) pending.careful = true;
    return 0;
  }

  /** Gives the error that took the transaction's changes with it, or leaves them in doubt. */
  #commit(connection: LocalConnection): unknown {
    try {
      connection.execute("COMMIT");
      return undefined;
    } catch (error) {
      // Ended first: statements that are not collected yet keep a closed connection, and so its lock, alive.
      connection.rollback();
      this.#disconnect();
      return commitUnknown(error);
    }
  }

  #settle(outcomes: readonly Outcome[], failure: unknown): void {
    for (const outcome of outcomes) {
      if ("error" in outcome) outcome.of.reject(fromSqlite(outcome.error));
      else if (failure === undefined) outcome.of.resolve(outcome.value as never);
      else outcome.of.reject(fromSqlite(failure));
    }
  }

  #connected(): LocalConnection {
    if (this.#connection !== undefined) return this.#connection;
    const connection = new LocalConnection(this.#options);
    try {
      prepareConnection(connection);
    } catch (error) {
      connection.close();
      throw error;
    }
    this.#connection = connection;
    return connection;
  }

  /** The next call opens a new connection. Memory lives in its connection and is kept. */
  #disconnect(): void {
    if (this.#options.path === ":memory:") return;
    this.#connection?.close();
    this.#connection = undefined;
  }

  #emptyLog(): boolean {
    if (this.#closing !== undefined) throw closed();
    try {
      const outcome = this.#connected().complete(row(EMPTY_LOG));
      return outcome?.[0] === 0;
    } catch (error) {
      if (isBusy(error)) return false;
      throw fromSqlite(error);
    }
  }

  #copyTo(target: string): void {
    try {
      this.#connected().complete(run(COPY, { target }));
    } catch (error) {
      throw fromSqlite(error);
    }
  }

  /** Moves the log into the file, as SQLite does itself when a last connection closes that kept no statements. */
  #checkpoint(): void {
    try {
      this.#connection?.execute("PRAGMA wal_checkpoint(TRUNCATE)");
    } catch {
      // Another process is reading or writing; it, or the next one to open the file, will do it.
    }
  }
}

/**
 * Runs one caller in the shared transaction. `undefined` when it failed and left changes of its own behind. Savepoints
 * would undo just these, but the text index writes all that it holds in memory to the file at each one.
 */
function perform(connection: LocalConnection, pending: Pending): Outcome | undefined {
  const before = connection.writes;
  try {
    return { of: pending, value: connection.complete(pending.work()) };
  } catch (error) {
    return connection.writes === before || !connection.inTransaction ? { of: pending, error } : undefined;
  }
}

/** Runs one caller inside a savepoint, so that its failure takes nothing of the others with it. */
function performCarefully(connection: LocalConnection, pending: Pending): Outcome {
  connection.execute("SAVEPOINT caller");
  try {
    const value = connection.complete(pending.work());
    connection.execute("RELEASE caller");
    return { of: pending, value };
  } catch (error) {
    if (connection.inTransaction) connection.execute("ROLLBACK TO caller; RELEASE caller");
    return { of: pending, error };
  }
}

function inSnapshot<Result>(connection: LocalConnection, work: () => Work<Result>): Result {
  connection.execute("BEGIN");
  try {
    return connection.complete(work());
  } finally {
    connection.execute("COMMIT");
  }
}

/** Rejects the callers whose time is up and gives the others. */
function expire(queue: readonly Pending[], cause: unknown): Pending[] {
  const now = performance.now();
  return queue.filter((pending) => {
    if (now < pending.deadline) return true;
    pending.reject(busy(cause));
    return false;
  });
}

function prepareConnection(connection: LocalConnection): void {
  for (const pragma of PRAGMAS) connection.execute(`PRAGMA ${pragma}`);
}

const EMPTY_LOG = statement(() => sql`PRAGMA wal_checkpoint(TRUNCATE)`);

const COPY = statement(() => sql`VACUUM INTO ${parameter("target")}`);

const PRAGMAS = [
  "journal_mode = WAL",
  "foreign_keys = ON",
  "cache_size = -32000",
  "temp_store = MEMORY",
  // What is deleted from a page is overwritten there: `forget` with `hard` need not look through live pages for it.
  "secure_delete = FAST",
  // A large import must not leave a log of its size behind for good.
  "journal_size_limit = 67108864",
];
