import { globsOverlap, type StartableTask } from "@mnemosyne/core";
import { Orchestrator } from "@mnemosyne/orchestrator";
import fc from "fast-check";
import { expect, test } from "vitest";
import { planOf, planWith, startable, task } from "./plans.ts";

const orchestrator = new Orchestrator();

test("the task with the longest way still to go comes first, then the plan's order", () => {
  const plan = planOf({
    short: [],
    long1: [],
    long2: ["long1"],
    long3: ["long2"],
    middle1: [],
    middle2: ["middle1"],
    alone: [],
  });
  const names = ["alone", "short", "middle1", "long1"].map((id) => startable(id));
  expect(orchestrator.select(plan, names, [], 9)).toEqual(["long1", "middle1", "short", "alone"]);
  expect(orchestrator.select(plan, names.toReversed(), [], 2)).toEqual(["long1", "middle1"]);
  expect(orchestrator.select(plan, names, [], 0)).toEqual([]);
  expect(orchestrator.urgency(plan, "long1")).toBe(0);
});

test("an instance of a task has its task's place, and a stranger comes first", () => {
  const plan = planOf({ each: [], long1: [], long2: ["long1"] });
  const names = ["each.0", "each.11.2", "long1", "helper"].map((id) => startable(id));
  expect(orchestrator.select(plan, names, [], 9)).toEqual(["long1", "helper", "each.0", "each.11.2"]);
});

test.each([
  ["writes the same file", { writes: ["src/a.ts"] }, { writes: ["src/a.ts"] }, false],
  ["writes below what is written", { writes: ["src/**"] }, { writes: ["src/a.ts"] }, false],
  ["writes what is read", { reads: ["src/**"] }, { writes: ["src/a.ts"] }, false],
  ["reads what is written", { writes: ["src/**"] }, { reads: ["src/a.ts"] }, false],
  ["reads what is read", { reads: ["src/**"] }, { reads: ["src/a.ts"], writes: ["docs/**"] }, true],
  ["writes elsewhere", { writes: ["src/**"] }, { writes: ["docs/**"] }, true],
  ["does not say what it writes", { writes: ["src/**"] }, {}, true],
  ["writes beside one that does not say", {}, { writes: ["src/**"] }, true],
])("one that %s: %s, %s: %s", (_name, running, files, starts) => {
  const plan = planOf({ a: [], b: [] });
  const selected = orchestrator.select(plan, [startable("b", files)], [startable("a", running)], 4);
  expect(selected).toEqual(starts ? ["b"] : []);
  const both = [startable("a", running), startable("b", files)];
  expect(orchestrator.select(plan, both, [], 4)).toEqual(starts ? ["a", "b"] : ["a"]);
});

const files = fc.uniqueArray(
  fc.constantFrom("src/**", "src/a.ts", "src/b/**", "src/b/c.ts", "docs/*.md", "docs", "**", "test/x"),
  { maxLength: 2 },
);
const tasks = fc.uniqueArray(
  fc.record({
    task: fc.nat(30).map((number) => `t${number}`),
    reads: files,
    writes: fc.option(files, { nil: undefined }),
  }),
  { selector: (one) => one.task, maxLength: 20 },
);

function meet(one: readonly string[] = [], other: readonly string[] = []): boolean {
  return one.some((left) => other.some((right) => globsOverlap(left, right)));
}

function collide(a: StartableTask, b: StartableTask): boolean {
  return meet(a.writes, b.writes) || meet(a.writes, b.reads) || meet(a.reads, b.writes);
}

test("whatever is offered: nothing that collides, never too many, never fewer than fit, the same again", () => {
  const plan = planWith(Array.from({ length: 31 }, (_, index) => task(`t${index}`)));
  fc.assert(
    fc.property(tasks, fc.nat(20), fc.nat(8), (all, split, free) => {
      const running = all
        .slice(0, split)
        .filter((one, index, list) => !list.slice(0, index).some((other) => collide(one, other)));
      const offered = all.filter((one) => !running.includes(one));
      const selected = orchestrator.select(plan, offered, running, free);
      expect(orchestrator.select(plan, offered.toReversed(), running, free)).toEqual(selected);
      expect(selected.length).toBeLessThanOrEqual(free);
      const active = [...running, ...offered.filter((one) => selected.includes(one.task))];
      const clashes = active.flatMap((one, index) =>
        active.slice(index + 1).filter((other) => collide(one, other)),
      );
      expect(clashes).toEqual([]);
      const left = offered.filter((one) => !selected.includes(one.task));
      const starved =
        selected.length < free && left.some((one) => !active.some((other) => collide(one, other)));
      expect(starved).toBe(false);
    }),
    { numRuns: 1000 },
  );
});

test("a plan of a hundred thousand tasks is scheduled without delay", () => {
  const size = 100_000;
  const plan = planWith(
    Array.from({ length: size }, (_, index) =>
      task(`t${index}`, {
        dependsOn: index >= 1000 ? [task(`t${index - 1000}`).id] : [],
        reads: ["src/**"],
        writes: [`out/${index}/**`],
      }),
    ),
  );
  const offered = plan.tasks.map((one) => startable(one.id, { reads: one.reads, writes: one.writes ?? [] }));
  const first = performance.now();
  expect(orchestrator.select(plan, offered, [], 4)).toEqual(["t0", "t1", "t2", "t3"]);
  const second = performance.now();
  for (let turn = 0; turn < 10; turn++) orchestrator.select(plan, offered, offered.slice(0, 100), 4);
  const third = performance.now();
  // Limits a hundred times above what was measured: they catch a quadratic algorithm, not a busy machine.
  expect(second - first).toBeLessThan(20_000);
  expect((third - second) / 10).toBeLessThan(3000);
});

test("collisions with thousands of running tasks are found without comparing each with each", () => {
  const plan = planWith(Array.from({ length: 20_000 }, (_, index) => task(`t${index}`)));
  const offered = plan.tasks.map((one, index) => startable(one.id, { writes: [`a/${index % 5000}/**`] }));
  const started = performance.now();
  const selected = orchestrator.select(plan, offered, offered.slice(0, 2500), 20_000);
  expect(selected).toHaveLength(2500);
  expect(performance.now() - started).toBeLessThan(10_000);
});
