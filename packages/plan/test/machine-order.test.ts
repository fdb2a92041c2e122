import { MACHINE_VERSION, openCommands, pathTo, snapshot, start, step, taskState } from "@mnemosyne/plan";
import { describe, expect, it } from "vitest";
import { caught } from "./support/caught.ts";
import { agentTask, plan, task } from "./support/plans.ts";
import { TestRun } from "./support/run.ts";

const at = "2026-01-01T00:00:00.000Z";

describe("a run's beginning", () => {
  it("opens nothing before run.started", () => {
    const { state, commands } = start(plan([task("a")]));
    expect(commands).toEqual([]);
    expect(openCommands(state)).toEqual([]);
    expect(snapshot(state).status).toBe("pending");
    const { stale } = step(state, { type: "task.started", task: "a" as never, attempt: 1, epoch: 1, at });
    expect(stale).toContain("is not open");
    const begun = step(state, { type: "run.started", machine: MACHINE_VERSION, planHash: "h", at });
    expect(begun.commands).toEqual([
      { type: "runTask", key: "run:a:1", task: "a", attempt: 1, epoch: 1, escalation: "none" },
    ]);
    expect(snapshot(state).status).toBe("running");
  });

  it("happens once, and only by the version of the machine that it belongs to", () => {
    const { state } = start(plan([task("a")]));
    expect(step(state, { type: "run.started", machine: "0", planHash: "h", at }).stale).toContain(
      "version '0'",
    );
    const run = new TestRun(plan([task("a")]));
    expect(run.refuse({ type: "run.started", machine: MACHINE_VERSION, planHash: "h" })).toContain("already");
  });

  it("refuses a plan that is not sound", () => {
    const error = caught(() => start(plan([task("a", ["b"]), task("b", ["a"])])));
    expect(error.code).toBe("E_PLAN_INVALID");
    expect(error.message).toContain("a -> b -> a");
  });

  it("can be cancelled before it happens", () => {
    const { state } = start(plan([task("a")]));
    const { commands } = step(state, { type: "run.cancelled", by: "person", at });
    expect(commands).toMatchObject([
      { type: "finish", finish: { status: "cancelled", tasks: { a: "cancelled" } } },
    ]);
  });
});

describe("the order of tasks", () => {
  it("starts a task when all that it depends on has completed", () => {
    const run = new TestRun(plan([task("c", ["a", "b"]), task("a"), task("b", ["a"])]));
    expect(run.keys()).toEqual(["run:a:1"]);
    run.complete("a");
    expect(run.keys()).toEqual(["run:b:1"]);
    run.complete("b");
    expect(run.keys()).toEqual(["run:c:1"]);
    run.complete("c");
    expect(run.finished).toMatchObject({
      status: "completed",
      tasks: { a: "completed", b: "completed", c: "completed" },
    });
    expect(run.lastFacts()).toEqual(["run.finished"]);
  });

  it("judges work in a tree or with gates, and takes other work as it is", () => {
    const run = new TestRun(
      plan([task("shared"), task("gated", [], { gates: [{ gate: "x", with: {} }] }), agentTask("tree")]),
    );
    run.claim("shared");
    run.report("shared", { type: "task.executed" });
    expect(run.status("shared")).toBe("completed");
    expect(run.lastFacts()).toEqual(["task.completed"]);
    for (const id of ["gated", "tree"]) {
      run.claim(id);
      expect(run.refuse({ type: "task.completed", ...run.ref(id) })).toContain("has to be judged");
      run.report(id, { type: "task.executed", tree: "t" });
      expect(run.status(id)).toBe("reviewing");
      expect(run.keys()).toContain(`review:${id}:1`);
      run.report(id, { type: "task.completed" });
      expect(run.status(id)).toBe("completed");
    }
    expect(run.finished?.status).toBe("completed");
  });

  it("takes results of the current execution only", () => {
    const run = new TestRun(plan([task("a")]));
    expect(run.refuse({ type: "task.started", task: "a" as never, attempt: 1, epoch: 2 })).toContain(
      "epoch 1, not 2",
    );
    expect(run.refuse({ type: "task.started", task: "a" as never, attempt: 2, epoch: 1 })).toContain(
      "not open",
    );
    expect(run.claim("a").closes).toBe("claim:a:1:1");
    // A second worker takes over: what the first one reports is stale.
    expect(run.claim("a").closes).toBe("claim:a:1:2");
    expect(run.refuse({ type: "task.completed", task: "a" as never, attempt: 1, epoch: 1 })).toContain(
      "epoch 2",
    );
    expect(run.report("a", { type: "task.completed" }).closes).toBe("run:a:1:2");
    expect(run.refuse({ type: "task.completed", task: "a" as never, attempt: 1, epoch: 2 })).toContain(
      "completed",
    );
    expect(run.refuse({ type: "task.started", task: "x" as never, attempt: 1, epoch: 1 })).toContain(
      "no task 'x'",
    );
    expect(run.refuse({ type: "from.the.future" } as never)).toContain("does not know");
  });
});

describe("when", () => {
  const conditional = [
    task("a"),
    task("b", ["a"], { when: { task: "a" as never, path: "", equals: 1 } }),
    task("c", ["b"]),
  ];

  it("runs the task when the value fits", () => {
    const run = new TestRun(plan(conditional));
    run.complete("a", { when: { b: true } });
    expect(run.keys()).toEqual(["run:b:1"]);
  });

  it("skips it, and what depends on it, when the value does not fit; the run completes", () => {
    const run = new TestRun(plan(conditional));
    run.complete("a", { when: { b: false } });
    expect(run.finished).toMatchObject({
      status: "completed",
      tasks: { a: "completed", b: "skipped", c: "skipped" },
    });
    expect(run.last.facts).toMatchObject([
      { type: "task.skipped", task: "b", reason: "condition", causes: ["a"] },
      { type: "task.skipped", task: "c", reason: "condition", causes: ["b"] },
      { type: "run.finished" },
    ]);
    expect(pathTo(run.state, "c")).toEqual(["b", "c"]);
  });

  it("never passes without a value", () => {
    const run = new TestRun(plan(conditional));
    run.complete("a");
    expect(run.finished).toMatchObject({
      status: "failed",
      error: { code: "E_INPUT" },
      tasks: { b: "failed", c: "skipped" },
    });
  });
});

describe("forEach", () => {
  const list = plan([
    task("list"),
    task("each", ["list"], { forEach: "list" as never, work: { kind: "function", function: "each" } }),
    task("sum", ["each"]),
  ]);

  it("makes one instance for each element and completes with the last", () => {
    const run = new TestRun(list);
    run.complete("list", { forEach: { each: ["h0", "h1"] } });
    expect(run.last.facts).toMatchObject([
      { type: "task.added", task: "each.0", reason: "forEach", parent: "each" },
      { type: "task.added", task: "each.1", reason: "forEach", parent: "each" },
    ]);
    expect(run.keys()).toEqual(["run:each.0:1", "run:each.1:1"]);
    expect(run.status("each")).toBe("running");
    expect(taskState(run.state, "each.1")).toMatchObject({
      parent: "each",
      element: { index: 1, hash: "h1" },
      task: { id: "each.1", work: { function: "each" } },
    });
    run.complete("each.1");
    expect(run.status("sum")).toBe("pending");
    run.complete("each.0");
    expect(run.status("each")).toBe("completed");
    expect(run.lastFacts()).toEqual(["task.completed"]);
    expect(run.keys()).toEqual(["run:sum:1"]);
  });

  it("of an empty list completes at once", () => {
    const run = new TestRun(list);
    run.complete("list", { forEach: { each: [] } });
    expect(run.status("each")).toBe("completed");
    expect(run.keys()).toEqual(["run:sum:1"]);
  });

  it("without a list fails", () => {
    const run = new TestRun(list);
    run.complete("list");
    expect(run.finished).toMatchObject({ status: "failed", error: { code: "E_INPUT" } });
  });

  it("fails with an instance that fails for good", () => {
    const run = new TestRun(list);
    run.complete("list", { forEach: { each: ["h0", "h1", "h2"] } });
    run.claim("each.0");
    run.fail("each.1");
    expect(run.statuses()).toMatchObject({
      each: "failed",
      "each.0": "running",
      "each.1": "failed",
      "each.2": "cancelled",
      sum: "skipped",
    });
    run.report("each.0", { type: "task.completed" });
    expect(run.finished).toMatchObject({ status: "failed", error: { details: { task: "each.1" } } });
    expect(pathTo(run.state, "sum")).toEqual(["each.1", "sum"]);
  });

  it("asks for an approval of each instance", () => {
    const run = new TestRun(
      plan([task("list"), task("each", ["list"], { forEach: "list" as never, approval: "This one?" })]),
    );
    run.complete("list", { forEach: { each: ["h0", "h1"] } });
    expect(run.last.commands).toMatchObject([
      { type: "wait", task: "each.0", kind: "approval", text: "This one?" },
      { type: "wait", task: "each.1" },
    ]);
  });
});

describe("the end of a run", () => {
  it("comes after the final gates have passed", () => {
    const run = new TestRun(plan([task("a")], { finalGates: [{ gate: "completeness", with: {} }] }));
    run.complete("a");
    expect(run.keys()).toEqual(["judge:1"]);
    expect(run.finished).toBeUndefined();
    expect(run.give({ type: "run.judged", verdict: "pass" }).closes).toBe("judge:1");
    expect(run.finished?.status).toBe("completed");
    expect(run.refuse({ type: "run.judged", verdict: "pass" })).toContain("open");
  });

  it.each(["fail", "error", "inconclusive"] as const)(
    "is a failure when the final gates say %s",
    (verdict) => {
      const run = new TestRun(plan([task("a")], { finalGates: [{ gate: "completeness", with: {} }] }));
      run.complete("a");
      run.give({ type: "run.judged", verdict, summary: "Notes are missing." });
      expect(run.finished).toMatchObject({
        status: "failed",
        tasks: { a: "completed" },
        error: { code: "E_GATE_FAILED", message: expect.stringContaining("Notes are missing.") as string },
      });
    },
  );

  it("does not ask the final gates when a task failed", () => {
    const run = new TestRun(
      plan([task("a"), task("b")], {
        onFailure: "continue",
        finalGates: [{ gate: "completeness", with: {} }],
      }),
    );
    run.fail("a");
    run.complete("b");
    expect(run.finished?.status).toBe("failed");
  });

  it("is written down with a digest, and every 100 inputs there is a checkpoint", () => {
    const run = new TestRun(plan(Array.from({ length: 120 }, (_, index) => task(`t${index}`))));
    for (let index = 0; index < 120; index++) run.complete(`t${index}`);
    const checkpoints = run.facts.filter(({ type }) => type === "checkpoint.taken");
    expect(checkpoints).toMatchObject([{ stateSeq: 100 }, { stateSeq: 200 }]);
    expect(run.finished?.digest).toMatch(/^[0-9a-f]{16}$/);
    expect(
      new Set([...checkpoints, run.finished].map((fact) => (fact as { digest: string }).digest)).size,
    ).toBe(3);
  });
});
