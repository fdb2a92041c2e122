import { snapshot, taskState } from "@mnemosyne/plan";
import { describe, expect, it } from "vitest";
import { agentTask, plan, task } from "./support/plans.ts";
import { TestRun } from "./support/run.ts";

const compensate = { run: "undo" };

function retry(run: TestRun, id: string): void {
  run.give({ type: "retry.requested", task: id as never, by: "person" });
}

function undo(run: TestRun, to?: string): void {
  run.give({ type: "rollback.requested", by: "person", ...(to === undefined ? {} : { to: to as never }) });
}

describe("retry.requested", () => {
  it("opens a failed task again, with what hangs on it and what was cancelled only because the run stopped", () => {
    const run = new TestRun(
      plan([
        task("a"),
        task("bad", ["a"], { attempts: 2 }),
        task("needs", ["bad"]),
        task("slow"),
        task("later", ["slow"]),
      ]),
    );
    run.complete("a");
    run.claim("slow");
    run.fail("bad");
    run.report("slow", { type: "task.completed" });
    expect(run.finished?.tasks).toEqual({
      a: "completed",
      bad: "failed",
      needs: "skipped",
      slow: "completed",
      later: "cancelled",
    });
    retry(run, "bad");
    expect(run.last.facts).toEqual([{ type: "run.resumed", reason: "person asked to retry task 'bad'." }]);
    expect(run.last.commands).toMatchObject([
      { type: "runTask", key: "run:bad:2", attempt: 2, epoch: 1 },
      { type: "runTask", key: "run:later:1" },
    ]);
    expect(snapshot(run.state)).toMatchObject({ status: "running" });
    expect(run.statuses()).toMatchObject({ a: "completed", needs: "pending" });
    // A new allowance: two attempts again.
    run.fail("bad", { retryable: true, jitter: 0 });
    run.give({ type: "timer.fired", key: "timer:bad:3" });
    run.complete("bad");
    run.complete("later");
    run.complete("needs");
    expect(run.finished?.status).toBe("completed");
    expect(run.facts.filter(({ type }) => type === "run.finished")).toHaveLength(2);
  });

  it("of a skipped task opens what it needs too", () => {
    const run = new TestRun(plan([task("a"), task("b", ["a"]), task("c", ["b"])]));
    run.fail("a");
    retry(run, "c");
    expect(run.keys()).toEqual(["run:a:2"]);
    for (const id of ["a", "b", "c"]) run.complete(id);
    expect(run.finished?.status).toBe("completed");
  });

  it("leaves alone what hangs on another failure", () => {
    const run = new TestRun(
      plan([task("x"), task("y"), task("both", ["x", "y"]), task("onX", ["x"])], { onFailure: "continue" }),
    );
    run.fail("x");
    run.fail("y");
    retry(run, "x");
    expect(run.statuses()).toMatchObject({ x: "ready", y: "failed", both: "skipped", onX: "pending" });
    run.complete("x");
    run.complete("onX");
    expect(run.finished).toMatchObject({ status: "failed", error: { details: { task: "y" } } });
  });

  it("is taken while the run still goes on, or stops", () => {
    const run = new TestRun(plan([task("bad"), task("slow")]));
    run.claim("slow");
    run.fail("bad");
    retry(run, "bad");
    expect(run.statuses()).toEqual({ bad: "ready", slow: "running" });
    run.complete("bad");
    run.report("slow", { type: "task.completed" });
    expect(run.finished?.status).toBe("completed");
  });

  it("forgets fingerprints and levels, and keeps an approval", () => {
    const run = new TestRun(plan([agentTask("a", [], { attempts: 2, approval: "Sure?" })]));
    run.give({ type: "approval.requested", task: "a" as never, attempt: 1, subject: "s", prompt: "Sure?" });
    run.give({ type: "approval.granted", task: "a" as never, by: "p" });
    run.reject("a", "same");
    run.reject("a", "same");
    retry(run, "a");
    expect(run.last.commands).toMatchObject([{ type: "runTask", attempt: 3, escalation: "none" }]);
    run.reject("a", "same");
    expect(run.last.commands).toMatchObject([{ type: "runTask", attempt: 4, escalation: "none" }]);
  });

  it("opens what a task that still runs has added and waits for", () => {
    const run = new TestRun(
      plan([task("x"), task("bad"), task("y", ["x"]), task("z", ["y"])], { onFailure: "continue" }),
    );
    run.fail("bad");
    run.claim("x");
    run.give({
      type: "task.added",
      task: "x" as never,
      tasks: [task("added", ["bad"])],
      reason: "subagent",
    });
    expect(run.statuses()).toMatchObject({ x: "running", added: "skipped", y: "skipped" });
    retry(run, "y");
    expect(run.statuses()).toMatchObject({ bad: "ready", added: "pending", y: "pending", z: "pending" });
    run.report("x", { type: "task.completed" });
    for (const id of ["bad", "added", "y", "z"]) run.complete(id);
    expect(run.finished?.status).toBe("completed");
  });

  it("of a list opens what an instance that still runs has added", () => {
    const run = new TestRun(
      plan(
        [
          task("list"),
          task("bad"),
          task("each", ["list"], { forEach: "list" as never }),
          task("sum", ["each"]),
        ],
        { onFailure: "continue" },
      ),
    );
    run.complete("list", { forEach: { each: ["h0"] } });
    run.fail("bad");
    run.claim("each.0");
    run.give({
      type: "task.added",
      task: "each.0" as never,
      tasks: [task("added", ["bad"])],
      reason: "subagent",
    });
    expect(run.statuses()).toMatchObject({ each: "failed", sum: "skipped" });
    retry(run, "sum");
    run.report("each.0", { type: "task.completed" });
    for (const id of ["bad", "added", "sum"]) run.complete(id);
    expect(run.finished?.status).toBe("completed");
  });

  it("brings back what was cancelled because the run stopped, also of a task that still runs", () => {
    const run = new TestRun(plan([task("x"), task("bad"), task("y", ["x"])]));
    run.claim("x");
    run.give({ type: "task.added", task: "x" as never, tasks: [task("added")], reason: "subagent" });
    run.fail("bad");
    expect(run.statuses()).toMatchObject({ x: "running", added: "cancelled", y: "cancelled" });
    retry(run, "bad");
    run.report("x", { type: "task.completed" });
    for (const id of ["bad", "added", "y"]) run.complete(id);
    expect(run.finished?.status).toBe("completed");
  });

  it("of a task whose member still waits for a failed one opens that one too", () => {
    const run = new TestRun(plan([task("x"), task("y", ["x"])], { onFailure: "continue" }));
    run.claim("x");
    run.give({ type: "task.added", task: "x" as never, tasks: [task("m")], reason: "subagent" });
    run.claim("m");
    run.give({ type: "task.added", task: "m" as never, tasks: [task("mm")], reason: "subagent" });
    run.fail("mm");
    run.report("m", { type: "task.completed" });
    run.report("x", {
      type: "task.failed",
      error: { code: "E_COMMAND_FAILED", kind: "conflict", message: "It broke." },
      retryable: false,
    });
    retry(run, "x");
    expect(run.statuses()).toMatchObject({ x: "ready", m: "completed", mm: "ready", y: "pending" });
    for (const id of ["x", "mm", "y"]) run.complete(id);
    expect(run.finished?.status).toBe("completed");
  });

  it("of an instance opens its forEach task again; completed instances stay", () => {
    const run = new TestRun(
      plan([task("list"), task("each", ["list"], { forEach: "list" as never }), task("sum", ["each"])]),
    );
    run.complete("list", { forEach: { each: ["h0", "h1"] } });
    run.complete("each.0");
    run.fail("each.1");
    expect(run.finished?.tasks).toMatchObject({ each: "failed", sum: "skipped" });
    retry(run, "each.1");
    expect(run.statuses()).toMatchObject({
      each: "running",
      "each.0": "completed",
      "each.1": "ready",
      sum: "pending",
    });
    run.complete("each.1");
    run.complete("sum");
    expect(run.finished?.status).toBe("completed");
  });

  it("of an agent's task lets it add its tasks anew", () => {
    const run = new TestRun(plan([task("lead"), task("after", ["lead"])]));
    run.claim("lead");
    const added = {
      type: "task.added",
      task: "lead" as never,
      parent: "lead" as never,
      reason: "subagent",
    } as const;
    run.give({ ...added, tasks: [task("s")] });
    run.report("lead", {
      type: "task.failed",
      error: { code: "E_TOOL", kind: "conflict", message: "No." },
      retryable: false,
    });
    expect(run.finished?.tasks).toMatchObject({ s: "skipped" });
    retry(run, "lead");
    expect(taskState(run.state, "s")).toMatchObject({ status: "skipped", parent: "lead", counts: false });
    run.claim("lead");
    run.give({ ...added, tasks: [task("s", [], { attempts: 2 })] });
    expect(taskState(run.state, "s")).toMatchObject({ status: "ready", counts: true, task: { attempts: 2 } });
    run.report("lead", { type: "task.completed" });
    expect(run.status("after")).toBe("pending");
    run.complete("s");
    run.complete("after");
    expect(run.finished?.status).toBe("completed");
  });

  it("carries a deadline on that has not passed, and drops one that has", () => {
    const open = new TestRun(plan([task("a")]), "2026-01-01T01:00:00.000Z");
    open.fail("a");
    expect(open.last.withdrawn).toContain("timer:deadline");
    retry(open, "a");
    expect(open.last.commands).toMatchObject([{ type: "timer", key: "timer:deadline" }, { type: "runTask" }]);
    const passed = new TestRun(plan([task("a")]), "2026-01-01T00:00:01.000Z");
    passed.give({ type: "timer.fired", key: "timer:deadline" });
    retry(passed, "a");
    expect(passed.keys()).toEqual(["run:a:1"]);
  });

  it("is refused where it makes no sense", () => {
    const run = new TestRun(
      plan([
        task("a"),
        task("b", ["a"], { when: { task: "a" as never, path: "", equals: 1 } }),
        task("c", ["a"]),
      ]),
    );
    run.complete("a", { when: { b: false } });
    const reasonFor = (id: string): string =>
      run.refuse({ type: "retry.requested", task: id as never, by: "p" });
    expect(reasonFor("a")).toContain("never runs again");
    expect(reasonFor("b")).toContain("condition");
    expect(reasonFor("c")).toContain("only one that has ended");
    expect(reasonFor("x")).toContain("no task");
  });
});

describe("rollback.requested", () => {
  const chain = plan([
    task("a", [], { compensate }),
    task("b", ["a"]),
    task("c", ["b"], { compensate }),
    task("d", ["c"], { compensate }),
  ]);

  function done(): TestRun {
    const run = new TestRun(chain);
    for (const id of ["a", "b", "c", "d"]) run.complete(id);
    return run;
  }

  it("undoes an ended run from the last start back", () => {
    const run = done();
    undo(run);
    expect(run.lastFacts()).toEqual(["run.resumed"]);
    for (const id of ["d", "c", "a"]) {
      expect(run.keys()).toEqual([`compensate:${id}:1`]);
      run.give({ type: "compensation.completed", task: id as never, attempt: 1 });
      expect(run.last.facts).toContainEqual({ type: "task.compensated", task: id, attempt: 1 });
    }
    run.give({ type: "workspace.restored", paths: 2 });
    expect(run.finished).toMatchObject({
      status: "rolledBack",
      tasks: { a: "compensated", b: "compensated", c: "compensated", d: "compensated" },
    });
    expect(run.finished?.error).toBeUndefined();
    expect(run.refuse({ type: "rollback.requested", by: "p" })).toContain("nothing to undo");
  });

  it("goes back to the state after a task", () => {
    const run = done();
    undo(run, "b");
    run.give({ type: "compensation.completed", task: "d" as never, attempt: 1 });
    run.give({ type: "compensation.completed", task: "c" as never, attempt: 1 });
    expect(run.last.commands).toEqual([{ type: "restore", key: "restore:1", to: "b" }]);
    run.give({ type: "workspace.restored", paths: 1 });
    expect(run.finished?.tasks).toEqual({
      a: "completed",
      b: "completed",
      c: "compensated",
      d: "compensated",
    });
  });

  it("undoes what was under way when that task completed, though it had started before", () => {
    const run = new TestRun(plan([task("early", [], { compensate }), task("point")]));
    run.claim("early");
    run.complete("point");
    run.report("early", { type: "task.completed" });
    undo(run, "point");
    expect(run.keys()).toEqual(["compensate:early:1"]);
  });

  it("can be carried on from: a retry runs what was undone again", () => {
    const run = done();
    undo(run, "b");
    run.give({ type: "compensation.completed", task: "d" as never, attempt: 1 });
    run.give({ type: "compensation.completed", task: "c" as never, attempt: 1 });
    run.give({ type: "workspace.restored", paths: 1 });
    retry(run, "d");
    expect(run.keys()).toEqual(["run:c:2"]);
    run.complete("c");
    run.complete("d");
    expect(run.finished?.status).toBe("completed");
    undo(run, "c");
    expect(run.keys()).toEqual(["compensate:d:2"]);
  });

  it("tries again what an earlier one could not undo", () => {
    const run = done();
    undo(run, "c");
    const error = { code: "E_COMMAND_FAILED", kind: "conflict", message: "No." } as const;
    for (const attempt of [1, 2, 3]) {
      if (attempt > 1) run.give({ type: "timer.fired", key: `timer:compensate:d:${attempt - 1}` });
      run.give({ type: "compensation.failed", task: "d" as never, attempt, error });
    }
    run.give({ type: "workspace.restored", paths: 1 });
    expect(run.finished).toMatchObject({ status: "failed", dirty: ["task:d"] });
    undo(run, "c");
    expect(run.keys()).toEqual(["compensate:d:4"]);
    run.give({ type: "compensation.completed", task: "d" as never, attempt: 4 });
    run.give({ type: "workspace.restored", paths: 1 });
    expect(run.finished?.status).toBe("rolledBack");
  });

  it("ends a run that goes on, or pauses, first", () => {
    const run = new TestRun(chain);
    run.complete("a");
    run.claim("b");
    undo(run);
    expect(run.keys()).toEqual(["abort run:b:1"]);
    run.report("b", { type: "task.aborted", outcome: "unknown" });
    expect(run.keys()).toEqual(["compensate:a:1"]);
    const paused = new TestRun(plan([task("a", [], { compensate }), task("b", ["a"])]));
    paused.complete("a");
    paused.claim("b");
    paused.report("b", { type: "question.asked", question: "q", text: "?" });
    undo(paused);
    expect(paused.keys()).toEqual(["compensate:a:1"]);
  });

  it("is refused for a point that was never reached, and before the run began", () => {
    const run = new TestRun(chain);
    run.complete("a");
    expect(run.refuse({ type: "rollback.requested", to: "c" as never, by: "p" })).toContain("pending");
    expect(run.refuse({ type: "rollback.requested", to: "x" as never, by: "p" })).toContain("no task");
  });

  it("of a forEach undoes its instances, and a retry takes the list anew", () => {
    const run = new TestRun(
      plan([task("list"), task("each", ["list"], { forEach: "list" as never, compensate })]),
    );
    run.complete("list", { forEach: { each: ["h0", "h1", "h2"] } });
    for (const index of [0, 1, 2]) run.complete(`each.${index}`);
    undo(run);
    for (const index of [2, 1, 0])
      run.give({ type: "compensation.completed", task: `each.${index}` as never, attempt: 1 });
    run.give({ type: "workspace.restored", paths: 0 });
    expect(run.finished).toMatchObject({
      status: "rolledBack",
      tasks: { each: "compensated", "each.1": "compensated" },
    });
    retry(run, "each");
    expect(run.keys()).toEqual(["run:list:2"]);
    run.complete("list", { forEach: { each: ["g0", "g1"] } });
    expect(run.keys()).toEqual(["run:each.0:2", "run:each.1:2"]);
    expect(taskState(run.state, "each.0")?.element).toEqual({ index: 0, hash: "g0" });
    expect(taskState(run.state, "each.2")).toMatchObject({ status: "compensated", counts: false });
    run.complete("each.0");
    run.complete("each.1");
    expect(run.finished?.status).toBe("completed");
    expect(run.refuse({ type: "retry.requested", task: "each.2" as never, by: "p" })).toContain("no longer");
  });
});
