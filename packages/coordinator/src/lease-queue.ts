import {
  claimsOverlap,
  leasesCollide,
  leasesInTheWay,
  MnemosyneError,
  type CoordinationStore,
  type Lease,
  type LeaseRequest,
} from "@mnemosyne/core";
import { deadlockError, type Lookout, type View } from "./lookout.ts";
import { Nap } from "./nap.ts";
import type { Timers } from "./timers.ts";
import type { Blocked } from "./wait-for-graph.ts";
import { Waiter, type Grant, type QueuedRequest } from "./waiter.ts";

/** What the queue needs. */
export interface LeaseQueueOptions {
  readonly store: CoordinationStore;
  readonly timers: Timers;
  readonly lookout: Lookout;
  /** Milliseconds between two looks for what other processes gave back. */
  readonly poll: number;
  /** Milliseconds after which a wait that nobody renews is forgotten. */
  readonly ttl: number;
}

/**
 * Requests in the order in which they came. One is tried only when no earlier one that it collides with still waits,
 * so nobody starves; except that nobody queues behind those who wait for it.
 */
export class LeaseQueue {
  readonly #options: LeaseQueueOptions;
  readonly #nap: Nap;
  readonly #closed = new AbortController();
  readonly #waiters = new Set<Waiter>();
  #working = false;

  constructor(options: LeaseQueueOptions) {
    this.#options = options;
    this.#nap = new Nap(options.timers);
  }

  /** Waits for its turn. Rejects with the signal's reason, `E_LEASE_HELD`, `E_DEADLOCK`, `E_CLOSED` or the store's error. */
  async request(entry: QueuedRequest): Promise<Grant> {
    entry.signal?.throwIfAborted();
    if (this.#closed.signal.aborted) throw closedError();
    const waiter = new Waiter(entry);
    const abort = (): void => void this.#leave(waiter, entry.signal?.reason);
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
  async close(): Promise<void> {
    this.#closed.abort();
    await Promise.all([...this.#waiters].map((waiter) => this.#leave(waiter, closedError())));
  }

  async #work(): Promise<void> {
    this.#working = true;
    try {
      while (this.#waiters.size > 0) {
        const calm = await this.#round();
        if (calm && this.#waiters.size > 0) await this.#nap.sleep(this.#options.poll, this.#closed.signal);
      }
    } catch (error) {
      // A closed queue has refused its waiters already; a clock or store that fails leaves nobody to serve them.
      await Promise.all([...this.#waiters].map((waiter) => this.#leave(waiter, error)));
    } finally {
      this.#working = false;
      if (this.#waiters.size > 0 && !this.#closed.signal.aborted) this.wake();
    }
  }

  /** Tries each waiter. Gives whether there is nothing more to do before something changes. */
  async #round(): Promise<boolean> {
    const { lookout } = this.#options;
    // Who comes later is not to be judged by an earlier look.
    const present = [...this.#waiters];
    // A first request alone needs no look at the others.
    const alone = present.length === 1 && !present.some(({ tried }) => tried);
    let view = alone ? undefined : await lookout.look();
    let told = false;
    for (const waiter of present) {
      if (waiter.settled) continue;
      waiter.tried = true;
      await this.#try(waiter, view);
      if (!waiter.settled && waiter.actor !== undefined) told = (await this.#tell(waiter)) || told;
    }
    if (told) view = await lookout.look();
    const refused = [...this.#waiters].filter((waiter) => view?.refused.has(waiter.id) && !waiter.settled);
    for (const waiter of refused) {
      const deadlock = view?.refused.get(waiter.id);
      if (deadlock !== undefined) await this.#leave(waiter, deadlockError(deadlock));
    }
    return !told && refused.length === 0;
  }

  async #try(waiter: Waiter, view: View | undefined): Promise<void> {
    const { request, patience } = waiter.entry;
    waiter.ahead = this.#aheadOf(waiter, view);
    if (view !== undefined) waiter.holders = leasesInTheWay(view.state.leases, request);
    if (waiter.ahead.length > 0 || waiter.holders.length > 0) {
      if (patience === 0) await this.#leave(waiter, heldError(waiter));
      return;
    }
    const askedAt = this.#options.timers.now();
    let answer: Awaited<ReturnType<CoordinationStore["acquire"]>>;
    try {
      answer = await this.#options.store.acquire(
        waiter.toldAt === undefined ? request : { ...request, wait: waiter.id },
      );
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
    if (patience === 0) await this.#leave(waiter, heldError(waiter));
  }

  /** Tells the store that somebody waits, before it forgets. Gives whether that was news. */
  async #tell(waiter: Waiter): Promise<boolean> {
    const { store, timers, ttl } = this.#options;
    const { actor, toldAt } = waiter;
    const now = timers.now();
    if (actor === undefined || (toldAt !== undefined && now - toldAt < ttl / 3)) return false;
    const { resources, mode, permits } = waiter.entry.request;
    const request: Pick<LeaseRequest, "resources" | "mode" | "permits"> = {
      resources,
      mode,
      ...(permits === undefined ? {} : { permits }),
    };
    waiter.toldAt = now;
    await store.putWait({ id: waiter.id, actor, kind: "lease", request, on: [], anyOf: false, ttl });
    if (waiter.settled) await this.#forget(waiter);
    return toldAt === undefined;
  }

  /** What the store believes about somebody who waits no more could make a deadlock of nothing. */
  async #forget(waiter: Waiter): Promise<void> {
    if (waiter.toldAt === undefined) return;
    try {
      await this.#options.store.dropWait(waiter.id);
    } catch {
      // A store that cannot be reached forgets by itself.
    }
  }

  async #giveBack(lease: Lease): Promise<void> {
    try {
      await this.#options.store.release(lease.id, lease.token);
    } catch {
      // Its caller has gone, so there is nobody to tell; unrenewed, the lease ends by itself.
    }
  }

  /** Earlier waiters that collide with it, save those who (through others) wait for it. */
  #aheadOf(waiter: Waiter, view: View | undefined): readonly Waiter[] {
    const ahead: Waiter[] = [];
    for (const earlier of this.#waiters) {
      if (earlier === waiter) break;
      if (earlier.settled || !competes(earlier.entry.request, waiter.entry.request)) continue;
      if (waiter.actor !== undefined && this.#waitsFor(earlier, waiter.actor, view?.blocked ?? [])) continue;
      ahead.push(earlier);
    }
    return ahead;
  }

  /** Whether `waiter` waits for `actor`, directly or through others, here or in other processes. */
  #waitsFor(waiter: Waiter, actor: string, blocked: readonly Blocked[]): boolean {
    const next = new Map<string, string[]>();
    const add = (from: string | undefined, to: readonly string[]): void => {
      if (from !== undefined) next.set(from, [...(next.get(from) ?? []), ...to]);
    };
    for (const { wait, on } of blocked) add(wait.actor, on);
    for (const one of this.#waiters) if (!one.settled) add(one.actor, targetsOf(one));
    const seen = new Set(targetsOf(waiter));
    for (const name of seen) {
      if (name === actor) return true;
      for (const further of next.get(name) ?? []) seen.add(further);
    }
    return false;
  }

  async #leave(waiter: Waiter, reason: unknown): Promise<void> {
    this.#waiters.delete(waiter);
    if (waiter.settled) return;
    waiter.settle();
    await this.#forget(waiter);
    waiter.refuse(reason);
    // Those behind it may now come first.
    this.wake();
  }

  async #limit(waiter: Waiter, patience: number): Promise<void> {
    try {
      await this.#options.timers.sleep(patience, waiter.over);
    } catch {
      // It was settled in time.
      return;
    }
    await this.#leave(waiter, heldError(waiter));
  }
}

/** Whether what one gets may be what the other wants. */
function competes(a: LeaseRequest, b: LeaseRequest): boolean {
  const counted = a.permits !== undefined || b.permits !== undefined;
  return counted ? claimsOverlap(a, b) : leasesCollide(a, b);
}

/** Those who hold what it wants, and those whose turn comes before its own. */
function targetsOf({ holders, ahead }: Waiter): readonly string[] {
  return [
    ...holders.map(({ owner }) => owner),
    ...ahead.flatMap(({ actor }) => (actor === undefined ? [] : [actor])),
  ];
}

function heldError(waiter: Waiter): MnemosyneError {
  const holders = [...new Set(targetsOf(waiter))];
  const ahead = waiter.holders.length === 0 ? " (queued before this request)" : "";
  const who = holders.length === 0 ? "another owner" : holders.join(", ");
  const { resources } = waiter.entry.request;
  return new MnemosyneError(
    "E_LEASE_HELD",
    `${resources.join(", ")} is held by ${who}${ahead}; try again later, or wait for it.`,
    {
      kind: "conflict",
      retryable: true,
      details: {
        resources: [...resources],
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

/** The error of whoever asks a closed coordinator. */
export function closedError(): MnemosyneError {
  return new MnemosyneError("E_CLOSED", "This coordinator is closed; create a new one.", {
    kind: "conflict",
  });
}
