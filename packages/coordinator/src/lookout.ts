import { MnemosyneError, type CoordinationStore, type WaitingState } from "@mnemosyne/core";
import { blockedWaits, findDeadlocks, type Blocked, type Deadlock } from "./wait-for-graph.ts";

/** What one look at everybody who waits has shown. */
export interface View {
  readonly state: WaitingState;
  readonly blocked: readonly Blocked[];
  /** Deadlocks by the wait that is to be refused. */
  readonly refused: ReadonlyMap<string, Deadlock>;
}

/** Looks at everybody who waits, in all processes. Those who ask while a look is under way share the next one. */
export class Lookout {
  readonly #store: CoordinationStore;
  #current: Promise<View> | undefined;
  #next: Promise<View> | undefined;

  constructor(store: CoordinationStore) {
    this.#store = store;
  }

  /** A look that begins after this call. */
  look(): Promise<View> {
    if (this.#current === undefined) return this.#begin();
    this.#next ??= this.#current.then(
      () => this.#begin(),
      () => this.#begin(),
    );
    return this.#next;
  }

  #begin(): Promise<View> {
    this.#next = undefined;
    const current = this.#look().finally(() => {
      if (this.#current === current) this.#current = undefined;
    });
    this.#current = current;
    return current;
  }

  async #look(): Promise<View> {
    const state = await this.#store.waiting();
    const blocked = blockedWaits(state);
    const deadlocks = findDeadlocks(blocked);
    return { state, blocked, refused: new Map(deadlocks.map((one) => [one.victim.wait.id, one])) };
  }
}

/** Tells a waiter why it is refused, and with whom it was caught. */
export function deadlockError(deadlock: Deadlock): MnemosyneError {
  const { victim, waits, kind } = deadlock;
  const members = [...new Set(waits.map(({ wait }) => wait.actor))];
  const story =
    kind === "cycle"
      ? [...members, members[0] ?? ""].join(" waits for ")
      : `${members.join(", ")} wait for each other and for nobody else`;
  const { actor } = victim.wait;
  return new MnemosyneError(
    "E_DEADLOCK",
    `Waiting for ${wantedBy(victim)} would never end: ${story}. ` +
      `${actor} came last and is refused; release what it holds, then acquire everything at once.`,
    {
      kind: "conflict",
      details: {
        members,
        refused: actor,
        kind,
        waits: waits.map(({ wait, on }) => ({
          owner: wait.actor,
          ...(wait.request === undefined
            ? { kind: wait.kind, on: [...on] }
            : { resources: [...wait.request.resources] }),
        })),
      },
    },
  );
}

function wantedBy({ wait, on }: Blocked): string {
  return wait.request === undefined
    ? on.join(wait.anyOf ? " or " : " and ")
    : wait.request.resources.join(", ");
}
