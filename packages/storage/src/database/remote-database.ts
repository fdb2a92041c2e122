import type { Client, InStatement, ResultSet, Transaction } from "@libsql/client";
import { isMnemosyneError } from "@mnemosyne/core";
import type { Database, WriteOptions } from "./database.ts";
import { pause } from "./pause.ts";
import { busy, closed, commitUnknown, fromRemote, isBusy } from "./sqlite-error.ts";
import { isCall, type Call, type Reply, type Row, type Work } from "./work.ts";

/** Options of {@link RemoteDatabase}. */
export interface RemoteDatabaseOptions {
  /** `libsql:`, `http(s):` or `ws(s):`. */
  readonly url: string;
  readonly authToken?: string;
  /** Milliseconds for which a call waits for a lock that somebody else holds. */
  readonly busyTimeout: number;
}

/**
 * A database behind a server that speaks libSQL's remote protocol. Work runs statement by statement; what it only
 * writes is held back and sent in one message. Writes of this process wait for each other here, not at the server.
 */
export class RemoteDatabase implements Database {
  readonly file = undefined;
  readonly longest = 60;
  readonly #options: RemoteDatabaseOptions;
  #client: Promise<Client> | undefined;
  #guard: (() => Work<void>) | undefined;
  /** Settles when the last write that was begun has ended. */
  #last: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | undefined;

  constructor(options: RemoteDatabaseOptions) {
    this.#options = options;
  }

  read<Result>(work: () => Work<Result>, options?: { readonly snapshot?: boolean }): Promise<Result> {
    if (this.#closing !== undefined) return Promise.reject(closed());
    return this.#retrying(async () => {
      const client = await this.#connected();
      if (options?.snapshot !== true) return complete(client, work());
      const transaction = await client.transaction("read");
      try {
        return await complete(transaction, work());
      } finally {
        transaction.close();
      }
    });
  }

  write<Result>(work: () => Work<Result>, options?: WriteOptions): Promise<Result> {
    if (this.#closing !== undefined) return Promise.reject(closed());
    const written = this.#last.then(() => this.#retrying(() => this.#writeOnce(work, options?.changed)));
    this.#last = written.catch(ignored);
    return written;
  }

  guardWrites(guard: () => Work<void>): void {
    this.#guard = guard;
  }

  close(): Promise<void> {
    this.#closing ??= this.#shutDown();
    return this.#closing;
  }

  async #shutDown(): Promise<void> {
    await this.#last;
    // A client that could not be made has told its callers so.
    const client = await this.#client?.catch(ignored);
    client?.close();
  }

  async #writeOnce<Result>(work: () => Work<Result>, changed: (() => void) | undefined): Promise<Result> {
    const transaction = await (await this.#connected()).transaction("write");
    let result: Result;
    try {
      if (this.#guard !== undefined) await complete(transaction, this.#guard());
      changed?.();
      result = await complete(transaction, work());
    } catch (error) {
      await rollback(transaction);
      throw error;
    }
    try {
      await transaction.commit();
    } catch (error) {
      throw commitUnknown(error);
    }
    return result;
  }

  async #retrying<Result>(attempt: () => Promise<Result>): Promise<Result> {
    const deadline = performance.now() + this.#options.busyTimeout;
    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        if (!isBusy(error)) throw isMnemosyneError(error) ? error : fromRemote(error);
        if (performance.now() >= deadline) throw busy(error);
      }
      await pause();
    }
  }

  #connected(): Promise<Client> {
    this.#client ??= connect(this.#options);
    return this.#client;
  }
}

async function connect({ url, authToken }: RemoteDatabaseOptions): Promise<Client> {
  // Loaded here only: who keeps to local files never pays for it.
  const { createClient } = /^wss?:/.test(url)
    ? await import("@libsql/client/ws")
    : await import("@libsql/client/http");
  return createClient({ url, ...(authToken === undefined ? {} : { authToken }) });
}

/** Runs work to its end. Calls that only write are sent together, at the latest before the next question. */
async function complete<Result>(executor: Client | Transaction, work: Work<Result>): Promise<Result> {
  let held: Call[] = [];
  let step = work.next();
  while (step.done !== true) {
    if (isCall(step.value)) {
      const results = await send(executor, [...held, step.value]);
      held = [];
      step = work.next(replyOf(step.value, results.at(-1)));
    } else {
      held.push(...step.value);
      step = work.next();
    }
  }
  if (held.length > 0) await send(executor, held);
  return step.value;
}

async function send(executor: Client | Transaction, calls: readonly Call[]): Promise<readonly ResultSet[]> {
  const statements = calls.map(({ statement, parameters }): InStatement => ({
    sql: statement.sql,
    args: parameters,
  }));
  const [first] = statements;
  if (first !== undefined && statements.length === 1) return [await executor.execute(first)];
  return executor.batch(statements);
}

function replyOf(call: Call, result: ResultSet | undefined): Reply {
  if (result === undefined) return undefined;
  if (call.want === "changes") return result.rowsAffected;
  const rows = result.rows.map((row): Row => Array.from(row) as unknown as Row);
  return call.want === "row" ? rows[0] : rows;
}

async function rollback(transaction: Transaction): Promise<void> {
  try {
    await transaction.rollback();
  } catch {
    // The server ends a transaction whose connection it has lost; the caller gets the error that led here.
    transaction.close();
  }
}

function ignored(): undefined {
  return undefined;
}
