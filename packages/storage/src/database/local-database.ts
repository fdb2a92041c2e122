import { sql } from "drizzle-orm/sql";
import { CheckpointThread } from "./checkpoint-thread.ts";
import type { Database, DatabaseFile, WriteOptions } from "./database.ts";
import { EventLoopTurn } from "./event-loop-turn.ts";
import { LocalConnection, type ConnectionOptions } from "./local-connection.ts";
import { pause, pauseTime } from "./pause.ts";
import { expire, perform, performCarefully, type Outcome, type Pending } from "./pending-write.ts";
import { busy, closed, commitUnknown, fromSqlite, isBusy } from "./sqlite-error.ts";
import { PRAGMAS } from "./pragmas.ts";
import { parameter, statement } from "./statement.ts";
import { row, run, type Work } from "./work.ts";
import { WriterTurns } from "./writer-turns.ts";

/** Options of {@link LocalDatabase}. */
export interface LocalDatabaseOptions extends ConnectionOptions {
  /** How writes that do not ask for `full` are committed. */
  readonly synchronous: "full" | "normal";
  /** Milliseconds for which a call waits for a lock that another process holds. */
  readonly busyTimeout: number;
}

/** Milliseconds after which a shared transaction is committed and the rest of the queue waits for the next one. */
const GROUP_TIME = 15;
/** Milliseconds that long work takes in one turn of the event loop. */
const LONG_TURN = 12;
/** Milliseconds after which the connection of long work, and the thread that goes with it, are closed. */
const LONG_IDLE = 500;
/** After so many pieces of long work the log is moved into the file. */
const BETWEEN_CHECKPOINTS = 4;

/**
 * A database file (or memory) in this process: one connection, whose transactions begin and end within one turn, so
 * that readers never see an uncommitted row. Writers queue up, and those that call in one tick share a transaction.
 * Long work has a second connection, and the queue waits for it.
 */
export class LocalDatabase implements Database {
  readonly file: DatabaseFile;
  readonly longest: number;
  readonly #options: LocalDatabaseOptions;
  readonly #turn = new EventLoopTurn();
  readonly #writerTurns = new WriterTurns();
  readonly #longTurns = new WriterTurns();
  #connection: LocalConnection | undefined;
  #longConnection: LocalConnection | undefined;
  #longIdle: NodeJS.Timeout | undefined;
  #longCount = 0;
  #lastLong:
    | { readonly of: unknown; readonly connection: LocalConnection; readonly version: number }
    | undefined;
  #checkpoints: CheckpointThread | undefined;
  #queue: Pending[] = [];
  #scheduled = false;
  /** Until then the lock is left to others. */
  #notBefore = 0;
  #guard: (() => Work<void>) | undefined;
  #drained: (() => void) | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: LocalDatabaseOptions) {
    this.#options = options;
    const { path, encryptionKey, busyTimeout } = options;
    // Memory lives in one connection: its readers would see what is not committed yet.
    this.longest = path === ":memory:" ? 20 : 60;
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
        this.#drop(this.#connection);
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
        changed: options?.changed,
        long: options?.long === true && this.#options.path !== ":memory:",
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
    await this.#endLong();
    this.#checkpoint();
    this.#connection?.close();
    this.#connection = undefined;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#flushAfter(0);
  }

  readonly #flush = (): void => {
    const [first, ...others] = this.#queue;
    if (first?.long === true) {
      this.#queue = others;
      void this.#performLong(first);
      return;
    }
    const long = this.#queue.findIndex((pending) => pending.long);
    const queue = long < 0 ? this.#queue : this.#queue.slice(0, long);
    this.#queue = this.#queue.slice(queue.length);
    this.#writerTurns.begin(performance.now());
    let begun: LocalConnection;
    try {
      begun = this.#begin(this.#connected(), queue);
    } catch (error) {
      this.#notBegun(queue, error);
      return;
    }
    const taken = this.#perform(begun, queue);
    if (taken < queue.length) this.#queue = [...queue.slice(taken), ...this.#queue];
    this.#leave(this.#writerTurns, begun);
    this.#next();
  };

  /** Carries out work turn by turn, on a connection of its own: nobody who reads meanwhile sees half of it. */
  async #performLong(pending: Pending): Promise<void> {
    clearTimeout(this.#longIdle);
    this.#longTurns.begin(performance.now());
    let connection: LocalConnection;
    try {
      connection = this.#begin(this.#connectedForLong(), [pending]);
    } catch (error) {
      this.#notBegun([pending], error);
      return;
    }
    let outcome: Outcome;
    try {
      this.#tellOfChanges(pending, connection);
      outcome = { of: pending, value: await connection.completeInTurns(pending.work(), LONG_TURN) };
      // The text index writes what it holds in memory at a savepoint, so that the commit need not: two turns, not a long one.
      connection.execute("SAVEPOINT written; RELEASE written");
      await nextTurn();
    } catch (error) {
      outcome = { of: pending, error };
      if (!connection.rollback()) this.#drop(connection);
    }
    this.#settle([outcome], "error" in outcome ? undefined : this.#commit(connection));
    await this.#tidy();
    await nextTurn();
    this.#leave(this.#longTurns, connection);
    this.#next();
  }

  #tellOfChanges({ changed }: Pending, connection: LocalConnection): void {
    const version = connection.dataVersion;
    const last = this.#lastLong;
    if (last?.of !== changed || last?.connection !== connection || last.version !== version) changed?.();
    this.#lastLong = { of: changed, connection, version };
  }

  #leave(turns: WriterTurns, connection: LocalConnection): void {
    if (connection !== this.#connection && connection !== this.#longConnection) return;
    const now = performance.now();
    this.#notBefore = now + turns.end(now, () => connection.dataVersion);
  }

  #notBegun(queue: readonly Pending[], error: unknown): void {
    if (isBusy(error)) this.#queue = [...expire(queue, error), ...this.#queue];
    else for (const pending of queue) pending.reject(fromSqlite(error));
    this.#next(pauseTime());
  }

  /**
   * Now and then has what long work wrote moved from the log into the file, and waits for it: a commit that meets the
   * thread's flush of the same file takes longer than that.
   */
  async #tidy(): Promise<void> {
    if (++this.#longCount % BETWEEN_CHECKPOINTS === 0) {
      this.#checkpoints ??= new CheckpointThread(this.#options);
      await this.#checkpoints.run();
    }
    this.#longIdle = setTimeout(() => void this.#endLong(), LONG_IDLE);
    this.#longIdle.unref();
  }

  /** Gives back what only long work needs. */
  async #endLong(): Promise<void> {
    clearTimeout(this.#longIdle);
    this.#longCount = 0;
    this.#lastLong = undefined;
    this.#drop(this.#longConnection);
    const checkpoints = this.#checkpoints;
    this.#checkpoints = undefined;
    await checkpoints?.close();
  }

  /** Looks for more to do: at once, or after a pause in milliseconds. */
  #next(wait = 0): void {
    if (this.#queue.length === 0) {
      this.#scheduled = false;
      this.#drained?.();
    } else this.#flushAfter(wait);
  }

  #flushAfter(wait: number): void {
    const least = Math.max(wait, this.#notBefore - performance.now());
    if (least > 0) setTimeout(this.#flush, least);
    else this.#turn.soon(this.#flush);
  }

  #begin(connection: LocalConnection, queue: readonly Pending[]): LocalConnection {
    connection.setSynchronous(queue.some((pending) => pending.full) ? "full" : "normal");
    connection.execute("BEGIN IMMEDIATE");
    try {
      if (this.#guard !== undefined) connection.complete(this.#guard());
    } catch (error) {
      if (!connection.rollback()) this.#drop(connection);
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
    if (!connection.rollback()) this.#drop(connection);
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
      this.#drop(connection);
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
      for (const pragma of PRAGMAS) connection.execute(`PRAGMA ${pragma}`);
    } catch (error) {
      connection.close();
      throw error;
    }
    this.#connection = connection;
    return connection;
  }

  #connectedForLong(): LocalConnection {
    if (this.#longConnection !== undefined) return this.#longConnection;
    const connection = new LocalConnection(this.#options);
    try {
      for (const pragma of PRAGMAS) connection.execute(`PRAGMA ${pragma}`);
      // It is done between transactions, not in the middle of a commit.
      connection.execute("PRAGMA wal_autocheckpoint = 0");
    } catch (error) {
      connection.close();
      throw error;
    }
    this.#longConnection = connection;
    return connection;
  }

  /** The next call opens a new connection. Memory lives in its connection and is kept. */
  #drop(connection: LocalConnection | undefined): void {
    if (this.#options.path === ":memory:") return;
    connection?.close();
    if (connection === this.#connection) this.#connection = undefined;
    if (connection === this.#longConnection) this.#longConnection = undefined;
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

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function inSnapshot<Result>(connection: LocalConnection, work: () => Work<Result>): Result {
  connection.execute("BEGIN");
  try {
    return connection.complete(work());
  } finally {
    connection.execute("COMMIT");
  }
}

const EMPTY_LOG = statement(() => sql`PRAGMA wal_checkpoint(TRUNCATE)`);

const COPY = statement(() => sql`VACUUM INTO ${parameter("target")}`);
