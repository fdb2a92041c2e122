import { MnemosyneError, type CoordinationStore, type Lease, type LeaseRequest } from "@mnemosyne/core";
import { conflict } from "./memory-coordination-store.ts";
import { Nap } from "./nap.ts";
import type { Timers } from "./timers.ts";
import { findCycle, waitsFor } from "./wait-for-graph.ts";

/** A request in the queue. */
export interface QueuedRequest {
  readonly request: LeaseRequest;
  /** Who waits, if the caller named it: only then can a deadlock be told from mere waiting. */
  readonly actor: string | undefined;
  /** Milliseconds to wait at most; 0: do not. Undefined: as long as it takes. */
  readonly patience: number | undefined;
  readonly signal: AbortSignal | undefined;
}

/** A grant, with the time at which it was asked for. */
export interface Grant {
  readonly lease: Lease;
  readonly askedAt: number;
}

/** A request that waits. */
class Waiter {
  readonly entry: QueuedRequest;
  /** Rises: the youngest has the highest. */
  readonly arrival: number;
  /** Those who hold what it wants, as of the last attempt. */
  holders: readonly Lease[] = [];
  /** Earlier waiters whose turn comes first. */
  ahead: readonly Waiter[] = [];
  settled = false;
  readonly granted: Promise<Grant>;
  readonly #over = new AbortController();
  #resolve: (grant: Grant) => void = () => {};
  #reject: (error: unknown) => void = () => {};

  constructor(entry: QueuedRequest, arrival: number) {
    this.entry = entry;
    this.arrival = arrival;
    this.granted = new Promise<Grant>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  get actor(): string | undefined {
    return this.entry.actor;
  }

  get heldBy(): readonly string[] {
    return this.holders.map((lease) => lease.owner);
  }

  get behind(): readonly string[] {
    return this.ahead.flatMap((waiter) => (waiter.actor === undefined ? [] : [waiter.actor]));
  }

  /** Aborts when it is settled. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  grant(grant: Grant): void {
    this.#settle(() => this.#resolve(grant));
  }

  refuse(error: unknown): void {
    this.#settle(() => this.#reject(error));
  }

  #settle(how: () => void): void {
    if (this.settled) return;
    this.settled = true;
    how();
    this.#over.abort();
  }
}

/** What the queue needs. */
export interface LeaseQueueOptions {
  readonly store: CoordinationStore;
  readonly timers: Timers;
  /** Milliseconds between two looks for what other processes gave back. */
  readonly poll: number;
}

/**
 * Requests in the order in which they came. One is tried only when no earlier one that it collides with still waits,
 * so nobody starves; except that nobody queues behind those who wait for it.
 */
export class LeaseQueue {
  readonly #store: CoordinationStore;
  readonly #timers: Timers;
  readonly #poll: number;
  readonly #nap: Nap;
  readonly #closed = new AbortController();
  readonly #waiters = new Set<Waiter>();
  #arrivals = 0;
  #working = false;

  constructor(options: LeaseQueueOptions) {
    this.#store = options.store;
    this.#timers = options.timers;
    this.#poll = options.poll;
    this.#nap = new Nap(options.timers);
  }

  /** Waits for its turn. Rejects with the signal's reason, `E_LEASE_HELD`, `E_DEADLOCK`, `E_CLOSED` or the store's error. */
  async request(entry: QueuedRequest): Promise<Grant> {
    entry.signal?.throwIfAborted();
    if (this.#closed.signal.aborted) throw closedError();
    const waiter = new Waiter(entry, ++this.#arrivals);
    const abort = (): void => this.#leave(waiter, entry.signal?.reason);
    entry.signal?.addEventListener("abort", abort, { once: true });
    this.#waiters.add(waiter);
    if (entry.patience !== undefined && entry.patience > 0) void this.#limit(waiter, entry.patience);
    this.wake();
    try {
      return await waiter.granted;
    } finally {
      entry.signal?.removeEventListener("abort", abort);
    }
  }

  /** Something may have become free. */
  wake(): void {
    this.#nap.wake();
    if (!this.#working && this.#waiters.size > 0) void this.#work();
  }

  /** Refuses everybody who waits. */
  close(): void {
    this.#closed.abort();
    for (const waiter of this.#waiters) waiter.refuse(closedError());
    this.#waiters.clear();
  }

  async #work(): Promise<void> {
    this.#working = true;
    try {
      while (this.#waiters.size > 0) {
        for (const waiter of this.#waiters) {
          if (!waiter.settled) await this.#try(waiter);
        }
        if (this.#waiters.size > 0) await this.#nap.sleep(this.#poll, this.#closed.signal);
      }
    } catch (error) {
      // A closed queue has refused its waiters already; a clock that fails leaves nobody to wake them.
      for (const waiter of this.#waiters) this.#leave(waiter, error);
    } finally {
      this.#working = false;
    }
  }

  async #try(waiter: Waiter): Promise<void> {
    const { request, patience } = waiter.entry;
    waiter.ahead = this.#aheadOf(waiter);
    if (waiter.ahead.length > 0) {
      if (patience === 0) this.#leave(waiter, heldError(waiter));
      return;
    }
    const askedAt = this.#timers.now();
    let answer: Awaited<ReturnType<CoordinationStore["acquire"]>>;
    try {
      answer = await this.#store.acquire(request);
    } catch (error) {
      return this.#leave(waiter, error);
    }
    if ("granted" in answer) {
      if (waiter.settled) return this.#giveBack(answer.granted);
      this.#waiters.delete(waiter);
      return waiter.grant({ lease: answer.granted, askedAt });
    }
    if (waiter.settled) return;
    waiter.holders = answer.conflicts;
    if (patience === 0) return this.#leave(waiter, heldError(waiter));
    await this.#breakCycles(waiter);
  }

  async #giveBack(lease: Lease): Promise<void> {
    try {
      await this.#store.release(lease.id, lease.token);
    } catch {
      // Its caller has gone, so there is nobody to tell; unrenewed, the lease ends by itself.
    }
  }

  /** Earlier waiters that collide with it, save those who (through others) wait for it. */
  #aheadOf(waiter: Waiter): readonly Waiter[] {
    const ahead: Waiter[] = [];
    for (const earlier of this.#waiters) {
      if (earlier === waiter) break;
      if (!conflict(earlier.entry.request, waiter.entry.request)) continue;
      if (waiter.actor !== undefined && waitsFor(earlier, waiter.actor, this.#waiters)) continue;
      ahead.push(earlier);
    }
    return ahead;
  }

  async #breakCycles(waiter: Waiter): Promise<void> {
    while (!waiter.settled) {
      const cycle = findCycle(waiter, this.#waiters);
      if (cycle === undefined) return;
      // The members' last attempts lie apart in time; only one look at all of them shows that the ring is closed.
      const live = await this.#store.leases();
      for (const member of cycle) {
        member.holders = live.filter((lease) => conflict(lease, member.entry.request));
      }
      if (!isClosed(cycle)) continue;
      const youngest = cycle.reduce((a, b) => (b.arrival > a.arrival ? b : a));
      this.#leave(youngest, deadlockError(youngest, cycle));
    }
  }

  #leave(waiter: Waiter, reason: unknown): void {
    this.#waiters.delete(waiter);
    waiter.refuse(reason);
    // Those behind it may now come first.
    this.wake();
  }

  async #limit(waiter: Waiter, patience: number): Promise<void> {
    try {
      await this.#timers.sleep(patience, waiter.over);
    } catch {
      // It was settled in time.
      return;
    }
    this.#leave(waiter, heldError(waiter));
  }
}

/** Whether each still waits for a lease of the next. */
function isClosed(cycle: readonly Waiter[]): boolean {
  return cycle.every((member, index) => {
    const next = cycle[(index + 1) % cycle.length]?.actor;
    return !member.settled && next !== undefined && member.heldBy.includes(next);
  });
}

function wanted(waiter: Waiter): string {
  return waiter.entry.request.resources.join(", ");
}

function heldError(waiter: Waiter): MnemosyneError {
  const holders = [...new Set([...waiter.heldBy, ...waiter.behind])];
  const ahead = waiter.holders.length === 0 ? " (queued before this request)" : "";
  const who = holders.length === 0 ? "another owner" : holders.join(", ");
  return new MnemosyneError(
    "E_LEASE_HELD",
    `${wanted(waiter)} is held by ${who}${ahead}; try again later, or wait for it.`,
    {
      kind: "conflict",
      retryable: true,
      details: {
        resources: [...waiter.entry.request.resources],
        holders: waiter.holders.map(({ id, owner, mode, expiresAt }) => ({
          lease: id,
          owner,
          mode,
          expiresAt: expiresAt.toISOString(),
        })),
      },
    },
  );
}

function deadlockError(waiter: Waiter, cycle: readonly Waiter[]): MnemosyneError {
  const members = cycle.map((member) => member.actor ?? "");
  return new MnemosyneError(
    "E_DEADLOCK",
    `Waiting for ${wanted(waiter)} would never end: ${[...members, members[0] ?? ""].join(" waits for ")}. ` +
      `${waiter.actor ?? ""} came last and is refused; release what it holds, then acquire everything at once.`,
    {
      kind: "conflict",
      details: {
        members,
        refused: waiter.actor ?? "",
        waits: cycle.map((member) => ({
          owner: member.actor ?? "",
          resources: [...member.entry.request.resources],
        })),
      },
    },
  );
}

/** The error of whoever asks a closed coordinator. */
export function closedError(): MnemosyneError {
  return new MnemosyneError("E_CLOSED", "This coordinator is closed; create a new one.", {
    kind: "conflict",
  });
}
