import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { randomUUID } from "node:crypto";
import Database from "libsql";

/** A value as libSQL's remote protocol writes it. */
type Value =
  | { readonly type: "null" }
  | { readonly type: "integer" | "text"; readonly value: string }
  | { readonly type: "float"; readonly value: number }
  | { readonly type: "blob"; readonly base64: string };

interface Stmt {
  readonly sql?: string | null;
  readonly sql_id?: number | null;
  readonly args?: readonly Value[];
  readonly want_rows?: boolean;
}

type Condition =
  | { readonly type: "ok" | "error"; readonly step: number }
  | { readonly type: "not"; readonly cond: Condition }
  | { readonly type: "and" | "or"; readonly conds: readonly Condition[] }
  | { readonly type: "is_autocommit" };

type Request =
  | { readonly type: "execute"; readonly stmt: Stmt }
  | {
      readonly type: "batch";
      readonly batch: {
        readonly steps: readonly { readonly condition?: Condition | null; readonly stmt: Stmt }[];
      };
    }
  | { readonly type: "store_sql"; readonly sql_id: number; readonly sql: string }
  | { readonly type: "close_sql"; readonly sql_id: number }
  | { readonly type: "close" };

interface Stream {
  readonly database: InstanceType<typeof Database>;
  readonly texts: Map<number, string>;
  closed: boolean;
}

/** A server of one database file, for clients of libSQL's remote protocol over HTTP (version 2, JSON). */
export interface HranaServer {
  readonly url: string;
  /** Requests that it has answered. */
  readonly requests: number;
  /** From the request with this number on (counted from now) every connection is cut without an answer. */
  cutAfter(requests: number): void;
  close(): Promise<void>;
}

/** Serves a file on loopback. With a token it answers only those who bear it. */
export async function serveHrana(file: string, token?: string): Promise<HranaServer> {
  const streams = new Map<string, Stream>();
  let requests = 0;
  let cutAt = Infinity;
  const handle = async (
    request: IncomingMessage,
    response: ServerResponse,
    answer: (status: number, body?: unknown) => void,
  ): Promise<void> => {
    const body = await bodyOf(request);
    requests++;
    if (requests >= cutAt) {
      // A server ends the transactions of those that it hears nothing of any more.
      for (const stream of streams.values()) closeStream(stream);
      streams.clear();
      response.destroy();
      return;
    }
    const { baton, requests: asked } = JSON.parse(body) as { baton?: string | null; requests: Request[] };
    const known = baton ?? "";
    const stream = known === "" ? openStream(file) : streams.get(known);
    streams.delete(known);
    if (stream === undefined) {
      answer(400, { message: "the stream has expired", code: "STREAM_EXPIRED" });
      return;
    }
    const results = asked.map((each) => {
      try {
        return { type: "ok", response: respond(stream, each) };
      } catch (error) {
        return { type: "error", error: errorOf(error) };
      }
    });
    const next = stream.closed ? null : randomUUID();
    if (next === null) closeStream(stream);
    else streams.set(next, stream);
    answer(200, { baton: next, base_url: null, results });
  };
  const server: Server = createServer((request, response) => {
    const answer = (status: number, body?: unknown): void => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(body === undefined ? undefined : JSON.stringify(body));
    };
    if (request.method === "GET") {
      answer(request.url === "/v2" ? 200 : 404);
      return;
    }
    if (token !== undefined && request.headers.authorization !== `Bearer ${token}`) {
      answer(401, { message: "the token is wrong", code: "UNAUTHORIZED" });
      return;
    }
    void handle(request, response, answer);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`,
    get requests() {
      return requests;
    },
    cutAfter(more) {
      cutAt = requests + more + 1;
    },
    async close() {
      for (const stream of streams.values()) closeStream(stream);
      await new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      });
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

function openStream(file: string): Stream {
  const database = new Database(file);
  database.exec("PRAGMA journal_mode = WAL");
  // What reaches the disk is not this server's subject, and each request has a connection of its own.
  database.exec("PRAGMA synchronous = OFF");
  return { database, texts: new Map(), closed: false };
}

function closeStream({ database }: Stream): void {
  if (database.inTransaction) database.exec("ROLLBACK");
  database.close();
}

function respond(stream: Stream, request: Request): unknown {
  switch (request.type) {
    case "execute":
      return { type: "execute", result: execute(stream, request.stmt) };
    case "batch":
      return { type: "batch", result: executeBatch(stream, request.batch.steps) };
    case "store_sql":
      stream.texts.set(request.sql_id, request.sql);
      return { type: "store_sql" };
    case "close_sql":
      stream.texts.delete(request.sql_id);
      return { type: "close_sql" };
    case "close":
      stream.closed = true;
      return { type: "close" };
  }
  throw new Error(`This server does not know '${(request as { type: string }).type}'.`);
}

function executeBatch(
  stream: Stream,
  steps: readonly { readonly condition?: Condition | null; readonly stmt: Stmt }[],
): unknown {
  const results: unknown[] = [];
  const errors: unknown[] = [];
  const holds = (condition: Condition): boolean => {
    if (condition.type === "ok") return results[condition.step] !== null;
    if (condition.type === "error") return errors[condition.step] !== null;
    if (condition.type === "not") return !holds(condition.cond);
    if (condition.type === "and") return condition.conds.every(holds);
    if (condition.type === "or") return condition.conds.some(holds);
    return !stream.database.inTransaction;
  };
  for (const { condition, stmt } of steps) {
    let result: unknown = null;
    let error: unknown = null;
    if (condition === undefined || condition === null || holds(condition))
      try {
        result = execute(stream, stmt);
      } catch (thrown) {
        error = errorOf(thrown);
      }
    results.push(result);
    errors.push(error);
  }
  return { step_results: results, step_errors: errors, replication_index: null };
}

function execute(stream: Stream, stmt: Stmt): unknown {
  const text = stmt.sql ?? stream.texts.get(stmt.sql_id ?? -1);
  if (text === undefined) throw new Error("The statement's text was not stored.");
  // Through exec: a prepared one that meets a lock would leave the connection in a state that loses writes.
  if (/^\s*(?:BEGIN|COMMIT|ROLLBACK)/i.test(text)) {
    stream.database.exec(text);
    return { cols: [], rows: [], affected_row_count: 0, last_insert_rowid: null };
  }
  const prepared = stream.database.prepare(text) as unknown as {
    readonly reader: boolean;
    raw(on: boolean): void;
    safeIntegers(on: boolean): void;
    columns(): readonly { readonly name: string; readonly type: string | null }[];
    all(args: readonly unknown[]): readonly (readonly unknown[])[];
    run(args: readonly unknown[]): { readonly changes: number; readonly lastInsertRowid: number };
  };
  prepared.safeIntegers(true);
  const args = (stmt.args ?? []).map(fromValue);
  if (!prepared.reader) {
    const { changes, lastInsertRowid } = prepared.run(args);
    return { cols: [], rows: [], affected_row_count: changes, last_insert_rowid: String(lastInsertRowid) };
  }
  prepared.raw(true);
  const rows = prepared.all(args);
  return {
    cols: prepared.columns().map(({ name, type }) => ({ name, decltype: type })),
    rows: rows.map((row) => row.map(toValue)),
    affected_row_count: 0,
    last_insert_rowid: null,
  };
}

function fromValue(value: Value): unknown {
  if (value.type === "null") return null;
  if (value.type === "integer") return BigInt(value.value);
  return value.type === "blob" ? Buffer.from(value.base64, "base64") : value.value;
}

function toValue(value: unknown): Value {
  if (value === null || value === undefined) return { type: "null" };
  if (typeof value === "bigint") return { type: "integer", value: String(value) };
  if (typeof value === "number") return { type: "float", value };
  if (typeof value === "string") return { type: "text", value };
  return {
    type: "blob",
    base64: Buffer.from(value as Uint8Array)
      .toString("base64")
      .replace(/=+$/, ""),
  };
}

function errorOf(error: unknown): { readonly message: string; readonly code: string } {
  const { message, code } = error as { readonly message: string; readonly code?: string };
  return { message, code: code ?? "UNKNOWN" };
}
