import {
  isMnemosyneError,
  MnemosyneError,
  toErrorRecord,
  type CoordinationStore,
  type Lease,
} from "@mnemosyne/core";
import type { Timers } from "./timers.ts";

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
  readonly #upkeep: LeaseUpkeep;
  readonly #lost = new AbortController();
  readonly #stopped = new AbortController();
  #trustedUntil: number;
  #renewing = false;
  #trouble: unknown;
  #released: Promise<void> | undefined;

  constructor(lease: Lease, upkeep: LeaseUpkeep) {
    this.id = lease.id;
    this.owner = lease.owner;
    this.resources = lease.resources;
    this.mode = lease.mode;
    this.token = lease.token;
    this.#upkeep = upkeep;
    this.#trustedUntil = upkeep.askedAt + upkeep.ttl;
    void this.#keep();
  }

  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  get held(): boolean {
    return !this.#stopped.signal.aborted && this.#upkeep.timers.now() < this.#trustedUntil;
  }

  release(): Promise<void> {
    this.#released ??= this.#giveBack();
    return this.#released;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }

  async #giveBack(): Promise<void> {
    if (this.#stopped.signal.aborted) return;
    this.#stopped.abort();
    try {
      await this.#upkeep.store.release(this.id, this.token);
    } finally {
      this.#upkeep.ended(this);
    }
  }

  async #keep(): Promise<void> {
    const { timers, heartbeat } = this.#upkeep;
    const stop = this.#stopped.signal;
    while (!stop.aborted) {
      // Wake at the latest when trust ends: a store that does not answer must not leave the holder believing.
      const pause = Math.max(0, Math.min(heartbeat, this.#trustedUntil - timers.now()));
      try {
        await timers.idle(pause, stop);
      } catch {
        // Only the stop signal ends a pause early.
        return;
      }
      if (stop.aborted) return;
      if (timers.now() >= this.#trustedUntil) return this.#giveUp();
      if (!this.#renewing) void this.#renew();
    }
  }

  async #renew(): Promise<void> {
    const { store, timers, ttl } = this.#upkeep;
    this.#renewing = true;
    const askedAt = timers.now();
    try {
      await store.renew(this.id, this.token, ttl);
      this.#trustedUntil = Math.max(this.#trustedUntil, askedAt + ttl);
      this.#trouble = undefined;
    } catch (error) {
      this.#trouble = error;
      // Anything else may pass: the next heartbeat tries again until trust ends.
      if (isMnemosyneError(error) && error.code === "E_LEASE_LOST") this.#lose(error);
    } finally {
      this.#renewing = false;
    }
  }

  /** Trust has ended here; the store may still keep the lease for a while. */
  async #giveUp(): Promise<void> {
    this.#lose(this.#trouble);
    try {
      await this.#upkeep.store.release(this.id, this.token);
    } catch {
      // A store that cannot be reached lets the lease end by itself.
    }
  }

  #lose(cause: unknown): void {
    if (this.#stopped.signal.aborted) return;
    this.#stopped.abort();
    this.#lost.abort(
      new MnemosyneError(
        "E_LEASE_LOST",
        `${this.owner} lost its lease on ${this.resources.join(", ")}; stop the work that it protected.`,
        {
          kind: "conflict",
          cause,
          details: {
            lease: this.id,
            token: this.token,
            resources: [...this.resources],
            ...(cause === undefined ? {} : { because: toErrorRecord(cause).message }),
          },
        },
      ),
    );
    this.#upkeep.ended(this);
  }
}
