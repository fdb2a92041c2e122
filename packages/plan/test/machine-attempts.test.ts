import { taskState } from "@mnemosyne/plan";
import { describe, expect, it } from "vitest";
import { agentTask, plan, task } from "./support/plans.ts";
import { TestRun } from "./support/run.ts";

const error = { code: "E_COMMAND_FAILED", kind: "conflict", message: "Exit code 1." } as const;

describe("a failed attempt", () => {
  it("is tried again after a delay that doubles, with full jitter, at most a minute", () => {
    const run = new TestRun(plan([task("a", [], { attempts: 9 })]));
    const delays: number[] = [];
    for (let attempt = 1; attempt < 9; attempt++) {
      run.claim("a");
      run.give({
        type: "task.failed",
        ...run.ref("a"),
        error,
        retryable: true,
        jitter: attempt === 1 ? 0.25 : 1,
      });
      const failedAt = Date.parse(run.inputs.at(-1)?.at ?? "");
      const [timer] = run.last.commands;
      expect(timer).toMatchObject({ type: "timer", key: `timer:a:${attempt + 1}` });
      expect(run.last.facts).toMatchObject([
        { type: "task.retried", attempt: attempt + 1, reason: "Exit code 1." },
      ]);
      delays.push(Date.parse((timer as { dueAt: string }).dueAt) - failedAt);
      expect(run.status("a")).toBe("pending");
      expect(run.give({ type: "timer.fired", key: `timer:a:${attempt + 1}` }).closes).toBe(
        `timer:a:${attempt + 1}`,
      );
      expect(run.keys()).toEqual([`run:a:${attempt + 1}`]);
      run.refuse({ type: "timer.fired", key: `timer:a:${attempt + 1}` });
    }
    expect(delays).toEqual([250, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
    run.claim("a");
    run.give({ type: "task.failed", ...run.ref("a"), error, retryable: true, jitter: 1 });
    expect(run.finished).toMatchObject({ status: "failed", error: { code: "E_COMMAND_FAILED" } });
    expect(taskState(run.state, "a")).toMatchObject({ attempt: 9, error });
  });

  it("that cannot succeed is not tried again", () => {
    const run = new TestRun(plan([task("a", [], { attempts: 3 })]));
    run.fail("a", { error: { code: "E_INPUT", kind: "input", message: "No such agent." } });
    expect(run.finished).toMatchObject({ status: "failed", error: { code: "E_INPUT", kind: "input" } });
  });

  it("may be found while its work is judged or merged", () => {
    const run = new TestRun(plan([agentTask("a")]));
    run.claim("a");
    run.report("a", { type: "task.executed", tree: "t" });
    run.report("a", { type: "task.failed", error, retryable: true, jitter: 0 });
    expect(run.keys()).toEqual(["timer:a:2"]);
  });
});

describe("a rejected attempt", () => {
  it("is followed by the next one at once, until none is left", () => {
    const run = new TestRun(plan([agentTask("a", [], { attempts: 2 })]));
    expect(run.reject("a", "one").closes).toBe("review:a:1:1");
    expect(run.last.facts).toMatchObject([{ type: "task.retried", attempt: 2 }]);
    expect(run.last.commands).toEqual([
      { type: "runTask", key: "run:a:2", task: "a", attempt: 2, epoch: 1, escalation: "none" },
    ]);
    run.reject("a", "two", { summary: "No test covers it." });
    expect(run.finished).toMatchObject({
      status: "failed",
      tasks: { a: "failed" },
      error: { code: "E_GATE_FAILED", message: expect.stringContaining("No test covers it.") as string },
    });
    expect(run.facts).toContainEqual(expect.objectContaining({ type: "task.failed", task: "a", attempt: 2 }));
  });

  it("for the same reason twice gets a stronger model, then a person", () => {
    const run = new TestRun(plan([agentTask("a", [], { attempts: 6 })]));
    run.reject("a", "same");
    run.reject("a", "same");
    expect(run.last.facts).toMatchObject([
      { type: "task.escalated", level: "model", attempt: 2, reason: "The same failure came twice in a row." },
      { type: "task.retried", attempt: 3 },
    ]);
    expect(run.last.commands).toMatchObject([{ type: "runTask", attempt: 3, escalation: "model" }]);
    run.reject("a", "same");
    expect(run.lastFacts()).toEqual(["task.escalated", "question.asked", "run.paused"]);
    expect(run.last.commands).toMatchObject([{ type: "wait", kind: "escalation", attempt: 3 }]);
    expect(run.status("a")).toBe("waiting");
    run.give({ type: "question.answered", task: "a" as never, text: "Look at line 3.", by: "person" });
    expect(run.last.commands).toMatchObject([{ type: "runTask", attempt: 4, escalation: "person" }]);
    run.reject("a", "another");
    expect(run.keys()).toEqual(["run:a:5"]);
    run.reject("a", "another");
    expect(run.last.commands).toMatchObject([{ type: "wait", kind: "escalation" }]);
    run.give({ type: "approval.denied", task: "a" as never, by: "person" });
    expect(run.finished).toMatchObject({ status: "failed", error: { code: "E_DENIED" } });
  });

  it("counts as going in circles when an earlier failure comes back or a check regresses", () => {
    const back = new TestRun(plan([agentTask("a", [], { attempts: 4 })]));
    back.reject("a", "one");
    back.reject("a", "two");
    back.reject("a", "one");
    expect(back.last.facts).toMatchObject([
      { type: "task.escalated", level: "model" },
      { type: "task.retried" },
    ]);
    const regressed = new TestRun(plan([agentTask("a")]));
    regressed.reject("a", "one", { regressed: true });
    expect(regressed.last.facts).toMatchObject([
      { type: "task.escalated", level: "model" },
      { type: "task.retried" },
    ]);
  });

  it("of a command is never escalated: only its attempts bound it", () => {
    const run = new TestRun(plan([task("a", [], { attempts: 5, gates: [{ gate: "x", with: {} }] })]));
    for (let attempt = 1; attempt < 5; attempt++) {
      run.reject("a", "same");
      expect(run.keys()).toEqual([`run:a:${attempt + 1}`]);
    }
    run.reject("a", "same");
    expect(run.finished?.status).toBe("failed");
    expect(run.facts.some(({ type }) => type === "task.escalated")).toBe(false);
  });

  it("that keeps failing in the work itself is escalated too", () => {
    const run = new TestRun(plan([agentTask("a", [], { attempts: 3 })]));
    for (let attempt = 1; attempt < 3; attempt++) {
      run.fail("a", { retryable: true, fingerprint: "f", jitter: 0 });
      run.give({ type: "timer.fired", key: `timer:a:${attempt + 1}` });
    }
    expect(run.last.commands).toMatchObject([{ attempt: 3, escalation: "model" }]);
  });
});

describe("gates that cannot judge", () => {
  it("use up no attempt: a person says whether they judge again", () => {
    const run = new TestRun(plan([agentTask("a", [], { attempts: 1 })]));
    run.claim("a");
    run.report("a", { type: "task.executed", tree: "t" });
    const failed = run.report("a", {
      type: "review.failed",
      error: { code: "E_GATE", kind: "unavailable", message: "No npm." },
    });
    expect(failed.closes).toBe("review:a:1:1");
    expect(run.last.facts).toMatchObject([
      { type: "question.asked", kind: "gateError" },
      { type: "run.paused" },
    ]);
    run.give({ type: "approval.granted", task: "a" as never, by: "person" });
    expect(run.last.commands).toEqual([
      { type: "review", key: "review:a:1#2", task: "a", attempt: 1, epoch: 1 },
    ]);
    expect(run.report("a", { type: "task.completed" }).closes).toBe("review:a:1#2:1");
    expect(run.finished?.status).toBe("completed");
  });

  it("fail the task when a person says no", () => {
    const run = new TestRun(plan([agentTask("a")]));
    run.claim("a");
    run.report("a", { type: "task.executed" });
    run.report("a", {
      type: "review.failed",
      error: { code: "E_GATE", kind: "unavailable", message: "No npm." },
    });
    run.give({ type: "approval.denied", task: "a" as never, by: "person" });
    expect(run.finished).toMatchObject({ status: "failed", error: { code: "E_GATE" } });
  });
});

describe("a question", () => {
  it("ends the execution; the same attempt goes on with the answer", () => {
    const run = new TestRun(plan([task("a")]));
    run.claim("a");
    expect(run.report("a", { type: "question.asked", question: "q1", text: "Which one?" }).closes).toBe(
      "run:a:1:1",
    );
    expect(run.last.facts).toMatchObject([
      { type: "run.paused", waiting: [{ task: "a", kind: "question", question: "q1", text: "Which one?" }] },
    ]);
    expect(
      run.refuse({ type: "question.answered", task: "a" as never, question: "q2", text: "x", by: "p" }),
    ).toContain("q2");
    expect(run.refuse({ type: "approval.granted", task: "a" as never, by: "p" })).toContain("answer");
    const answered = run.give({
      type: "question.answered",
      task: "a" as never,
      question: "q1",
      text: "x",
      by: "p",
    });
    expect(answered.closes).toBe("wait:a:1:1");
    expect(answered.commands).toMatchObject([{ type: "runTask", key: "run:a:1", attempt: 1, epoch: 2 }]);
    run.refuse({ type: "question.answered", task: "a" as never, question: "q1", text: "x", by: "p" });
    run.claim("a");
    run.report("a", { type: "question.asked", question: "q2", text: "And now?" });
    expect(run.give({ type: "question.answered", task: "a" as never, text: "y", by: "p" }).closes).toBe(
      "wait:a:1:2",
    );
  });
});

describe("a worker that died", () => {
  it.each([
    ["rerun", { status: "ready" }],
    ["ask", { status: "waiting", waiting: { kind: "uncertain" } }],
    ["fail", { status: "failed", error: { code: "E_CRASHED" } }],
  ] as const)("with the policy %s", (policy, expected) => {
    const run = new TestRun(plan([task("a", [], { attempts: 3 })]));
    run.claim("a");
    run.report("a", { type: "task.uncertain", policy });
    expect(taskState(run.state, "a")).toMatchObject(expected);
  });

  it("is asked about, and its attempt runs again or fails", () => {
    const again = new TestRun(plan([task("a")]));
    again.claim("a");
    again.report("a", { type: "task.uncertain", policy: "ask" });
    again.give({ type: "approval.granted", task: "a" as never, by: "p" });
    expect(again.last.commands).toMatchObject([{ key: "run:a:1", attempt: 1, epoch: 2 }]);
    const no = new TestRun(plan([task("a", [], { attempts: 3 })]));
    no.claim("a");
    no.report("a", { type: "task.uncertain", policy: "ask" });
    no.give({ type: "approval.denied", task: "a" as never, by: "p" });
    expect(no.finished).toMatchObject({ status: "failed", error: { code: "E_CRASHED" } });
  });
});

describe("a budget that is used up", () => {
  it("fails its task, whatever attempts are left", () => {
    const run = new TestRun(plan([task("a", [], { attempts: 3 }), task("b")]));
    run.claim("a");
    run.report("a", {
      type: "budget.refused",
      scope: "task",
      outcome: "stop",
      message: "No tokens are left.",
    });
    expect(taskState(run.state, "a")).toMatchObject({
      status: "failed",
      error: { code: "E_BUDGET", kind: "budget" },
    });
    expect(run.finished).toMatchObject({ status: "failed", error: { code: "E_BUDGET", kind: "budget" } });
  });

  it("may be refused before the claim", () => {
    const run = new TestRun(plan([task("a")]));
    const refused = run.give({
      type: "budget.refused",
      task: "a" as never,
      attempt: 1,
      epoch: 1,
      scope: "task",
      outcome: "ask",
      message: "More?",
    });
    expect(refused.closes).toBe("run:a:1:1");
    run.give({ type: "approval.granted", task: "a" as never, by: "p" });
    expect(run.last.commands).toMatchObject([{ key: "run:a:1", attempt: 1, epoch: 2 }]);
  });

  it("of the run ends the run: what runs is aborted", () => {
    const run = new TestRun(plan([task("a"), task("b"), task("c", ["b"])], { onFailure: "continue" }));
    run.claim("a");
    run.claim("b");
    run.report("a", { type: "budget.refused", scope: "run", outcome: "stop", message: "No money is left." });
    expect(run.keys()).toEqual(["abort run:b:1"]);
    run.report("b", { type: "task.aborted", outcome: "unknown" });
    expect(run.finished).toMatchObject({
      status: "failed",
      error: { code: "E_BUDGET", message: "No money is left." },
      tasks: { a: "failed", b: "cancelled", c: "cancelled" },
    });
  });

  it("can be asked about: a yes goes on with the same attempt, a no fails", () => {
    const run = new TestRun(plan([task("a")]));
    run.claim("a");
    run.report("a", { type: "budget.refused", scope: "run", outcome: "ask", message: "No money is left." });
    expect(run.last.facts).toMatchObject([
      { type: "question.asked", kind: "budget" },
      { type: "run.paused" },
    ]);
    run.give({ type: "approval.granted", task: "a" as never, by: "p" });
    expect(run.last.commands).toMatchObject([{ key: "run:a:1", attempt: 1, epoch: 2 }]);
    run.claim("a");
    run.report("a", { type: "budget.refused", scope: "task", outcome: "ask", message: "No money is left." });
    run.give({ type: "approval.denied", task: "a" as never, by: "p" });
    expect(run.finished).toMatchObject({ status: "failed", error: { code: "E_BUDGET" } });
  });
});

describe("a deadline", () => {
  const deadlineAt = "2026-01-01T01:00:00.000Z";

  it("ends the run wherever it is, also while it waits for a person", () => {
    const run = new TestRun(plan([task("a", [], { approval: "Sure?" }), task("b", ["a"])]), deadlineAt);
    expect(run.open("timer:deadline")).toEqual({ type: "timer", key: "timer:deadline", dueAt: deadlineAt });
    run.give({ type: "approval.requested", task: "a" as never, attempt: 1, subject: "s", prompt: "Sure?" });
    expect(run.lastFacts()).toEqual(["run.paused"]);
    run.give({ type: "timer.fired", key: "timer:deadline" });
    expect(run.finished).toMatchObject({ status: "failed", error: { code: "E_BUDGET", kind: "budget" } });
    run.refuse({ type: "timer.fired", key: "timer:deadline" });
  });

  it("is withdrawn when the run has ended", () => {
    const run = new TestRun(plan([task("a")]), deadlineAt);
    run.complete("a");
    expect(run.last.withdrawn).toEqual(["timer:deadline"]);
  });

  it("honours a rollback, and never refuses one", () => {
    const run = new TestRun(
      plan([task("a", [], { compensate: { run: "x" } }), task("b", ["a"])], { onFailure: "rollback" }),
      deadlineAt,
    );
    run.complete("a");
    run.claim("b");
    run.give({ type: "timer.fired", key: "timer:deadline" });
    expect(run.keys()).toEqual(["abort run:b:1"]);
    run.report("b", { type: "task.aborted", outcome: "unknown" });
    expect(run.keys()).toEqual(["compensate:a:1"]);
    run.give({ type: "compensation.completed", task: "a" as never, attempt: 1 });
    run.give({ type: "workspace.restored", paths: 0 });
    expect(run.finished).toMatchObject({ status: "rolledBack", error: { code: "E_BUDGET" } });
  });
});
