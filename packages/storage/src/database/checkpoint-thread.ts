import { createRequire } from "node:module";
import { Worker } from "node:worker_threads";
import type { ConnectionOptions } from "./local-connection.ts";

// Text, not a file of its own: Node 20 cannot start a thread from TypeScript, and bundlers lose files.
const PROGRAM = `
const { parentPort, workerData } = require("node:worker_threads");
const Database = require(workerData.driver);
let database;
parentPort.on("message", (message) => {
  if (message === "end") {
    database?.close();
    process.exit();
  }
  try {
    database ??= new Database(workerData.path, { timeout: 0, ...workerData.options });
    database.exec("PRAGMA wal_checkpoint(PASSIVE)");
  } catch {
    // Whoever holds the file moves the log itself, or the next checkpoint does.
  }
  parentPort.postMessage("done");
});
`;

/**
 * Moves what was written from a database's log into its file, in a thread of its own: neither the event loop nor a writer
 * waits for it. It keeps a process alive only while it is at work.
 */
export class CheckpointThread {
  readonly #worker: Worker;
  #running: Promise<void> | undefined;
  #ended = false;

  constructor({ path, encryptionKey }: ConnectionOptions) {
    this.#worker = new Worker(PROGRAM, {
      eval: true,
      workerData: {
        driver: createRequire(import.meta.url).resolve("libsql"),
        path,
        options: encryptionKey === undefined ? {} : { encryptionKey },
      },
    });
    this.#worker.unref();
    // A thread that fails is one that helps no more: the log is moved at the next ordinary commit.
    this.#worker.on("error", () => this.#end());
    this.#worker.on("exit", () => this.#end());
  }

  /** Resolves when it is done; one that is under way is not begun again. */
  run(): Promise<void> {
    if (this.#ended) return Promise.resolve();
    this.#running ??= new Promise<void>((resolve) => {
      const done = (): void => {
        this.#worker.off("message", done);
        this.#worker.off("exit", done);
        this.#running = undefined;
        this.#worker.unref();
        resolve();
      };
      this.#worker.on("message", done);
      this.#worker.on("exit", done);
      this.#worker.ref();
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
      this.#worker.postMessage("run");
    });
    return this.#running;
  }

  /** Ends the thread once what it does is done. */
  async close(): Promise<void> {
    if (this.#ended) return;
    const ended = new Promise<void>((resolve) => {
      this.#worker.once("exit", () => resolve());
    });
    this.#worker.ref();
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    this.#worker.postMessage("end");
    await ended;
  }

  #end(): void {
    this.#ended = true;
  }
}
