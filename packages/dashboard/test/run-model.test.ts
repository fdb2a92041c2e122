import { afterAll, beforeAll, expect, test } from "vitest";
import { BOX, layoutGraph } from "../page/src/model/graph-layout.ts";
import { emptyRun, foldEvent, openWaits } from "../page/src/model/run-model.ts";
import { APPROVAL, World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await World.open();
});
afterAll(async () => await world.close());

async function folded(runId: string) {
  const record = await world.storage.journal.getRun(runId);
  if (record === undefined) throw new Error(`There is no run ${runId}.`);
  const { plan } = record.plan as unknown as { plan: Parameters<typeof emptyRun>[1] };
  const model = emptyRun(runId, plan);
  for (const event of await world.storage.journal.read(runId)) foldEvent(model, event);
  return model;
}

test("the page's picture of a run is the engine's, before and after a person decides", async () => {
  const run = await world.begin(APPROVAL, "r1");
  await run.result();
  const paused = await folded("r1");
  const report = await run.report();
  expect(paused.status).toBe("paused");
  expect(openWaits(paused)).toMatchObject(report.waiting);
  await run.approve("publish");
  await run.result();
  const ended = await folded("r1");
  const last = await run.report();
  expect(ended.status).toBe(last.status);
  expect([...ended.tasks.values()].map(({ id, status }) => ({ id, status }))).toEqual(
    last.tasks.map(({ id, status }) => ({ id, status })),
  );
  expect(openWaits(ended)).toEqual([]);
});

test("a failure, what was skipped and a second attempt are told", async () => {
  await (
    await world.begin(
      `
version: 1
name: failing
tasks:
  - { id: a, run: "exit 3", attempts: 2 }
  - { id: b, dependsOn: [a], run: "echo b" }
`,
      "r2",
    )
  ).result();
  const model = await folded("r2");
  expect(model).toMatchObject({ status: "failed" });
  expect(model.tasks.get("a")).toMatchObject({
    status: "failed",
    attempts: [{ outcome: "failed" }, { outcome: "failed" }],
  });
  expect(model.tasks.get("b")).toMatchObject({ status: "skipped", attempts: [] });
});

test("events that were seen already change nothing", async () => {
  const model = await folded("r1");
  const before = JSON.stringify([...model.tasks.values()]);
  for (const event of await world.storage.journal.read("r1")) foldEvent(model, event);
  expect(JSON.stringify([...model.tasks.values()])).toBe(before);
});

test.each([3, 40, 1000])(
  "a graph of %d tasks: nothing overlaps, and what depends stands to the right",
  (size) => {
    const tasks = Array.from({ length: size }, (_, index) => ({
      id: `t${index}`,
      dependsOn: index === 0 ? [] : [`t${Math.floor((index - 1) / 3)}`],
    }));
    const { nodes, edges } = layoutGraph(tasks);
    const at = new Map(nodes.map((node) => [node.id, node]));
    expect(nodes).toHaveLength(size);
    expect(edges).toHaveLength(size - 1);
    for (const { from, to } of edges) expect(at.get(to)?.x ?? 0).toBeGreaterThan(at.get(from)?.x ?? 0);
    const sorted = nodes.toSorted((a, b) => a.x - b.x || a.y - b.y);
    for (const [index, node] of sorted.entries()) {
      const next = sorted[index + 1];
      if (next !== undefined && next.x === node.x) expect(next.y - node.y).toBeGreaterThanOrEqual(BOX.height);
    }
  },
);
