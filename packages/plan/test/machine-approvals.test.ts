import { MACHINE_VERSION, snapshot, start, step, taskState } from "@mnemosyne/plan";
import { describe, expect, it } from "vitest";
import { plan, task } from "./support/plans.ts";
import { TestRun } from "./support/run.ts";

const guarded = plan([
  task("a"),
  task("publish", ["a"], { approval: "Publish?", attempts: 2 }),
  task("c", ["publish"]),
]);

function waiting(): TestRun {
  const run = new TestRun(guarded);
  run.complete("a");
  return run;
}

function request(run: TestRun, subject: string): void {
  run.give({
    type: "approval.requested",
    task: "publish" as never,
    attempt: 1,
    subject,
    prompt: "Publish 2.0?",
  });
}

const granted = { type: "approval.granted", task: "publish" as never, by: "person" } as const;
const denied = { type: "approval.denied", task: "publish" as never, by: "person" } as const;

describe("an approval", () => {
  it("is asked for when the task could start; the run pauses once its subject is known", () => {
    const run = waiting();
    expect(run.last.commands).toEqual([
      {
        type: "wait",
        key: "wait:publish:1:1",
        task: "publish",
        attempt: 1,
        kind: "approval",
        text: "Publish?",
      },
    ]);
    expect(run.status("publish")).toBe("waiting");
    expect(snapshot(run.state).status).toBe("running");
    request(run, "one");
    expect(run.last.facts).toEqual([
      {
        type: "run.paused",
        waiting: [{ task: "publish", kind: "approval", attempt: 1, text: "Publish 2.0?", subject: "one" }],
      },
    ]);
    expect(snapshot(run.state).status).toBe("paused");
    run.give({ ...granted, subject: "one" });
    expect(run.last.closes).toBe("wait:publish:1:1");
    expect(run.lastFacts()).toEqual(["run.resumed"]);
    expect(run.keys()).toEqual(["run:publish:1"]);
    expect(taskState(run.state, "publish")?.approved).toBe("one");
    run.refuse(granted);
  });

  it("holds for exactly its subject", () => {
    const run = waiting();
    request(run, "one");
    expect(run.refuse({ ...granted, subject: "two" })).toContain("another subject");
    expect(
      run.refuse({
        type: "approval.requested",
        task: "publish" as never,
        attempt: 1,
        subject: "one",
        prompt: "x",
      }),
    ).toContain("already");
    request(run, "two");
    expect(run.last.commands).toMatchObject([{ type: "wait", key: "wait:publish:1:1", subject: "two" }]);
    expect(run.refuse({ ...granted, subject: "one" })).toContain("another subject");
    run.give({ ...granted, subject: "two" });
    expect(run.status("publish")).toBe("ready");
  });

  it("is void when the subject changes before the task is claimed", () => {
    const run = waiting();
    request(run, "one");
    run.give(granted);
    request(run, "two");
    expect(run.last.withdrawn).toEqual(["run:publish:1"]);
    expect(run.last.commands).toMatchObject([{ type: "wait", key: "wait:publish:1:2", subject: "two" }]);
    expect(run.refuse({ type: "task.started", task: "publish" as never, attempt: 1, epoch: 1 })).toContain(
      "not open",
    );
    run.give(granted);
    run.claim("publish");
    expect(
      run.refuse({
        type: "approval.requested",
        task: "publish" as never,
        attempt: 1,
        subject: "three",
        prompt: "x",
      }),
    ).toContain("running");
  });

  it("may come before the wait, and before the subject", () => {
    const early = new TestRun(guarded);
    early.give(granted);
    early.refuse(granted);
    early.complete("a");
    expect(early.status("publish")).toBe("waiting");
    request(early, "one");
    expect(early.last.closes).toBe("wait:publish:1:1");
    expect(early.keys()).toEqual(["run:publish:1"]);
    const unasked = waiting();
    unasked.give({ ...granted, subject: "one" });
    request(unasked, "one");
    expect(unasked.keys()).toEqual(["run:publish:1"]);
  });

  it("that came early for another subject than the one that is asked for does not count", () => {
    const run = new TestRun(guarded);
    run.give({ ...granted, subject: "two" });
    run.complete("a");
    request(run, "one");
    expect(run.status("publish")).toBe("waiting");
    expect(snapshot(run.state).status).toBe("paused");
    run.give(granted);
    expect(run.status("publish")).toBe("ready");
  });

  it("stays for a further attempt of the same task", () => {
    const run = waiting();
    request(run, "one");
    run.give(granted);
    run.fail("publish", { retryable: true, jitter: 0 });
    run.give({ type: "timer.fired", key: "timer:publish:2" });
    expect(run.keys()).toEqual(["run:publish:2"]);
  });

  it("that is refused fails the task", () => {
    const run = waiting();
    request(run, "one");
    run.give({ ...denied, reason: "Not on a Friday" });
    expect(run.finished).toMatchObject({
      status: "failed",
      error: {
        code: "E_DENIED",
        message: "Task 'publish' failed: Task 'publish' was denied by person: Not on a Friday.",
      },
      tasks: { a: "completed", publish: "failed", c: "skipped" },
    });
  });

  it("that is refused early fails the task when its turn comes; the last word counts", () => {
    const run = new TestRun(guarded);
    run.give(denied);
    expect(run.status("publish")).toBe("pending");
    run.complete("a");
    expect(run.finished).toMatchObject({ status: "failed", error: { code: "E_DENIED" } });
    const changed = new TestRun(guarded);
    changed.give(denied);
    changed.give(granted);
    changed.complete("a");
    request(changed, "one");
    expect(changed.status("publish")).toBe("ready");
  });

  it("is not taken for a task that needs none, for another attempt, or after the fact", () => {
    const run = waiting();
    expect(run.refuse({ ...granted, task: "c" as never })).toContain("no decision");
    expect(run.refuse({ ...granted, task: "x" as never })).toContain("no task");
    expect(run.refuse({ ...granted, attempt: 2 })).toContain("not the current one");
    expect(
      run.refuse({ type: "question.answered", task: "publish" as never, text: "yes", by: "p" }),
    ).toContain("approve or deny");
    expect(
      run.refuse({ type: "approval.requested", task: "c" as never, attempt: 1, subject: "s", prompt: "x" }),
    ).toContain("needs no approval");
  });

  it("may even come before the run has begun", () => {
    const { state } = start(plan([task("a", [], { approval: "Sure?" })]));
    const at = "2026-01-01T00:00:00.000Z";
    expect(step(state, { type: "approval.granted", task: "a" as never, by: "p", at }).stale).toBeUndefined();
    step(state, { type: "run.started", machine: MACHINE_VERSION, planHash: "h", at });
    const { commands } = step(state, {
      type: "approval.requested",
      task: "a" as never,
      attempt: 1,
      subject: "s",
      prompt: "Sure?",
      at,
    });
    expect(commands).toMatchObject([{ type: "runTask", task: "a" }]);
  });
});
