import { isMnemosyneError, MnemosyneError, type CoordinationStore, type WaitTarget } from "@mnemosyne/core";
import { ownKey } from "./own-key.ts";
import type { Patience } from "./patience.ts";
import type { Waits } from "./waits.ts";

/** Where named parties wait for each other, round after round. */
export class Barrier {
  readonly name: string;
  readonly parties: readonly string[];
  readonly #store: CoordinationStore;
  readonly #waits: Waits;

  constructor(name: string, parties: readonly string[], store: CoordinationStore, waits: Waits) {
    this.name = name;
    this.parties = [...new Set(parties)];
    this.#store = store;
    this.#waits = waits;
  }

  /**
   * Arrives, and waits until every other party has arrived as often. `round` (from 1 on) makes a repeated arrival
   * count once: give it where a party may die and begin again. Gives the round. The party is seen to wait for those
   * who have not arrived: a ring that this closes ends with `E_DEADLOCK` for the youngest in it. An arrival stays.
   */
  async arrive(party: string, options: Patience & { readonly round?: number } = {}): Promise<number> {
    if (!this.parties.includes(party))
      throw new MnemosyneError(
        "E_INPUT",
        `'${party}' is no party of the barrier '${this.name}'; its parties are ${this.parties.join(", ")}.`,
        { kind: "input", path: "party" },
      );
    const round = await this.#note(party, options.round);
    this.#waits.ring();
    const on: readonly WaitTarget[] = this.parties
      .filter((other) => other !== party)
      .map((actor) => ({ actor, key: this.#key(actor), version: round }));
    const { wait, signal } = options;
    const patience = {
      ...(wait === undefined ? {} : { wait }),
      ...(signal === undefined ? {} : { signal }),
    };
    await this.#waits.until({ ...patience, actor: party, kind: "barrier", on }, async () => {
      for (const { key = "", version = 1 } of on)
        if (((await this.#store.getValue(key))?.version ?? 0) < version) return undefined;
      return true;
    });
    return round;
  }

  /** Counts arrivals in the version of the party's value. */
  async #note(party: string, round: number | undefined): Promise<number> {
    if (round === undefined) return (await this.#store.setValue(this.#key(party), party)).version;
    for (;;) {
      const arrived = (await this.#store.getValue(this.#key(party)))?.version ?? 0;
      if (arrived >= round) return round;
      if (arrived < round - 1)
        throw new MnemosyneError(
          "E_INPUT",
          `'${party}' arrives for round ${round} of '${this.name}' but has arrived ${arrived} times.`,
          { kind: "input", path: "round" },
        );
      try {
        await this.#store.setValue(this.#key(party), party, arrived);
      } catch (error) {
        // It has arrived through somebody else meanwhile: look again.
        if (!isMnemosyneError(error) || error.code !== "E_VERSION_CONFLICT") throw error;
      }
    }
  }

  #key(party: string): string {
    return ownKey("barrier", `${encodeURIComponent(this.name)}/${party}`);
  }
}
