import { pathTo, snapshot, taskState } from "@mnemosyne/plan";
import { describe, expect, it } from "vitest";
import { agentTask, plan, task } from "./support/plans.ts";
import { TestRun } from "./support/run.ts";

const compensate = { run: "undo" };
const error = { code: "E_COMMAND_FAILED", kind: "conflict", message: "It stays." } as const;

describe("onFailure: stop", () => {
  it("starts nothing new, lets what runs end with its review, skips what needs the failed task and cancels the rest", () => {
    const run = new TestRun(
      plan([
        task("bad"),
        task("needs", ["bad"]),
        task("far", ["needs"]),
        agentTask("runs"),
        task("after", ["runs"]),
        task("unclaimed"),
        task("asks", [], { approval: "Sure?" }),
      ]),
    );
    run.claim("runs");
    run.fail("bad");
    expect(run.statuses()).toEqual({
      bad: "failed",
      needs: "skipped",
      far: "skipped",
      runs: "running",
      after: "cancelled",
      unclaimed: "cancelled",
      asks: "cancelled",
    });
    expect(run.last.withdrawn).toEqual(["run:unclaimed:1", "wait:asks:1:1"]);
    expect(run.last.facts).toContainEqual({
      type: "task.skipped",
      task: "far",
      attempt: 1,
      reason: "dependency",
      causes: ["bad"],
    });
    expect(pathTo(run.state, "far")).toEqual(["bad", "needs", "far"]);
    run.report("runs", { type: "task.executed", tree: "t" });
    expect(run.status("runs")).toBe("reviewing");
    run.report("runs", { type: "task.completed" });
    expect(run.finished).toMatchObject({
      status: "failed",
      tasks: { runs: "completed", after: "cancelled" },
      error: {
        code: "E_COMMAND_FAILED",
        message: "Task 'bad' failed: 'bad' went wrong.",
        details: { task: "bad" },
      },
    });
  });

  it("gives what runs no further attempt and asks nobody", () => {
    const run = new TestRun(plan([task("bad"), agentTask("again"), agentTask("asks"), agentTask("gate")]));
    for (const id of ["again", "asks", "gate"]) run.claim(id);
    run.fail("bad");
    run.report("again", { type: "task.executed" });
    run.report("again", { type: "task.rejected", verdict: "fail", fingerprint: "f" });
    run.report("asks", { type: "question.asked", question: "q", text: "?" });
    run.report("gate", { type: "task.executed" });
    run.report("gate", { type: "review.failed", error });
    expect(run.finished).toMatchObject({
      status: "failed",
      tasks: { again: "cancelled", asks: "cancelled", gate: "cancelled" },
    });
  });

  it("lets another worker take over what runs", () => {
    const run = new TestRun(plan([task("bad"), task("runs")]));
    run.claim("runs");
    run.fail("bad");
    run.claim("runs");
    run.report("runs", { type: "task.completed" });
    expect(run.finished?.tasks).toMatchObject({ runs: "completed" });
  });
});

describe("onFailure: continue", () => {
  it("goes on with whatever does not depend on the failed task", () => {
    const run = new TestRun(
      plan([task("bad"), task("needs", ["bad"]), task("a"), task("b", ["a"])], { onFailure: "continue" }),
    );
    run.fail("bad");
    expect(run.keys()).toEqual(["run:a:1"]);
    run.complete("a");
    run.complete("b");
    expect(run.finished).toMatchObject({
      status: "failed",
      tasks: { bad: "failed", needs: "skipped", a: "completed", b: "completed" },
    });
  });

  it("names the first failure and counts the others", () => {
    const run = new TestRun(plan([task("a"), task("b")], { onFailure: "continue" }));
    run.fail("b");
    run.fail("a");
    expect(run.finished?.error).toMatchObject({
      details: { task: "b" },
      message: expect.stringContaining("1 more failed") as string,
    });
  });
});

describe("onFailure: rollback", () => {
  const rolled = plan(
    [
      task("a", [], { compensate }),
      task("b", ["a"]),
      task("c", ["a"], { compensate }),
      task("d", ["a"], { compensate }),
      task("never", ["b", "d"], { compensate }),
    ],
    { onFailure: "rollback" },
  );

  it("aborts, waits for every end, then compensates what began in reverse order of the starts, then restores", () => {
    const run = new TestRun(rolled);
    run.complete("a");
    run.complete("c");
    run.claim("d");
    run.fail("b");
    expect(run.last.commands).toEqual([{ type: "abort", key: "run:d:1", task: "d", attempt: 1, epoch: 1 }]);
    expect(run.status("never")).toBe("skipped");
    expect(run.refuse({ type: "task.started", task: "d" as never, attempt: 1, epoch: 2 })).toContain(
      "being aborted",
    );
    run.report("d", { type: "task.aborted", outcome: "unknown" });
    expect(run.last.closes).toBe("run:d:1:1");
    expect(run.last.commands).toEqual([
      { type: "compensate", key: "compensate:d:1", task: "d", attempt: 1, outcome: "unknown" },
    ]);
    run.refuse({ type: "compensation.completed", task: "c" as never, attempt: 1 });
    expect(run.give({ type: "compensation.completed", task: "d" as never, attempt: 1 }).closes).toBe(
      "compensate:d:1",
    );
    expect(run.last.commands).toMatchObject([{ type: "compensate", task: "c", outcome: "completed" }]);
    run.give({ type: "compensation.completed", task: "c" as never, attempt: 1 });
    run.give({ type: "compensation.completed", task: "a" as never, attempt: 1 });
    expect(run.last.commands).toEqual([{ type: "restore", key: "restore:1" }]);
    run.refuse({ type: "compensation.completed", task: "a" as never, attempt: 1 });
    expect(run.give({ type: "workspace.restored", paths: 3 }).closes).toBe("restore:1");
    expect(run.finished).toMatchObject({
      status: "rolledBack",
      error: { details: { task: "b" } },
      tasks: { a: "compensated", b: "failed", c: "compensated", d: "compensated", never: "skipped" },
    });
    expect(run.finished?.dirty).toBeUndefined();
    run.refuse({ type: "workspace.restored", paths: 3 });
  });

  it("knows of work that finished while it was being aborted", () => {
    const run = new TestRun(rolled);
    run.complete("a");
    run.claim("d");
    run.claim("c");
    run.fail("b");
    run.report("c", { type: "task.completed" });
    run.report("d", { type: "task.executed" });
    expect(run.last.commands).toMatchObject([{ type: "compensate", task: "c", outcome: "completed" }]);
    run.give({ type: "compensation.completed", task: "c" as never, attempt: 1 });
    expect(run.last.commands).toMatchObject([{ type: "compensate", task: "d", outcome: "completed" }]);
  });

  it("compensates the failed task too: nobody knows how far it came", () => {
    const run = new TestRun(plan([task("a", [], { compensate })], { onFailure: "rollback" }));
    run.fail("a");
    expect(run.last.commands).toMatchObject([{ type: "compensate", task: "a", outcome: "unknown" }]);
    run.give({ type: "compensation.completed", task: "a" as never, attempt: 1 });
    run.give({ type: "workspace.restored", paths: 0 });
    expect(run.finished).toMatchObject({
      status: "rolledBack",
      tasks: { a: "compensated" },
      error: { code: "E_COMMAND_FAILED", details: { task: "a" } },
    });
  });

  it("compensates what waits or comes again later, and not what never began", () => {
    const run = new TestRun(
      plan(
        [
          task("asks", [], { compensate }),
          task("again", [], { compensate, attempts: 2 }),
          task("approved", [], { compensate, approval: "Sure?" }),
          task("bad"),
        ],
        { onFailure: "rollback" },
      ),
    );
    run.claim("asks");
    run.report("asks", { type: "question.asked", question: "q", text: "?" });
    run.claim("again");
    run.report("again", { type: "task.failed", error, retryable: true, jitter: 0 });
    run.fail("bad");
    expect(run.last.withdrawn).toEqual(["wait:asks:1:1", "timer:again:2", "wait:approved:1:1"]);
    expect(run.last.commands).toMatchObject([{ type: "compensate", task: "again", outcome: "unknown" }]);
    run.give({ type: "compensation.completed", task: "again" as never, attempt: 1 });
    expect(run.last.commands).toMatchObject([{ type: "compensate", task: "asks", outcome: "unknown" }]);
    run.give({ type: "compensation.completed", task: "asks" as never, attempt: 1 });
    run.give({ type: "workspace.restored", paths: 0 });
    expect(run.finished?.tasks).toMatchObject({ approved: "cancelled" });
  });

  it("tries a compensation three times, goes on with the others, and ends failed with what stands", () => {
    const run = new TestRun(rolled);
    run.complete("a");
    run.complete("c");
    run.fail("b");
    for (const attempt of [1, 2]) {
      run.give({ type: "compensation.failed", task: "c" as never, attempt, error, jitter: 1 });
      const [timer] = run.last.commands;
      expect(timer).toMatchObject({ type: "timer", key: `timer:compensate:c:${attempt}` });
      expect(Date.parse((timer as { dueAt: string }).dueAt) - Date.parse(run.inputs.at(-1)?.at ?? "")).toBe(
        attempt * 1000,
      );
      run.refuse({ type: "compensation.completed", task: "c" as never, attempt });
      run.give({ type: "timer.fired", key: `timer:compensate:c:${attempt}` });
      expect(run.last.commands).toMatchObject([{ type: "compensate", key: `compensate:c:${attempt + 1}` }]);
    }
    run.give({ type: "compensation.failed", task: "c" as never, attempt: 3, error });
    expect(run.last.commands).toMatchObject([{ type: "compensate", task: "a" }]);
    run.give({ type: "compensation.completed", task: "a" as never, attempt: 1 });
    run.give({ type: "workspace.restored", paths: 1, conflicts: ["src/a.ts"] });
    expect(run.finished).toMatchObject({
      status: "failed",
      dirty: ["task:c", "path:src/a.ts"],
      tasks: { a: "compensated", c: "completed" },
      error: { code: "E_CONFLICT", message: expect.stringContaining("task:c, path:src/a.ts") as string },
    });
    expect(taskState(run.state, "c")?.error).toEqual(error);
  });
});

describe("run.cancelled", () => {
  it("aborts what runs, cancels the rest and compensates nothing", () => {
    const run = new TestRun(
      plan([task("a", [], { compensate }), task("b", ["a"]), task("c", ["b"]), task("d", ["a"])]),
    );
    run.complete("a");
    run.claim("b");
    run.give({ type: "run.cancelled", by: "person", reason: "Enough" });
    expect(run.last.withdrawn).toEqual(["run:d:1"]);
    expect(run.keys()).toEqual(["abort run:b:1"]);
    expect(run.refuse({ type: "run.cancelled", by: "person" })).toContain("already");
    run.report("b", { type: "task.failed", error, retryable: true });
    expect(run.finished).toMatchObject({
      status: "cancelled",
      tasks: { a: "completed", b: "cancelled", c: "cancelled", d: "cancelled" },
      error: { code: "E_CANCELLED", kind: "cancelled", message: "The run was cancelled by person: Enough." },
    });
    expect(run.refuse({ type: "run.cancelled", by: "person" })).toContain("finished");
  });

  it("ends a paused run at once", () => {
    const run = new TestRun(plan([task("a", [], { approval: "Sure?" })]));
    run.give({ type: "approval.requested", task: "a" as never, attempt: 1, subject: "s", prompt: "Sure?" });
    run.give({ type: "run.cancelled", by: "person" });
    expect(run.finished).toMatchObject({ status: "cancelled", tasks: { a: "cancelled" } });
  });

  it("counts what completed while it was being aborted", () => {
    const run = new TestRun(plan([task("a"), task("b", ["a"])]));
    run.claim("a");
    run.give({ type: "run.cancelled", by: "person" });
    run.report("a", { type: "task.completed" });
    expect(run.finished).toMatchObject({ status: "cancelled", tasks: { a: "completed", b: "cancelled" } });
  });

  it("with force waits for nothing and lists what still runs", () => {
    const run = new TestRun(plan([task("a"), task("b")]));
    run.claim("a");
    run.give({ type: "run.cancelled", by: "person", force: true });
    expect(run.last.commands).toMatchObject([{ type: "abort", key: "run:a:1" }, { type: "finish" }]);
    expect(run.finished).toMatchObject({
      status: "cancelled",
      dirty: ["task:a"],
      tasks: { a: "cancelled", b: "cancelled" },
    });
  });

  it("does not interrupt a rollback; with force it does and lists what stands", () => {
    const run = new TestRun(
      plan([task("a", [], { compensate }), task("b", ["a"], { compensate })], { onFailure: "rollback" }),
    );
    run.complete("a");
    run.fail("b");
    expect(run.refuse({ type: "run.cancelled", by: "person" })).toContain("forced");
    run.give({ type: "compensation.completed", task: "b" as never, attempt: 1 });
    expect(run.refuse({ type: "rollback.requested", by: "person" })).toContain("already");
    run.give({ type: "run.cancelled", by: "person", force: true });
    expect(run.last.commands).toMatchObject([{ type: "abort", key: "compensate:a:1" }, { type: "finish" }]);
    expect(run.finished).toMatchObject({ status: "cancelled", dirty: ["task:a", "workspace"] });
  });

  it("of a rollback that still aborts is refused unless it is forced", () => {
    const run = new TestRun(plan([task("a"), task("b")], { onFailure: "rollback" }));
    run.claim("a");
    run.fail("b");
    expect(run.refuse({ type: "run.cancelled", by: "person" })).toContain("forced");
    run.give({ type: "run.cancelled", by: "person", force: true });
    expect(run.finished).toMatchObject({ status: "cancelled", dirty: ["task:a"] });
  });
});

describe("a pause", () => {
  it("comes when only people are waited for, and ends with the first thing that may run", () => {
    const run = new TestRun(plan([task("a"), task("b")]));
    run.claim("a");
    run.report("a", { type: "question.asked", question: "q", text: "?" });
    expect(run.lastFacts()).toEqual([]);
    run.claim("b");
    run.report("b", { type: "question.asked", question: "q", text: "?" });
    expect(run.lastFacts()).toEqual(["run.paused"]);
    expect(snapshot(run.state)).toMatchObject({ status: "paused", waiting: [{ task: "a" }, { task: "b" }] });
    run.give({ type: "question.answered", task: "b" as never, text: "x", by: "p" });
    expect(run.last.facts).toEqual([{ type: "run.resumed", reason: "question.answered" }]);
    run.complete("b");
    expect(run.lastFacts()).toEqual(["run.paused"]);
  });

  it("does not come while a delay runs", () => {
    const run = new TestRun(plan([task("a"), task("b", [], { attempts: 2 })]));
    run.claim("a");
    run.report("a", { type: "question.asked", question: "q", text: "?" });
    run.claim("b");
    run.report("b", { type: "task.failed", error, retryable: true });
    expect(snapshot(run.state).status).toBe("running");
  });
});
