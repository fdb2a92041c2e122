import { Orchestrator } from "@mnemosyne/orchestrator";
import fc from "fast-check";
import { expect, test } from "vitest";
import { planOf, planWith, startable, task } from "./plans.ts";

const orchestrator = new Orchestrator();

test("a diamond with a tail: levels, ways and what is critical", () => {
  const graph = orchestrator.graph(
    planOf({
      build: [],
      lint: [],
      test: ["build"],
      docs: ["build"],
      ship: ["test", "docs"],
      tweet: ["lint"],
    }),
  );
  expect(graph.levels).toEqual([["build", "lint"], ["test", "docs", "tweet"], ["ship"]]);
  expect(graph.edges).toEqual([
    { from: "build", to: "test" },
    { from: "build", to: "docs" },
    { from: "test", to: "ship" },
    { from: "docs", to: "ship" },
    { from: "lint", to: "tweet" },
  ]);
  expect(graph.nodes.filter((node) => node.critical).map((node) => node.task)).toEqual([
    "build",
    "test",
    "docs",
    "ship",
  ]);
  expect(graph.nodes.find((node) => node.task === "lint")).toEqual({
    task: "lint",
    kind: "run",
    level: 0,
    remaining: 2,
    critical: false,
  });
  expect(orchestrator.graph(planOf({}))).toEqual({ nodes: [], edges: [], levels: [] });
});

test("weights decide what is critical and what comes first", () => {
  const plan = planOf({ a: [], b: ["a"], heavy: [], end: ["b", "heavy"] });
  const weighted = new Orchestrator({ weights: { heavy: 5.5, a: 0.1, b: 0.2 } });
  const critical = weighted.graph(plan).nodes.filter((node) => node.critical);
  expect(critical.map((node) => node.task)).toEqual(["heavy", "end"]);
  expect(weighted.check(plan).criticalPath).toEqual(["heavy", "end"]);
  expect(weighted.select(plan, [startable("a"), startable("heavy")], [], 1)).toEqual(["heavy"]);
  expect(orchestrator.select(plan, [startable("a"), startable("heavy")], [], 1)).toEqual(["a"]);
});

test("what a check calls the critical path is critical in the graph, and is started first", () => {
  const plan = planOf({ x: [], a: [], b: ["a"], c: ["b"], y: ["x"] });
  const { valid, order, criticalPath } = orchestrator.check(plan);
  expect(valid).toBe(true);
  expect(order).toHaveLength(5);
  expect(criticalPath).toEqual(["a", "b", "c"]);
  expect(orchestrator.select(plan, [startable("x"), startable("a")], [], 1)).toEqual(["a"]);
});

test("a check knows the names that the engine was given", () => {
  const plan = planWith([
    task("t", { work: { kind: "instructions", instructions: "Do it.", agent: "poet" } }),
  ]);
  const { valid, findings } = new Orchestrator({ agents: ["executor"], hasModel: true }).check(plan);
  expect(valid).toBe(false);
  expect(findings.map((finding) => finding.message).join()).toContain("poet");
  expect(orchestrator.check(planOf({ a: ["b"], b: ["a"] })).findings[0]).toMatchObject({ rule: "cycle" });
});

test("in any plan: edges go down at least one level, and each way to the end shrinks by one or more", () => {
  const plans = fc
    .array(fc.uniqueArray(fc.nat(30), { maxLength: 3 }), { maxLength: 30 })
    .map((rows) =>
      planOf(
        Object.fromEntries(
          rows.map((row, index) => [
            `t${index}`,
            row.filter((other) => other < index).map((other) => `t${other}`),
          ]),
        ),
      ),
    );
  fc.assert(
    fc.property(plans, (plan) => {
      const { nodes, edges, levels } = orchestrator.graph(plan);
      const node = new Map(nodes.map((one) => [one.task, one]));
      for (const { from, to } of edges) {
        const [before, after] = [node.get(from), node.get(to)];
        expect(after?.level ?? 0).toBeGreaterThan(before?.level ?? 0);
        expect(before?.remaining ?? 0).toBeGreaterThan(after?.remaining ?? 0);
      }
      expect(levels.flat().toSorted()).toEqual(plan.tasks.map((task): string => task.id).toSorted());
      const longest = Math.max(0, ...nodes.map((one) => one.remaining));
      expect(levels).toHaveLength(longest);
      expect(levels.every((level) => level.some((id) => node.get(id)?.critical))).toBe(true);
    }),
    { numRuns: 300 },
  );
});
