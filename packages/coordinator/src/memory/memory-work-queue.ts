import type { NewQueueItem, QueueClaim, QueueItem, WorkQueueStore } from "@mnemosyne/core";
import { checkName, checkTtl, copy, invalid, lost } from "./memory-input.ts";

type Entry = { -readonly [Key in keyof QueueItem]: QueueItem[Key] } & {
  readonly place: number;
  owner: string;
  token: number;
  expiresAt: number;
};

/** Queues in this process's memory. */
export class MemoryWorkQueue implements WorkQueueStore {
  readonly #now: () => number;
  readonly #entries = new Map<string, Entry>();
  #places = 0;
  #tokens = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  async enqueue(item: NewQueueItem): Promise<QueueItem> {
    const { priority = 0, delay = 0, maxAttempts = 5 } = item;
    checkName(item.queue, "queue");
    if (!Number.isFinite(priority)) throw invalid("priority", `priority is a number, not ${priority}.`);
    if (!Number.isInteger(maxAttempts) || maxAttempts < 1)
      throw invalid("maxAttempts", `maxAttempts is a whole number from 1 on, not ${maxAttempts}.`);
    if (!Number.isFinite(delay) || delay < 0)
      throw invalid("delay", `delay is a number of milliseconds from 0 on, not ${delay}.`);
    const id = checkName(item.id ?? globalThis.crypto.randomUUID(), "id");
    const known = this.#entries.get(id);
    if (known !== undefined) return itemOf(known);
    const entry: Entry = {
      id,
      queue: item.queue,
      payload: copy(item.payload),
      priority,
      state: "ready",
      attempts: 0,
      maxAttempts,
      availableAt: new Date(this.#now() + delay),
      place: ++this.#places,
      owner: "",
      token: 0,
      expiresAt: 0,
    };
    this.#entries.set(id, entry);
    return itemOf(entry);
  }

  async claim(queue: string, owner: string, ttl: number): Promise<QueueClaim | undefined> {
    checkName(owner, "owner");
    checkTtl(ttl);
    const now = this.#now();
    const next = this.#of(queue).find(
      (entry) => entry.state === "ready" && entry.availableAt.getTime() <= now,
    );
    if (next === undefined) return undefined;
    next.state = "claimed";
    next.attempts++;
    next.owner = owner;
    next.token = ++this.#tokens;
    next.expiresAt = now + ttl;
    return claimOf(next);
  }

  async extend(id: string, token: number, ttl: number): Promise<QueueClaim> {
    checkTtl(ttl);
    const entry = this.#claimed(id, token);
    entry.expiresAt = this.#now() + ttl;
    return claimOf(entry);
  }

  async ack(id: string, token: number): Promise<void> {
    this.#claimed(id, token);
    this.#entries.delete(id);
  }

  async nack(
    id: string,
    token: number,
    options: { readonly delay?: number; readonly error?: string } = {},
  ): Promise<QueueItem> {
    const { delay = 0, error } = options;
    if (!Number.isFinite(delay) || delay < 0)
      throw invalid("delay", `delay is a number of milliseconds from 0 on, not ${delay}.`);
    const entry = this.#claimed(id, token);
    entry.availableAt = new Date(this.#now() + delay);
    if (error !== undefined) entry.error = error;
    giveBack(entry);
    return itemOf(entry);
  }

  async items(queue: string, state?: QueueItem["state"]): Promise<readonly QueueItem[]> {
    return this.#of(queue)
      .filter((entry) => state === undefined || entry.state === state)
      .map(itemOf);
  }

  async revive(id: string): Promise<boolean> {
    const entry = this.#entries.get(id);
    if (entry !== undefined) this.#expire(entry);
    if (entry?.state !== "dead") return false;
    entry.state = "ready";
    entry.attempts = 0;
    entry.availableAt = new Date(this.#now());
    return true;
  }

  #of(queue: string): readonly Entry[] {
    const entries = [...this.#entries.values()].filter((entry) => entry.queue === queue);
    for (const entry of entries) this.#expire(entry);
    return entries.toSorted((a, b) => b.priority - a.priority || a.place - b.place);
  }

  #expire(entry: Entry): void {
    if (entry.state !== "claimed" || entry.expiresAt > this.#now()) return;
    entry.error = `The claim of ${entry.owner} ran out.`;
    giveBack(entry);
  }

  #claimed(id: string, token: number): Entry {
    const entry = this.#entries.get(id);
    if (entry !== undefined) this.#expire(entry);
    if (entry?.state !== "claimed" || entry.token !== token) throw lost(id, token);
    return entry;
  }
}

function giveBack(entry: Entry): void {
  entry.state = entry.attempts >= entry.maxAttempts ? "dead" : "ready";
}

function itemOf(entry: Entry): QueueItem {
  const { place: _place, owner: _owner, token: _token, expiresAt: _expiresAt, ...item } = entry;
  return { ...item, payload: copy(item.payload) };
}

function claimOf(entry: Entry): QueueClaim {
  const { owner, token, expiresAt } = entry;
  return { ...itemOf(entry), owner, token, expiresAt: new Date(expiresAt) };
}
