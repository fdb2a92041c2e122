import { sql } from "drizzle-orm/sql";
import Libsql from "libsql";
import { notOpened } from "./sqlite-error.ts";
import { statement, type Statement } from "./statement.ts";
import { isCall, type Call, type Reply, type Row, type SqlValue, type Work } from "./work.ts";

/** How a connection is opened. */
export interface ConnectionOptions {
  /** A path, or `:memory:`. */
  readonly path: string;
  readonly encryptionKey?: string;
}

/** Milliseconds for which SQLite may block the thread while it waits for a lock. */
const BLOCKING_WAIT = 2;

const DATA_VERSION: Call = {
  statement: statement(() => sql`PRAGMA data_version`),
  parameters: [],
  want: "row",
};

/** The part of the driver's statement that is used. */
interface NativeStatement {
  readonly reader: boolean;
  raw(on: boolean): NativeStatement;
  run(parameters: readonly SqlValue[]): { readonly changes: number };
  get(parameters: readonly SqlValue[]): unknown;
  all(parameters: readonly SqlValue[]): unknown[];
}

interface Prepared {
  readonly native: NativeStatement;
  /** It cannot change anything. */
  readonly reads: boolean;
}

/**
 * One native connection. It keeps each statement that it prepared. All calls are synchronous; transactions begin and
 * end by `exec` only, because a prepared BEGIN, or a write outside a transaction, that meets SQLITE_BUSY leaves a
 * statement behind that swallows later commits.
 */
export class LocalConnection {
  readonly #native: InstanceType<typeof Libsql>;
  readonly #statements = new Map<Statement, Prepared>();
  #synchronous: "full" | "normal" | undefined;
  #open = true;
  #writes = 0;

  constructor(options: ConnectionOptions) {
    const { path, encryptionKey } = options;
    try {
      this.#native = new Libsql(path, {
        timeout: BLOCKING_WAIT,
        ...(encryptionKey === undefined ? {} : { encryptionKey }),
      });
    } catch (error) {
      throw notOpened(path, error);
    }
  }

  /** Whether a transaction is open. False after `close`: the driver must not be asked then. */
  get inTransaction(): boolean {
    return this.#open && this.#native.inTransaction;
  }

  /** How many statements have changed something so far. */
  get writes(): number {
    return this.#writes;
  }

  execute(text: string): void {
    this.#native.exec(text);
  }

  /** Sets how commits wait for the disk; only outside a transaction. */
  setSynchronous(mode: "full" | "normal"): void {
    if (this.#synchronous === mode) return;
    this.#native.exec(`PRAGMA synchronous = ${mode}`);
    this.#synchronous = mode;
  }

  perform(call: Call): Reply {
    const { native, reads } = this.#prepared(call.statement);
    if (call.want === "changes") {
      const { changes } = native.run(call.parameters);
      if (changes > 0) this.#writes++;
      return changes;
    }
    const reply = call.want === "row" ? native.get(call.parameters) : native.all(call.parameters);
    if (!reads) this.#writes++;
    return reply as Row | readonly Row[] | undefined;
  }

  #answer(asked: Call | readonly Call[]): Reply {
    if (isCall(asked)) return this.perform(asked);
    for (const each of asked) this.perform(each);
    return undefined;
  }

  /** Runs work in one go. */
  complete<Result>(work: Work<Result>): Result {
    let step = work.next();
    while (!step.done) {
      step = work.next(this.#answer(step.value));
    }
    return step.value;
  }

  /** Runs work in turns of so many milliseconds, between which others in this process get theirs. */
  async completeInTurns<Result>(work: Work<Result>, turn: number): Promise<Result> {
    let end = performance.now() + turn;
    let step = work.next();
    while (!step.done) {
      const reply = this.#answer(step.value);
      if (performance.now() > end) {
        await new Promise<void>((resolve) => {
          setImmediate(resolve);
        });
        end = performance.now() + turn;
      }
      step = work.next(reply);
    }
    return step.value;
  }

  /** Another number each time after another connection has committed a change. */
  get dataVersion(): number {
    try {
      return Number((this.perform(DATA_VERSION) as Row)[0]);
    } catch {
      // Who cannot read it has met somebody else at the file.
      return Number.NaN;
    }
  }

  /** Ends a transaction without its changes. Gives whether the connection can still be used. */
  rollback(): boolean {
    if (!this.inTransaction) return this.#open;
    try {
      this.#native.exec("ROLLBACK");
      return true;
    } catch {
      // SQLite could not undo, so nothing can be said about this connection any more: the caller drops it.
      return false;
    }
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#statements.clear();
    this.#native.close();
  }

  #prepared(statement: Statement): Prepared {
    const known = this.#statements.get(statement);
    if (known !== undefined) return known;
    const native = this.#native.prepare(statement.sql) as unknown as NativeStatement;
    if (native.reader) native.raw(true);
    const prepared = { native, reads: /^\s*(?:SELECT|PRAGMA data_version)/i.test(statement.sql) };
    this.#statements.set(statement, prepared);
    return prepared;
  }
}
