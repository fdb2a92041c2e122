import type { Clock } from "@mnemosyne/core";

/** Repeatable chance: the same seed gives the same numbers. */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 up to, not including, 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** A whole number from 0 up to, not including, `limit`. */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  holds(probability: number): boolean {
    return this.next() < probability;
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new Error("There is nothing to pick from.");
    return item;
  }
}

/** Longer than any chain of promises of a coordinator between two calls of the store. */
const TURNS = 40;

const SETTLED = Promise.resolve();
const MOST_STEPS = 20_000;

interface Happening {
  readonly at: number;
  readonly order: number;
  readonly process: Process | undefined;
  readonly run: () => unknown;
  cancelled: boolean;
}

/** A process of the simulated world. */
export class Process {
  readonly name: string;
  readonly clock: Clock;
  alive = true;
  pausedUntil = 0;
  /** How far its clock is from the world's. */
  skew = 0;

  constructor(name: string, world: World) {
    this.name = name;
    this.clock = {
      now: () => world.time + this.skew,
      sleep: (milliseconds, signal) =>
        new Promise((resolve, reject) => {
          const waking = world.after(
            milliseconds,
            () => {
              signal?.removeEventListener("abort", abort);
              resolve();
            },
            this,
          );
          const abort = (): void => {
            waking.cancel();
            reject(signal?.reason as Error);
          };
          signal?.addEventListener("abort", abort, { once: true });
        }),
    };
  }
}

/** A virtual time in which one thing happens after the other, in an order that the seed decides. */
export class World {
  time = 1_700_000_000_000;
  readonly chance: Chance;
  readonly faults: string[] = [];
  readonly #happenings: Happening[] = [];
  #orders = 0;
  readonly #turns: number;
  #steps = 0;

  /** `turns`: longer than any chain of promises between two things that happen. */
  constructor(seed: number, turns = TURNS) {
    this.chance = new Chance(seed);
    this.#turns = turns;
  }

  /** Something is not as it must be. */
  fault(what: string): void {
    if (!this.faults.includes(what)) this.faults.push(what);
  }

  /** Lets it happen later; if a process is named, only while that is alive and not paused. */
  after(milliseconds: number, run: () => unknown, process?: Process): { cancel(): void } {
    const at = this.time + Math.max(0, milliseconds);
    const happening: Happening = { at, order: ++this.#orders, process, run, cancelled: false };
    let low = 0;
    let high = this.#happenings.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.#happenings[middle]!;
      if (other.at > happening.at || (other.at === happening.at && other.order > happening.order))
        low = middle + 1;
      else high = middle;
    }
    this.#happenings.splice(low, 0, happening);
    return {
      cancel: () => {
        happening.cancelled = true;
      },
    };
  }

  /** Lets the next thing happen. False: there is none before `end`. */
  async step(end: number): Promise<boolean> {
    const next = this.#happenings.at(-1);
    if (next === undefined || next.at > end) return false;
    if (++this.#steps > MOST_STEPS) {
      this.fault("it went on for ever");
      return false;
    }
    this.#happenings.pop();
    if (next.cancelled) return true;
    this.time = Math.max(this.time, next.at);
    const { process, run } = next;
    if (process?.alive === false) return true;
    if (process !== undefined && process.pausedUntil > this.time)
      this.after(process.pausedUntil - this.time, run, process);
    else {
      run();
      // Promises that can go on do so before the next thing happens.
      for (let turn = 0; turn < this.#turns; turn++) await SETTLED;
    }
    return true;
  }
}
