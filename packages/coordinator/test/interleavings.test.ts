import {
  Coordinator,
  MemoryCoordinationStore,
  type AcquireOptions,
  type LeaseHandle,
} from "@mnemosyne/coordinator";
import { globsOverlap, isMnemosyneError, type CoordinationStore, type LeaseRequest } from "@mnemosyne/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ManualClock } from "./manual-clock.ts";
import { replaced } from "./replaced.ts";

const RESOURCES = ["src/**", "src/a.ts", "src/b/**", "docs/**", "docs/a.md", "lock"];

/** Gives every call of the store a random delay, so that calls overtake each other. */
function delayed(store: CoordinationStore, pick: () => number): CoordinationStore {
  const later = async <Value>(call: () => Promise<Value>): Promise<Value> => {
    for (let turns = pick(); turns > 0; turns--) await new Promise((resolve) => setImmediate(resolve));
    const value = await call();
    for (let turns = pick(); turns > 0; turns--) await Promise.resolve();
    return value;
  };
  return new Proxy(store, {
    get: (target, name) => {
      const method: unknown = Reflect.get(target, name, target);
      if (typeof method !== "function") return method;
      return (...parts: unknown[]) => later(async () => method.apply(target, parts) as unknown);
    },
  });
}

interface Right {
  readonly resources: readonly string[];
  readonly mode: "shared" | "exclusive";
}

function collide(a: Right, b: Right): boolean {
  if (a.mode === "shared" && b.mode === "shared") return false;
  return a.resources.some((one) => b.resources.some((other) => globsOverlap(one, other)));
}

function collisions(rights: readonly Right[]): readonly string[] {
  return rights.flatMap((one, index) =>
    rights
      .slice(index + 1)
      .filter((other) => collide(one, other))
      .map((other) => `${one.mode} ${one.resources.join()} with ${other.mode} ${other.resources.join()}`),
  );
}

const step = fc.record({
  coordinator: fc.nat(1),
  owner: fc.nat(3),
  resources: fc.uniqueArray(fc.constantFrom(...RESOURCES), { minLength: 1, maxLength: 2 }),
  mode: fc.constantFrom("shared" as const, "exclusive" as const),
  wait: fc.constantFrom(true, false, 2000),
  /** What happens to the actor after its grant. */
  next: fc.constantFrom("release" as const, "release" as const, "nest" as const, "stall" as const),
  /** How the time goes on after this step: not, moving, or in a leap in which nobody can act. */
  time: fc.constantFrom("stands" as const, "stands" as const, "passes" as const, "leaps" as const),
});

test("whatever the order of things: no two collide, tokens rise, and everybody gets an answer", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 2, maxLength: 20 }),
      fc.infiniteStream(fc.nat(3)),
      async (steps, delays) => {
        const clock = new ManualClock();
        const memory = new MemoryCoordinationStore({ clock });
        const faults: string[] = [];
        const tokens: number[] = [];
        const watched = replaced(memory, {
          acquire: async (request: LeaseRequest) => {
            const answer = await memory.acquire(request);
            if ("granted" in answer) tokens.push(answer.granted.token);
            faults.push(...collisions(await memory.leases()));
            return answer;
          },
        });
        const store = delayed(watched, () => delays.next().value ?? 0);
        const coordinators = [new Coordinator({ store, clock }), new Coordinator({ store, clock })];
        const holders: LeaseHandle[] = [];
        const acquire = async (coordinator: Coordinator, options: AcquireOptions): Promise<LeaseHandle> => {
          const handle = await coordinator.acquire(options);
          holders.push(handle);
          // Those who believe by their own clocks must be alone, even if a lease was never given back.
          faults.push(...collisions(holders.filter((holder) => holder.held)));
          return handle;
        };
        const stalled: LeaseHandle[] = [];
        const act = async (one: (typeof steps)[number], index: number): Promise<void> => {
          const coordinator = coordinators[one.coordinator];
          if (coordinator === undefined) throw new Error("There are two.");
          const owner = `o${one.owner}-${one.coordinator}`;
          const { resources, mode, wait } = one;
          const handle = await acquire(coordinator, { resources, mode, wait, owner });
          if (one.next === "stall") {
            stalled.push(handle);
            return;
          }
          try {
            if (one.next !== "nest") return;
            const inner = [RESOURCES[index % RESOURCES.length] ?? "lock"];
            await (await acquire(coordinator, { resources: inner, owner, wait: 3000 })).release();
          } finally {
            await handle.release();
          }
        };
        const answers = new Set<Promise<void>>();
        for (const [index, one] of steps.entries()) {
          const answer = act(one, index)
            .catch((error: unknown) => {
              const refused = isMnemosyneError(error) && ["E_LEASE_HELD", "E_DEADLOCK"].includes(error.code);
              if (!refused) faults.push(String(error));
            })
            .finally(() => answers.delete(answer));
          answers.add(answer);
          if (one.time === "passes") await clock.advance(500);
          if (one.time === "leaps") clock.freeze(6000);
        }
        // Give the stalled holders' leases back one by one: then all who wait must get their turn.
        for (let round = 0; round < 200 && answers.size > 0; round++) {
          await stalled.shift()?.release();
          await clock.advance(500);
        }
        expect(answers.size).toBe(0);
        await Promise.all(coordinators.map((coordinator) => coordinator.close()));
        await clock.advance(100);
        expect(faults).toEqual([]);
        expect(tokens).toEqual([...new Set(tokens)].toSorted((a, b) => a - b));
        expect(await memory.leases()).toEqual([]);
      },
    ),
    { numRuns: 40 },
  );
});
