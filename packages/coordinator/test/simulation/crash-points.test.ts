import { MemoryCoordinationStore } from "@mnemosyne/coordinator";
import { expect, test } from "vitest";
import { PlanJournal, Witness } from "./plan-journal.ts";
import { simulatePlan } from "./simulate-plan.ts";
import { simulate } from "./simulate.ts";

/** Calls that change nothing, so that dying beside one is dying beside its neighbour. */
const READERS = new Set([
  "constructor",
  "now",
  "leases",
  "getValue",
  "agents",
  "waiting",
  "get",
  "list",
  "items",
  "open",
  "read",
]);

function steps(target: object, name: string): readonly string[] {
  return Object.getOwnPropertyNames(Object.getPrototypeOf(target))
    .filter((step) => !READERS.has(step))
    .map((step) => `${name}.${step}`);
}

const store = new MemoryCoordinationStore();
/** Every durable step: a new one is here by itself, and the test fails until a simulated actor takes it. */
const COORDINATION = [
  ...steps(store, "store"),
  ...steps(store.queue, "store.queue"),
  ...steps(store.handoffs, "store.handoffs"),
];
const INPUTS = ["run.started", "task.started", "task.failed", "timer.fired", "task.completed"];
const PLAN = [
  "store.acquire",
  "store.renew",
  "store.release",
  ...steps(new PlanJournal(Date.now), "journal").flatMap((step) => INPUTS.map((input) => `${step} ${input}`)),
  ...steps(new Witness(), "witness"),
];
const MOMENTS = ["before", "after"] as const;

test.each([
  ["coordinators", simulate, COORDINATION],
  ["workers on one plan", simulatePlan, PLAN],
] as const)(
  "%s: a process that dies before or after any durable step harms nothing",
  async (_name, run, points) => {
    expect(points.length).toBeGreaterThan(5);
    const reachedBy = new Map<string, number>();
    for (let seed = 1; seed <= 150 && points.some((point) => !reachedBy.has(point)); seed++) {
      const { counts } = await run(seed, "calm");
      for (const what of counts.keys()) {
        const point = what.replace(/^after /, "");
        if (point !== what && !reachedBy.has(point)) reachedBy.set(point, seed);
      }
    }
    expect(
      points.filter((point) => !reachedBy.has(point)),
      "steps that nobody takes",
    ).toEqual([]);
    const unnamed = [...reachedBy.keys()].filter(
      (point) => !points.includes(point) && !READERS.has(point.split(".").at(-1) ?? ""),
    );
    expect(unnamed, "steps that are taken and not named").toEqual([]);
    for (const point of points)
      for (const moment of MOMENTS) {
        const { faults, counts } = await run(reachedBy.get(point) ?? 1, "calm", { point, moment });
        expect(counts.get("crash"), `a crash ${moment} ${point}`).toBe(1);
        expect(faults, `after a crash ${moment} ${point}`).toEqual([]);
      }
  },
);
