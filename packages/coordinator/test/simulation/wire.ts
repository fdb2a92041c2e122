import { MnemosyneError } from "@mnemosyne/core";
import type { Process, World } from "./world.ts";

/** How messages between processes and the store fare. */
export interface Weather {
  /** Most milliseconds that a message usually takes. */
  readonly latency: number;
  /** Share of messages that never come. */
  readonly lost: number;
  /** Share of messages that come much later than usual. */
  readonly late: number;
}

/** What is done to, or noted about, each call of a durable step. */
export interface Watch {
  /** A process is about to send a step. */
  before?(point: string, process: Process, parts: readonly unknown[]): void;
  /** The store has carried a step out; its answer is not on its way yet. */
  after?(point: string, process: Process, parts: readonly unknown[], result: Outcome): void;
}

/** What a step came to. */
export type Outcome = { readonly value: unknown } | { readonly error: unknown };

/** Milliseconds after which a caller gives an answer up. */
const PATIENCE = 1500;

/** The store as a process sees it: behind a network. Objects in it are reached the same way. */
export function wired<Target extends object>(
  target: Target,
  name: string,
  process: Process,
  world: World,
  weather: () => Weather,
  watch: Watch,
): Target {
  const nested = new Map<string | symbol, unknown>();
  return new Proxy(target, {
    get(real, part) {
      const value: unknown = Reflect.get(real, part, real);
      if (typeof value === "object" && value !== null) {
        const inner =
          nested.get(part) ?? wired(value, `${name}.${String(part)}`, process, world, weather, watch);
        nested.set(part, inner);
        return inner;
      }
      if (typeof value !== "function") return value;
      return (...parts: unknown[]) =>
        send(
          `${name}.${String(part)}`,
          process,
          world,
          weather(),
          watch,
          parts,
          async () => value.apply(real, parts) as unknown,
        );
    },
  });
}

function send(
  point: string,
  process: Process,
  world: World,
  { latency, lost, late }: Weather,
  watch: Watch,
  parts: readonly unknown[],
  perform: () => Promise<unknown>,
): Promise<unknown> {
  const { chance } = world;
  const delay = (): number => (chance.holds(late) ? chance.below(4000) : 1 + chance.below(latency));
  return new Promise((resolve, reject) => {
    watch.before?.(point, process, parts);
    if (!process.alive) return;
    const giveUp = world.after(PATIENCE, () => reject(unreachable()), process);
    if (chance.holds(lost)) return;
    world.after(delay(), async () => {
      const outcome: Outcome = await perform().then(
        (value) => ({ value }),
        (error: unknown) => ({ error }),
      );
      watch.after?.(point, process, parts, outcome);
      if (chance.holds(lost)) return;
      world.after(
        delay(),
        () => {
          giveUp.cancel();
          if ("error" in outcome) reject(outcome.error);
          else resolve(outcome.value);
        },
        process,
      );
    });
  });
}

function unreachable(): MnemosyneError {
  return new MnemosyneError("E_UNAVAILABLE", "The store did not answer.", { kind: "unavailable" });
}
