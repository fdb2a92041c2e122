import { env } from "node:process";
import { expect, test } from "vitest";
import { simulateBackend, type Climate } from "./simulate-backend.ts";

/** One seed (to see a failure again), or as many as a time in seconds allows (to look for one), or the first so many. */
const SEED = env["SEED"] === undefined ? undefined : Number(env["SEED"]);
const SOAK = env["SOAK"] === undefined ? undefined : Number(env["SOAK"]) * 1000;
const SEEDS = 200;
/** Milliseconds after which a busy machine is let off, when it has done the least. */
const ENOUGH = 4000;
const LEAST = 30;

/** What must be provoked, or the simulation shows nothing. */
const PROVOKED: Readonly<Record<Climate, readonly string[]>> = {
  calm: ["completed", "rolledBack", "before journal.append approval.granted"],
  stormy: [
    "crash",
    "pause",
    "clock jump",
    "E_UNAVAILABLE",
    "moved",
    "taken over",
    "stale effect refused",
    "stale report",
    "effect repeated with the same key",
  ],
};

test.each(["calm", "stormy"] as const)(
  "the local backend in a %s world: what must hold, holds, in whatever order things happen",
  async (climate) => {
    const counts = new Map<string, number>();
    const began = performance.now();
    let seed = SEED ?? (SOAK === undefined ? 1 : Math.floor(Date.now() % 1_000_000_000));
    for (let done = 0; ; done++, seed++) {
      if (SEED !== undefined ? done === 1 : SOAK === undefined && done === SEEDS) break;
      const spent = performance.now() - began;
      const shown = PROVOKED[climate].every((what) => counts.has(what));
      if (SOAK !== undefined ? spent > SOAK : done >= LEAST && shown && spent > ENOUGH) break;
      const report = await simulateBackend(seed, climate);
      for (const [what, count] of report.counts) counts.set(what, (counts.get(what) ?? 0) + count);
      const again = `SEED=${seed} npx vitest run --project unit packages/engine/test/simulation -t "${climate}"`;
      if (report.faults.length > 0)
        throw new Error(`${report.faults.join("\n")}\nSee it again with: ${again}`);
    }
    if (SEED !== undefined) return;
    for (const what of PROVOKED[climate]) expect([what, counts.has(what)]).toEqual([what, true]);
  },
  (SOAK ?? 0) + 120_000,
);

test("a seed gives the same world again", async () => {
  const [one, other] = [await simulateBackend(7, "stormy"), await simulateBackend(7, "stormy")];
  expect([...one.counts]).toEqual([...other.counts]);
});

/** Calls that change nothing, so that dying beside one is dying beside its neighbour. */
const READERS = new Set(["getRun", "listRuns", "read", "head", "readPayload", "now", "leases", "waiting"]);
const INPUTS = [
  "run.started",
  "run.moved",
  "task.started",
  "task.failed",
  "timer.fired",
  "task.completed",
  "approval.requested",
  "approval.granted",
  "compensation.completed",
  "workspace.restored",
];
const POINTS = [
  "journal.createRun",
  ...INPUTS.map((input) => `journal.append ${input}`),
  "store.acquire",
  "store.renew",
  "store.release",
  "effects.cause",
  "effects.undo",
];

test("a process of the local backend that dies before or after any durable step harms nothing", async () => {
  const reachedBy = new Map<string, number>();
  for (let seed = 1; seed <= 60 && POINTS.some((point) => !reachedBy.has(point)); seed++) {
    const { counts } = await simulateBackend(seed, "calm");
    for (const what of counts.keys()) {
      const point = what.replace(/^after /, "");
      if (point !== what && !reachedBy.has(point)) reachedBy.set(point, seed);
    }
  }
  expect(
    POINTS.filter((point) => !reachedBy.has(point)),
    "steps that nobody takes",
  ).toEqual([]);
  const unnamed = [...reachedBy.keys()].filter(
    (point) => !POINTS.includes(point) && !READERS.has(point.split(".").at(-1) ?? ""),
  );
  expect(unnamed, "steps that are taken and not named").toEqual([]);
  for (const point of POINTS)
    for (const moment of ["before", "after"] as const) {
      const { faults, counts } = await simulateBackend(reachedBy.get(point) ?? 1, "calm", { point, moment });
      expect(counts.get("crash"), `a crash ${moment} ${point}`).toBe(1);
      expect(faults, `after a crash ${moment} ${point}`).toEqual([]);
    }
}, 120_000);
