import type { CoordinationStore, Wait, WaitTarget } from "@mnemosyne/core";
import { Bell } from "./bell.ts";
import { deadlockError, type Lookout } from "./lookout.ts";
import { tookTooLong, type Patience } from "./patience.ts";
import type { Timers } from "./timers.ts";

/** What waiting for others needs. */
export interface WaitsOptions {
  readonly store: CoordinationStore;
  readonly timers: Timers;
  readonly lookout: Lookout;
  readonly poll: number;
  readonly ttl: number;
}

/** Somebody who waits for others to do something. */
export interface WaitRequest extends Patience {
  readonly actor: string;
  readonly kind: Wait["kind"];
  readonly on: readonly WaitTarget[];
  readonly anyOf?: boolean;
}

/** Waits that are noted in the store, so that a deadlock which they close is found. */
export class Waits {
  readonly #options: WaitsOptions;
  readonly #closed = new AbortController();
  readonly #bell: Bell;

  constructor(options: WaitsOptions) {
    this.#options = options;
    this.#bell = new Bell(options.timers);
  }

  /** Something that somebody waits for may have happened. */
  ring(): void {
    this.#bell.ring();
  }

  /** Refuses everybody who waits, with this reason. */
  close(reason: Error): void {
    this.#closed.abort(reason);
  }

  /** Waits until `attempt` gives something. Throws `E_DEADLOCK`, `E_TIMEOUT`, the signal's reason or `E_CLOSED`. */
  async until<Result>(request: WaitRequest, attempt: () => Promise<Result | undefined>): Promise<Result> {
    const { store, timers, lookout, poll, ttl } = this.#options;
    const { actor, kind, on, anyOf = false, wait: patience } = request;
    const signals = request.signal === undefined ? [] : [request.signal];
    const signal = AbortSignal.any([this.#closed.signal, ...signals]);
    signal.throwIfAborted();
    const first = await attempt();
    if (first !== undefined) return first;
    const id = globalThis.crypto.randomUUID();
    let toldAt = Number.NEGATIVE_INFINITY;
    try {
      return await this.#bell.until(
        async () => {
          const now = timers.now();
          if (now - toldAt >= ttl / 3) {
            toldAt = now;
            await store.putWait({ id, actor, kind, on, anyOf, ttl });
          }
          const result = await attempt();
          if (result !== undefined) return result;
          const deadlock = (await lookout.look()).refused.get(id);
          if (deadlock !== undefined) throw deadlockError(deadlock);
          return undefined;
        },
        { poll, signal, patience, late: () => tookTooLong(on.map((one) => one.actor).join(", "), patience) },
      );
    } finally {
      await this.#forget(id);
    }
  }

  async #forget(id: string): Promise<void> {
    try {
      await this.#options.store.dropWait(id);
    } catch {
      // A store that cannot be reached forgets by itself.
    }
  }
}
