import { createRequire } from "node:module";
import { Worker } from "node:worker_threads";
import { MnemosyneError } from "@mnemosyne/core";
import type { DatabaseFile } from "../database/database.ts";

/** One statement for {@link inThread}. */
export interface ThreadStatement {
  readonly sql: string;
  readonly parameters?: readonly (string | number)[];
}

// Text, not a file of its own: Node 20 cannot start a thread from TypeScript, and bundlers lose files.
const PROGRAM = `
const { parentPort, workerData } = require("node:worker_threads");
const Database = require(workerData.driver);
let reply;
let database;
try {
  database = new Database(workerData.path, { timeout: workerData.timeout, ...workerData.options });
  reply = { rows: workerData.statements.map(({ sql, parameters }) => {
    const statement = database.prepare(sql);
    if (statement.reader) return statement.raw(true).all(parameters ?? []);
    statement.run(parameters ?? []);
    return [];
  }) };
} catch (error) {
  reply = { error: { message: error.message, code: error.code } };
} finally {
  database?.close();
}
parentPort.postMessage(reply);
`;

type Answer =
  | { readonly rows: readonly (readonly (readonly unknown[])[])[] }
  | { readonly error: { readonly message: string; readonly code?: string } };

/**
 * Runs statements on a connection in a thread of its own: what takes long inside SQLite does not block the event loop.
 * Rejects with the reason of the signal at once; the thread ends when its statement does.
 */
export async function inThread(
  file: DatabaseFile,
  statements: readonly ThreadStatement[],
  signal?: AbortSignal,
): Promise<readonly (readonly (readonly unknown[])[])[]> {
  signal?.throwIfAborted();
  const worker = new Worker(PROGRAM, {
    eval: true,
    workerData: {
      driver: createRequire(import.meta.url).resolve("libsql"),
      path: file.path,
      timeout: file.busyTimeout,
      options: file.encryptionKey === undefined ? {} : { encryptionKey: file.encryptionKey },
      statements,
    },
  });
  let abort: (() => void) | undefined;
  try {
    const answer = await new Promise<Answer>((resolve, reject) => {
      worker.once("message", resolve);
      worker.once("error", reject);
      worker.once("exit", () => reject(new Error("the thread ended without an answer")));
      abort = () => reject(signal?.reason as Error);
      signal?.addEventListener("abort", abort, { once: true });
    });
    if ("rows" in answer) return answer.rows;
    throw new MnemosyneError("E_STORAGE", `The database cannot do this: ${answer.error.message}.`, {
      kind: "unavailable",
      details: { sqlite: answer.error.code ?? null },
    });
  } finally {
    if (abort !== undefined) signal?.removeEventListener("abort", abort);
  }
}
