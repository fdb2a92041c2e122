import { MnemosyneError, toErrorRecord, type CoordinationStore, type Lease } from "@mnemosyne/core";
import type { Timers } from "./timers.ts";
import { Upkeep } from "./upkeep.ts";

/** A lease that is kept alive until it is released. */
export interface LeaseHandle {
  readonly id: string;
  readonly owner: string;
  readonly resources: readonly string[];
  readonly mode: "shared" | "exclusive";
  /** Fencing token: rises with every grant of the store. Pass it to `Coordinator.guard` before a write. */
  readonly token: number;
  /** Aborts with `E_LEASE_LOST` when the lease is lost: stop the work that it protects. A release does not abort it. */
  readonly signal: AbortSignal;
  /** Whether it is still held, by this process's clock and what the store last said. */
  readonly held: boolean;
  /** Gives it back. May be called again; a lost lease is no error. */
  release(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** What a handle needs to keep its lease. */
export interface LeaseUpkeep {
  readonly store: CoordinationStore;
  readonly timers: Timers;
  /** Milliseconds. */
  readonly ttl: number;
  /** Milliseconds between two renewals. */
  readonly heartbeat: number;
  /** When the grant was asked for: the lease is trusted for `ttl` from then. */
  readonly askedAt: number;
  /** Called once, when it was released or lost. */
  readonly ended: (handle: HeldLease) => void;
}

/** Renews a granted lease until it is released or lost. */
export class HeldLease implements LeaseHandle {
  readonly id: string;
  readonly owner: string;
  readonly resources: readonly string[];
  readonly mode: "shared" | "exclusive";
  readonly token: number;
  readonly #lease: Lease;
  readonly #options: LeaseUpkeep;
  readonly #upkeep: Upkeep;
  #released: Promise<void> | undefined;

  constructor(lease: Lease, options: LeaseUpkeep) {
    this.id = lease.id;
    this.owner = lease.owner;
    this.resources = lease.resources;
    this.mode = lease.mode;
    this.token = lease.token;
    this.#lease = lease;
    this.#options = options;
    const { store, timers, ttl, heartbeat, askedAt } = options;
    const { id, token } = lease;
    this.#upkeep = new Upkeep({
      timers,
      ttl,
      heartbeat,
      askedAt,
      renew: () => store.renew(id, token, ttl),
      giveBack: () => store.release(id, token),
      keepAlive: timers.real ? () => store.keepAlive?.({ id, token }, ttl, heartbeat) : undefined,
      lost: (cause) => lostError(this.#lease, cause),
      ended: () => options.ended(this),
    });
  }

  get signal(): AbortSignal {
    return this.#upkeep.signal;
  }

  get held(): boolean {
    return this.#upkeep.held;
  }

  release(): Promise<void> {
    this.#released ??= this.#giveBack();
    return this.#released;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }

  async #giveBack(): Promise<void> {
    if (!this.#upkeep.stop()) return;
    try {
      await this.#options.store.release(this.id, this.token);
    } finally {
      this.#options.ended(this);
    }
  }
}

function lostError(lease: Lease, cause: unknown): MnemosyneError {
  return new MnemosyneError(
    "E_LEASE_LOST",
    `${lease.owner} lost its lease on ${lease.resources.join(", ")}; stop the work that it protected.`,
    {
      kind: "conflict",
      cause,
      details: {
        lease: lease.id,
        token: lease.token,
        resources: [...lease.resources],
        ...(cause === undefined ? {} : { because: toErrorRecord(cause).message }),
      },
    },
  );
}
