import {
  digest,
  restoreState,
  saveRun,
  saveTask,
  snapshot,
  step,
  taskState,
  type SavedRun,
  type SavedTask,
} from "@mnemosyne/plan";
import { describe, expect, it } from "vitest";
import { caught } from "./support/caught.ts";
import { agentTask, plan, task } from "./support/plans.ts";
import { TestRun } from "./support/run.ts";

const of = plan([agentTask("a"), task("b", ["a"], { approval: "Sure?" }), task("c")]);

function rejected(): TestRun {
  const run = new TestRun(of);
  run.reject("a", "f");
  run.claim("a");
  run.give({
    type: "task.added",
    task: "a" as never,
    parent: "a" as never,
    reason: "subagent",
    tasks: [task("s", ["c"])],
  });
  return run;
}

function parts(run: TestRun): { run: SavedRun; tasks: SavedTask[] } {
  const tasks = snapshot(run.state).tasks.map(({ id }) => saveTask(run.state, id) as SavedTask);
  return { run: saveRun(run.state), tasks };
}

describe("a state that was saved by task", () => {
  it("is read back as it was, and goes on in the same way", () => {
    const run = rejected();
    const saved = parts(run);
    const read = restoreState(of, saved.run, JSON.parse(JSON.stringify(saved.tasks)) as SavedTask[]);
    expect(digest(read)).toBe(digest(run.state));
    expect(snapshot(read)).toEqual(snapshot(run.state));
    const input = {
      type: "task.started",
      task: "c" as never,
      attempt: 1,
      epoch: 1,
      at: "2026-01-01T01:00:00.000Z",
    } as const;
    const { state: _one, ...there } = step(read, input);
    const { state: _two, ...here } = step(run.state, input);
    expect(there).toEqual(here);
    expect(digest(read)).toBe(digest(run.state));
  });

  it("does not wait for instances whose elements an edit has taken away", () => {
    const listed = (more: object) =>
      plan([
        task("list"),
        task("each", ["list"], { forEach: "list" as never, ...more }),
        task("sum", ["each"]),
      ]);
    const run = new TestRun(listed({}));
    run.complete("list", { forEach: { each: ["h0", "h1"] } });
    run.fail("each.1");
    const edited = listed({ attempts: 2 });
    run.give({
      type: "plan.edited",
      by: "person",
      plan: edited,
      keep: ["list"] as never,
      forEach: { each: ["h0"] },
    });
    run.claim("each.0");
    const saved = parts(run);
    const read = restoreState(edited, saved.run, JSON.parse(JSON.stringify(saved.tasks)) as SavedTask[]);
    const at = "2026-01-01T01:00:00.000Z";
    const again = step(read, { type: "task.completed", ...run.ref("each.0"), at });
    expect(again.commands).toMatchObject([{ type: "runTask", task: "sum" }]);
    expect(taskState(read, "each")?.status).toBe("completed");
  });

  it("needs only the tasks that a step has touched", () => {
    const run = new TestRun(of);
    run.claim("c");
    const touched = ["a", "c"].map((id) => saveTask(run.state, id) as SavedTask);
    expect(digest(restoreState(of, saveRun(run.state), touched))).toBe(digest(run.state));
  });

  it.each<[string, Partial<SavedTask>]>([
    ["status", { status: "reviewing" }],
    ["open key", { open: "review" }],
    ["abort", { aborting: true }],
    ["attempt", { attempt: 3 }],
    ["allowance", { lastAttempt: 4 }],
    ["epoch", { epoch: 2 }],
    ["reviews", { reviews: 1 }],
    ["waits", { waits: 1 }],
    ["level", { level: "model" }],
    ["last start", { started: 9 }],
    ["completion", { ended: 9 }],
    ["fingerprints", { extra: { fingerprints: ["g"] } }],
    ["error", { extra: { fingerprints: ["f"], error: { code: "E_GATE", kind: "conflict", message: "x" } } }],
    ["approval", { extra: { fingerprints: ["f"], approved: "s" } }],
    ["condition", { extra: { fingerprints: ["f"], condition: false } }],
    ["decision", { extra: { fingerprints: ["f"], decision: { granted: true, by: "p" } } }],
    ["element", { extra: { fingerprints: ["f"], element: { index: 0, hash: "h" } } }],
    ["elements", { extra: { fingerprints: ["f"], elements: ["h"] } }],
    ["wait", { extra: { fingerprints: ["f"], wait: { kind: "question", text: "?" } } }],
    ["due time", { extra: { fingerprints: ["f"], dueAt: "2026-01-01T01:00:00.000Z" } }],
    ["causes", { extra: { fingerprints: ["f"], causes: ["c" as never] } }],
    ["compensations", { extra: { fingerprints: ["f"], compensations: 1 } }],
  ])("has another digest when a task's %s is another one", (_name, change) => {
    const run = rejected();
    const saved = parts(run);
    const [first, ...rest] = saved.tasks as [SavedTask, ...SavedTask[]];
    const changed = restoreState(of, saved.run, [{ ...first, ...change }, ...rest]);
    expect(digest(changed)).not.toBe(digest(run.state));
  });

  it.each<[string, Partial<SavedRun>]>([
    ["phase", { phase: "stopping" }],
    ["pause", { paused: true }],
    ["inputs", { inputs: 99 }],
    ["order", { order: 99 }],
    ["rollbacks", { rollbacks: 1 }],
    ["judgements", { judgements: 1 }],
    ["deadline", { deadline: "2026-01-01T01:00:00.000Z" }],
    ["goal", { goal: { status: "failed", undo: false } }],
  ])("has another digest when the run's %s is another one", (_name, change) => {
    const run = rejected();
    const saved = parts(run);
    expect(digest(restoreState(of, { ...saved.run, ...change }, saved.tasks))).not.toBe(digest(run.state));
  });

  it("is refused when it does not fit the plan or the machine", () => {
    const run = rejected();
    const saved = parts(run);
    expect(caught(() => restoreState(plan([task("x")]), saved.run, saved.tasks)).code).toBe("E_CONFLICT");
    expect(caught(() => restoreState(of, { ...saved.run, version: "0" }, saved.tasks)).message).toContain(
      "version '0'",
    );
    expect(
      caught(() =>
        restoreState(
          of,
          saved.run,
          saved.tasks.filter(({ id }) => id !== "s").concat({ ...(saved.tasks[3] as SavedTask), index: 7 }),
        ),
      ).code,
    ).toBe("E_CONFLICT");
    expect(saveTask(run.state, "nobody")).toBeUndefined();
  });
});
