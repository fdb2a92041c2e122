import { createRequire } from "node:module";
import { Worker } from "node:worker_threads";
import type { KeptAlive, Lease } from "@mnemosyne/core";
import { CODE_VERSION } from "../migrations/migrate.ts";
import { keeperThread, type KeeperData, type KeeperDatabase, type KeeperMessage } from "./keeper-thread.ts";

/** Milliseconds between two signs that this event loop turns. */
const TICK = 250;
const STATES = ["kept", "lost", "failed"] as const;

const NOW = "cast(round(unixepoch('subsec') * 1000) as integer)";
const RENEW = `UPDATE leases SET expires_at = ${NOW} + ? WHERE id = ? AND token = ? AND expires_at > ${NOW}
  AND (SELECT minimum_writer FROM schema_version) <= ${CODE_VERSION}`;
const RELEASE = "DELETE FROM leases WHERE id = ? AND token = ?";

/** Where a keeper's thread finds the database. */
export type KeeperLocation =
  | { readonly path: string; readonly encryptionKey?: string }
  | { readonly url: string; readonly authToken?: string };

/**
 * Renews leases from a thread of its own with a connection of its own, so that a busy event loop does not lose them. The
 * thread starts with the first lease and keeps no process alive.
 */
export class LeaseKeeper {
  readonly #location: KeeperLocation;
  readonly #tick = new BigInt64Array(new SharedArrayBuffer(8));
  readonly #cells = new Map<number, BigInt64Array>();
  #keys = 0;
  #thread: Worker | undefined;
  #ticking: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(location: KeeperLocation) {
    this.#location = location;
  }

  keep(lease: Pick<Lease, "id" | "token">, ttl: number, heartbeat: number): KeptAlive | undefined {
    if (this.#closed) return undefined;
    const { id, token } = lease;
    const key = ++this.#keys;
    const cell = new BigInt64Array(new SharedArrayBuffer(16));
    const thread = (this.#thread ??= this.#start());
    this.#cells.set(key, cell);
    this.#beginTicking();
    this.#tell(thread, {
      type: "keep",
      key,
      id,
      token,
      ttl,
      heartbeat,
      cell: cell.buffer,
    });
    return {
      get trustedUntil() {
        return Number(Atomics.load(cell, 1));
      },
      get state() {
        return STATES[Number(Atomics.load(cell, 0))] ?? "failed";
      },
      stop: () => {
        if (!this.#cells.delete(key)) return;
        if (this.#cells.size === 0) this.#endTicking();
        if (this.#thread !== undefined) this.#tell(this.#thread, { type: "drop", key });
      },
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#endTicking();
    const thread = this.#thread;
    this.#thread = undefined;
    if (thread === undefined) return;
    const ended = new Promise<void>((resolve) => {
      thread.once("exit", () => resolve());
    });
    this.#tell(thread, { type: "close" });
    // A thread that waits for a lock or a server is not waited for.
    const late = setTimeout(() => void thread.terminate(), 1000);
    await ended;
    clearTimeout(late);
  }

  #start(): Worker {
    const data: KeeperData = {
      database: databaseOf(this.#location),
      renew: RENEW,
      release: RELEASE,
      tick: this.#tick.buffer,
    };
    const program = `const { parentPort, workerData } = require("node:worker_threads");
      (${keeperThread.toString()})(require, parentPort, workerData);`;
    const thread = new Worker(program, { eval: true, execArgv: [], workerData: data });
    thread.unref();
    const fail = (): void => {
      if (this.#thread === thread) this.#thread = undefined;
      for (const cell of this.#cells.values()) Atomics.store(cell, 0, 2n);
    };
    // Holders see that the keeper has failed and renew their leases themselves.
    thread.on("error", fail);
    thread.on("exit", fail);
    return thread;
  }

  #tell(thread: Worker, message: KeeperMessage): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    thread.postMessage(message);
  }

  #beginTicking(): void {
    const tick = (): void => {
      Atomics.store(this.#tick, 0, BigInt(Date.now()));
    };
    tick();
    this.#ticking ??= setInterval(tick, TICK).unref();
  }

  #endTicking(): void {
    clearInterval(this.#ticking);
    this.#ticking = undefined;
  }
}

function databaseOf(location: KeeperLocation): KeeperDatabase {
  const { resolve } = createRequire(import.meta.url);
  if ("url" in location) return { kind: "remote", module: resolve("@libsql/client"), ...location };
  const { path, encryptionKey } = location;
  const key = encryptionKey === undefined ? {} : { encryptionKey };
  return { kind: "local", module: resolve("libsql"), path, options: { timeout: 2000, ...key } };
}
