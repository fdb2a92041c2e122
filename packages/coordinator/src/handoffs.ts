import {
  MnemosyneError,
  type CoordinationStore,
  type Handoff,
  type HandoffOffer,
  type Json,
} from "@mnemosyne/core";
import { checkDuration, type Patience } from "./patience.ts";
import type { Timers } from "./timers.ts";
import { Upkeep } from "./upkeep.ts";
import type { Waits } from "./waits.ts";

/** Work that was accepted; the right to complete it is kept until it is settled. */
export interface AcceptedHandoff {
  readonly handoff: Handoff;
  /** Aborts with `E_LEASE_LOST` when it has expired: stop the work, its sender has it back. */
  readonly signal: AbortSignal;
  complete(result?: Json): Promise<Handoff>;
  decline(reason: string): Promise<Handoff>;
}

/** What handoffs need of their coordinator. */
export interface HandoffsOptions {
  readonly store: CoordinationStore;
  readonly timers: Timers;
  readonly waits: Waits;
  readonly ttl: number;
  readonly heartbeat: number;
  /** Told of each accepted one that begins or ends here. */
  readonly kept: Set<Upkeep>;
}

/** Work that one agent gives another: offered, then accepted or declined with a reason, completed, or expired. */
export class Handoffs {
  readonly #options: HandoffsOptions;

  constructor(options: HandoffsOptions) {
    this.#options = options;
  }

  /** Offers work. It expires when it is not accepted within `ttl` milliseconds (default 60,000). */
  async offer(offer: Omit<HandoffOffer, "ttl"> & { readonly ttl?: number }): Promise<Handoff> {
    const offered = await this.#options.store.handoffs.offer({ ...offer, ttl: offer.ttl ?? 60_000 });
    this.#options.waits.ring();
    return offered;
  }

  /**
   * Waits until it is declined, completed or expired, and gives what became of it. Its sender is seen to wait for its
   * receiver: a ring that this closes ends with `E_DEADLOCK` for the youngest in it, who should `withdraw`.
   */
  async outcome(id: string, patience: Patience = {}): Promise<Handoff> {
    const { from, to } = await this.#find(id);
    const on = [{ actor: to, handoff: id }];
    return this.#options.waits.until({ ...patience, actor: from, kind: "handoff", on }, async () => {
      const handoff = await this.#find(id);
      return handoff.state === "offered" || handoff.state === "accepted" ? undefined : handoff;
    });
  }

  /** What was offered to somebody and is not answered yet, oldest first. */
  inbox(to: string): Promise<readonly Handoff[]> {
    return this.#options.store.handoffs.list({ to, state: "offered" });
  }

  /** Accepts it and keeps it accepted until it is settled: an acceptor that dies lets it expire after `ttl`. */
  async accept(id: string, by: string, options: { readonly ttl?: number } = {}): Promise<AcceptedHandoff> {
    const { store, timers, heartbeat, kept, waits } = this.#options;
    const ttl = checkDuration("ttl", options.ttl ?? this.#options.ttl);
    const askedAt = timers.now();
    const handoff = await store.handoffs.accept(id, by, ttl);
    waits.ring();
    const upkeep: Upkeep = new Upkeep({
      timers,
      ttl,
      heartbeat: Math.min(heartbeat, ttl / 3),
      askedAt,
      renew: () => this.#renew(id, by, ttl),
      giveBack: () => store.handoffs.decline(id, by, "Its receiver could not keep it alive."),
      lost: (cause) =>
        new MnemosyneError(
          "E_LEASE_LOST",
          `Handoff '${id}' has expired before '${by}' completed it; stop the work, '${handoff.from}' has it back.`,
          { kind: "conflict", cause, details: { id, by } },
        ),
      ended: () => kept.delete(upkeep),
    });
    kept.add(upkeep);
    const settle = async (how: () => Promise<Handoff>): Promise<Handoff> => {
      kept.delete(upkeep);
      upkeep.stop();
      try {
        return await how();
      } finally {
        waits.ring();
      }
    };
    return {
      handoff,
      signal: upkeep.signal,
      complete: (result = null) => settle(() => store.handoffs.complete(id, by, result)),
      decline: (reason) => settle(() => store.handoffs.decline(id, by, reason)),
    };
  }

  /** Declines it with a reason. */
  async decline(id: string, by: string, reason: string): Promise<Handoff> {
    const declined = await this.#options.store.handoffs.decline(id, by, reason);
    this.#options.waits.ring();
    return declined;
  }

  /** Takes an offer back that nobody has accepted. */
  async withdraw(id: string, by: string, reason: string): Promise<Handoff> {
    const withdrawn = await this.#options.store.handoffs.withdraw(id, by, reason);
    this.#options.waits.ring();
    return withdrawn;
  }

  get(id: string): Promise<Handoff | undefined> {
    return this.#options.store.handoffs.get(id);
  }

  /** Oldest first. */
  list(filter?: {
    readonly from?: string;
    readonly to?: string;
    readonly state?: Handoff["state"];
  }): Promise<readonly Handoff[]> {
    return this.#options.store.handoffs.list(filter);
  }

  async #renew(id: string, by: string, ttl: number): Promise<void> {
    try {
      await this.#options.store.handoffs.accept(id, by, ttl);
    } catch (error) {
      const { state } = await this.#find(id);
      if (state === "accepted") throw error;
      throw new MnemosyneError("E_LEASE_LOST", `Handoff '${id}' is ${state}.`, {
        kind: "conflict",
        cause: error,
      });
    }
  }

  async #find(id: string): Promise<Handoff> {
    const handoff = await this.#options.store.handoffs.get(id);
    if (handoff !== undefined) return handoff;
    throw new MnemosyneError("E_NOT_FOUND", `There is no handoff '${id}'.`, { kind: "notFound" });
  }
}
