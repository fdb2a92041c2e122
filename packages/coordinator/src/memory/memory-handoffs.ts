import {
  MnemosyneError,
  type Handoff,
  type HandoffOffer,
  type HandoffStore,
  type Json,
} from "@mnemosyne/core";
import { checkName, checkTtl, copy } from "./memory-input.ts";

/** Milliseconds for which a handoff that has ended is kept. */
const KEPT = 7 * 24 * 3_600_000;

/** Handoffs in this process's memory. */
export class MemoryHandoffs implements HandoffStore {
  readonly #now: () => number;
  readonly #handoffs = new Map<string, Handoff>();

  constructor(now: () => number) {
    this.#now = now;
  }

  async offer(offer: HandoffOffer): Promise<Handoff> {
    checkName(offer.from, "from");
    checkName(offer.to, "to");
    checkTtl(offer.ttl);
    const id = checkName(offer.id ?? globalThis.crypto.randomUUID(), "id");
    const now = this.#now();
    for (const old of this.#all())
      if (!isOpen(old) && old.expiresAt.getTime() < now - KEPT) this.#handoffs.delete(old.id);
    const known = this.#find(id);
    if (known !== undefined) return known;
    return this.#put({
      id,
      from: offer.from,
      to: offer.to,
      payload: copy(offer.payload),
      state: "offered",
      offeredAt: new Date(now),
      expiresAt: new Date(now + offer.ttl),
    });
  }

  async accept(id: string, by: string, ttl: number): Promise<Handoff> {
    checkTtl(ttl);
    const handoff = this.#take(id, by, "to", ["offered", "accepted"], "accept");
    return this.#put({ ...handoff, state: "accepted", expiresAt: new Date(this.#now() + ttl) });
  }

  async decline(id: string, by: string, reason: string): Promise<Handoff> {
    const handoff = this.#take(id, by, "to", ["offered", "accepted", "declined"], "decline");
    return handoff.state === "declined" ? handoff : this.#end(handoff, { state: "declined", reason });
  }

  async complete(id: string, by: string, result: Json): Promise<Handoff> {
    const handoff = this.#take(id, by, "to", ["accepted", "completed"], "complete");
    if (handoff.state === "completed") return handoff;
    return this.#end(handoff, { state: "completed", result: copy(result) });
  }

  async withdraw(id: string, by: string, reason: string): Promise<Handoff> {
    const handoff = this.#take(id, by, "from", ["offered", "expired"], "withdraw");
    return handoff.state === "expired" ? handoff : this.#end(handoff, { state: "expired", reason });
  }

  async get(id: string): Promise<Handoff | undefined> {
    return this.#find(id);
  }

  async list(
    filter: { readonly from?: string; readonly to?: string; readonly state?: Handoff["state"] } = {},
  ): Promise<readonly Handoff[]> {
    return this.#all().filter(
      ({ from, to, state }) =>
        (filter.from ?? from) === from && (filter.to ?? to) === to && (filter.state ?? state) === state,
    );
  }

  /** Whether it is offered or accepted. */
  open(id: string): boolean {
    const handoff = this.#find(id);
    return handoff !== undefined && isOpen(handoff);
  }

  #all(): readonly Handoff[] {
    return [...this.#handoffs.values()].map((handoff) => this.#aged(handoff));
  }

  #find(id: string): Handoff | undefined {
    const handoff = this.#handoffs.get(id);
    return handoff === undefined ? undefined : this.#aged(handoff);
  }

  #aged(handoff: Handoff): Handoff {
    const aged = { ...handoff, payload: copy(handoff.payload) };
    return isOpen(aged) && aged.expiresAt.getTime() <= this.#now() ? { ...aged, state: "expired" } : aged;
  }

  #take(
    id: string,
    by: string,
    side: "from" | "to",
    states: readonly Handoff["state"][],
    step: string,
  ): Handoff {
    const handoff = this.#find(id);
    if (handoff === undefined)
      throw new MnemosyneError("E_NOT_FOUND", `There is no handoff '${id}'.`, { kind: "notFound" });
    if (handoff[side] === by && states.includes(handoff.state)) return handoff;
    throw new MnemosyneError(
      "E_CONFLICT",
      `'${by}' cannot ${step} handoff '${id}': it is ${handoff.state}, from '${handoff.from}' to '${handoff.to}'.`,
      { kind: "conflict", details: { id, state: handoff.state } },
    );
  }

  #end(handoff: Handoff, change: Partial<Handoff>): Handoff {
    return this.#put({ ...handoff, ...change, expiresAt: new Date(this.#now()) });
  }

  #put(handoff: Handoff): Handoff {
    this.#handoffs.set(handoff.id, handoff);
    return handoff;
  }
}

function isOpen({ state }: Handoff): boolean {
  return state === "offered" || state === "accepted";
}
