import { digest, restoreState, saveRun, saveTask, snapshot, start, step } from "@mnemosyne/plan";
import type { StampedInput } from "@mnemosyne/plan";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Random } from "./support/random.ts";
import { randomPlan } from "./support/random-plan.ts";
import { CommandWatcher, fingerprint, NumberWatcher, OrderWatcher, SaveWatcher } from "./support/watchers.ts";
import { World } from "./support/world.ts";

/** What once left tasks that nothing could finish, or began an instance before its list was there. */
const KNOWN = [
  [2140228704, 14],
  [397, 7],
  [514, 7],
  [5033, 8],
  [18394, 13],
  [5996, 8],
  [6068, 8],
  [11037, 9],
].map(([seed = 0, size = 1]) => ({ seed, size }));

const seeds = { seed: fc.integer(), size: fc.integer({ min: 1, max: 14 }) };

describe("any plan, carried out by a world in which everything goes wrong", () => {
  it("always ends, in order, and never does anything twice", () => {
    fc.assert(
      fc.property(fc.record(seeds), ({ seed, size }) => {
        const random = new Random(seed);
        const plan = randomPlan(random, size);
        const world = new World(plan, random, [
          new OrderWatcher(),
          new CommandWatcher(),
          new NumberWatcher(),
          new SaveWatcher(plan),
        ]);
        world.play();
        const { finished, waiting } = snapshot(world.state);
        expect(finished).toBeDefined();
        expect(waiting).toEqual([]);
        expect(finished?.digest).toBe(digest(world.state));
      }),
      { numRuns: 150, examples: KNOWN.map((known) => [known] as [typeof known]) },
    );
  }, 60_000);

  it("replays from its inputs, through JSON and from a state that was stored in between, to the same steps", () => {
    fc.assert(
      fc.property(
        fc.record({ ...seeds, cut: fc.double({ min: 0, max: 1, noNaN: true }) }),
        ({ seed, size, cut }) => {
          const random = new Random(seed);
          const plan = randomPlan(random, size);
          const world = new World(plan, random);
          world.play();
          const inputs = JSON.parse(JSON.stringify(world.inputs)) as StampedInput[];
          let { state } = start(JSON.parse(JSON.stringify(plan)) as typeof plan);
          for (const [index, input] of inputs.entries()) {
            if (index === Math.floor(cut * inputs.length)) {
              const saved = snapshot(state)
                .tasks.map(({ id }) => saveTask(state, id))
                .filter((part) => part !== undefined);
              state = restoreState(plan, saveRun(state), saved);
            }
            const { state: _state, ...again } = step(state, input);
            const { state: _first, ...first } = world.steps[index] ?? { state };
            expect(again).toEqual(first);
          }
          expect(fingerprint(state)).toBe(fingerprint(world.state));
        },
      ),
      {
        numRuns: 80,
        examples: KNOWN.map((known) => [{ ...known, cut: 0.9 }] as [typeof known & { cut: number }]),
      },
    );
  }, 60_000);
});
