import { randomUUID } from "node:crypto";
import {
  MnemosyneError,
  type Json,
  type NewQueueItem,
  type QueueClaim,
  type QueueItem,
  type WorkQueueStore,
} from "@mnemosyne/core";
import type { Database } from "../database/database.ts";
import { row, rows, run, type Row, type Work } from "../database/work.ts";
import { checkInteger, checkName, inputError } from "../input.ts";
import { checkJson } from "../json-input.ts";
import { readClock } from "./coordination-statements.ts";
import { LONGEST_TTL } from "./longest-ttl.ts";
import {
  ackItem,
  claimItem,
  endClaims,
  extendItem,
  getItem,
  hasNext,
  insertItem,
  listItems,
  nackItem,
  nextItem,
  reviveItem,
} from "./queue-statements.ts";

const FULL = { full: true };

/** Queues in a database. */
export class LibsqlWorkQueue implements WorkQueueStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async enqueue(item: NewQueueItem): Promise<QueueItem> {
    const { priority = 0, id = randomUUID() } = item;
    const queue = checkName(item.queue, "queue");
    checkName(id, "id");
    checkJson(item.payload, "payload");
    if (!Number.isFinite(priority)) throw inputError("priority", `must be a number, not ${priority}`);
    const delay = checkInteger(item.delay ?? 0, "delay", 0, LONGEST_TTL);
    const maxAttempts = checkInteger(item.maxAttempts ?? 5, "maxAttempts", 1, 1_000_000);
    const payload = JSON.stringify(item.payload);
    return this.#database.write(function* (): Work<QueueItem> {
      yield* run(insertItem, { id, queue, payload, priority, delay, maxAttempts });
      return itemOf((yield* row(getItem, { id })) ?? [], 0);
    }, FULL);
  }

  async claim(queue: string, owner: string, ttl: number): Promise<QueueClaim | undefined> {
    checkName(queue, "queue");
    checkName(owner, "owner");
    checkInteger(ttl, "ttl", 1, LONGEST_TTL);
    // An empty queue is asked again and again: that must not take the write lock.
    if ((await this.#database.read(() => row(hasNext, { queue }))) === undefined) return undefined;
    return this.#database.write(function* (): Work<QueueClaim | undefined> {
      yield* run(endClaims, { queue });
      const next = yield* row(nextItem, { queue });
      if (next === undefined) return undefined;
      const id = String(next[0]);
      yield* run(claimItem, { id, owner, ttl });
      return claimOf((yield* row(getItem, { id })) ?? []);
    }, FULL);
  }

  async extend(id: string, token: number, ttl: number): Promise<QueueClaim> {
    checkInteger(ttl, "ttl", 1, LONGEST_TTL);
    return this.#database.write(function* (): Work<QueueClaim> {
      if ((yield* run(extendItem, { id, token, ttl })) === 0) throw lost(id);
      return claimOf((yield* row(getItem, { id })) ?? []);
    }, FULL);
  }

  async ack(id: string, token: number): Promise<void> {
    await this.#database.write(function* (): Work<void> {
      if ((yield* run(ackItem, { id, token })) === 0) throw lost(id);
    }, FULL);
  }

  async nack(
    id: string,
    token: number,
    options: { readonly delay?: number; readonly error?: string } = {},
  ): Promise<QueueItem> {
    const delay = checkInteger(options.delay ?? 0, "delay", 0, LONGEST_TTL);
    const error = options.error ?? null;
    return this.#database.write(function* (): Work<QueueItem> {
      if ((yield* run(nackItem, { id, token, delay, error })) === 0) throw lost(id);
      return itemOf((yield* row(getItem, { id })) ?? [], 0);
    }, FULL);
  }

  async items(queue: string, state?: QueueItem["state"]): Promise<readonly QueueItem[]> {
    checkName(queue, "queue");
    const items = await this.#database.read(function* (): Work<readonly QueueItem[]> {
      const now = Number((yield* row(readClock))?.[0]);
      return (yield* rows(listItems, { queue })).map((found) => itemOf(found, now));
    });
    return items.filter((item) => state === undefined || item.state === state);
  }

  async revive(id: string): Promise<boolean> {
    return this.#database.write(function* (): Work<boolean> {
      return (yield* run(reviveItem, { id })) > 0;
    }, FULL);
  }
}

/** A claim that has run out by `now` counts as given back. */
function itemOf(found: Row, now: number): QueueItem {
  const [id, queue, payload, priority, state, attempts, maxAttempts, availableAt, error, , , expiresAt] =
    found;
  const ranOut = state === "claimed" && Number(expiresAt) <= now;
  const given = Number(attempts) >= Number(maxAttempts) ? "dead" : "ready";
  return {
    id: String(id),
    queue: String(queue),
    payload: JSON.parse(String(payload)) as Json,
    priority: Number(priority) + 0,
    state: ranOut ? given : (state as QueueItem["state"]),
    attempts: Number(attempts),
    maxAttempts: Number(maxAttempts),
    availableAt: new Date(Number(availableAt)),
    ...(error === null || error === undefined ? {} : { error: String(error) }),
  };
}

function claimOf(found: Row): QueueClaim {
  return {
    ...itemOf(found, 0),
    owner: String(found[9]),
    token: Number(found[10]),
    expiresAt: new Date(Number(found[11])),
  };
}

function lost(id: string): MnemosyneError {
  return new MnemosyneError(
    "E_LEASE_LOST",
    `The claim of '${id}' has run out or was settled; stop working on it and claim anew.`,
    { kind: "conflict", path: "id" },
  );
}
