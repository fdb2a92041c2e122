import { Orchestrator } from "@mnemosyne/orchestrator";
import fc from "fast-check";
import { expect, test } from "vitest";
import { planOf } from "./plans.ts";

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
