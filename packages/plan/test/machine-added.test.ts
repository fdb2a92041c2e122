import type { RunInput, Task } from "@mnemosyne/core";
import { taskState } from "@mnemosyne/plan";
import { describe, expect, it } from "vitest";
import { agentTask, plan, task } from "./support/plans.ts";
import { TestRun } from "./support/run.ts";

type Added = Extract<RunInput, { type: "task.added" }>;

function added(parent: string, tasks: readonly Task[], more: Partial<Added> = {}): Added {
  return {
    type: "task.added",
    task: parent as never,
    parent: parent as never,
    tasks,
    reason: "subagent",
    ...more,
  };
}

describe("tasks that an agent adds", () => {
  it("run beside it, and what depends on it waits for them", () => {
    const run = new TestRun(plan([agentTask("lead"), task("after", ["lead"])]));
    run.claim("lead");
    run.give(added("lead", [task("s1"), task("s2", ["s1"])], { attempt: 1 }));
    expect(run.last.commands).toMatchObject([{ type: "runTask", task: "s1" }]);
    expect(taskState(run.state, "s1")).toMatchObject({ parent: "lead", counts: true });
    expect(taskState(run.state, "lead")?.children).toEqual(["s1", "s2"]);
    run.report("lead", { type: "task.executed" });
    run.report("lead", { type: "task.completed" });
    expect(run.statuses()).toMatchObject({ lead: "completed", after: "pending" });
    run.complete("s1");
    expect(run.status("after")).toBe("pending");
    run.complete("s2");
    expect(run.keys()).toEqual(["run:after:1"]);
  });

  it("may add more, and all of it is waited for", () => {
    const run = new TestRun(plan([task("lead"), task("after", ["lead"])]));
    run.claim("lead");
    run.give(added("lead", [task("s1")]));
    run.claim("s1");
    run.give(added("s1", [task("s2")]));
    run.report("lead", { type: "task.completed" });
    run.report("s1", { type: "task.completed" });
    expect(run.status("after")).toBe("pending");
    run.complete("s2");
    expect(run.keys()).toEqual(["run:after:1"]);
  });

  it("that fail keep its dependents from starting", () => {
    const run = new TestRun(plan([task("lead"), task("after", ["lead"])], { onFailure: "continue" }));
    run.claim("lead");
    run.give(added("lead", [task("s1"), task("s2", ["s1"])]));
    run.fail("s1");
    expect(run.statuses()).toMatchObject({ lead: "running", s2: "skipped", after: "skipped" });
    run.report("lead", { type: "task.completed" });
    expect(run.finished).toMatchObject({ status: "failed", error: { details: { task: "s1" } } });
  });

  it("do not start when it fails itself", () => {
    const run = new TestRun(plan([task("lead"), task("x")], { onFailure: "continue" }));
    run.claim("lead");
    run.give(added("lead", [task("s1"), task("s2", ["x"])]));
    run.report("lead", {
      type: "task.failed",
      error: { code: "E_TOOL", kind: "conflict", message: "No." },
      retryable: false,
    });
    expect(run.last.withdrawn).toEqual(["run:s1:1"]);
    expect(run.statuses()).toMatchObject({ s1: "skipped", s2: "skipped" });
  });

  it("can belong to nobody: a repair of the run", () => {
    const run = new TestRun(plan([task("a"), task("b", ["a"])]));
    run.complete("a");
    run.give({ type: "task.added", task: "b" as never, tasks: [task("r", ["a"])], reason: "repair" });
    expect(run.keys()).toEqual(["run:b:1", "run:r:1"]);
    expect(taskState(run.state, "r")?.parent).toBeUndefined();
  });

  it.each<[string, Added, string]>([
    ["with an id that the run has", added("lead", [task("other")]), "another id"],
    ["with an id twice", added("lead", [task("s"), task("s")]), "twice"],
    ["with an illegal id", added("lead", [task("a b")]), "not a task id"],
    ["that depend on what does not exist", added("lead", [task("s", ["nobody"])]), "does not exist"],
    ["that depend on themselves", added("lead", [task("s", ["s"])]), "itself"],
    ["that wait for each other", added("lead", [task("s", ["t"]), task("t", ["s"])]), "circle"],
    ["that wait for their parent", added("lead", [task("s", ["lead"])]), "waits for it: s -> lead -> s"],
    [
      "that wait for what waits for them",
      added("lead", [task("s", ["last"])]),
      "s -> last -> after -> lead -> s",
    ],
    [
      "that may change what another changes",
      added("lead", [task("s", [], { writes: ["src/a.ts"] })]),
      "'s' and 'writer' may change the same files",
    ],
    [
      "that may change the same among themselves",
      added("lead", [task("s", [], { writes: ["x/**"] }), task("t", [], { writes: ["x/y"] })]),
      "'s' and 't' may change the same files",
    ],
    ["with the name of an instance", added("lead", [task("each.7")]), "instance"],
    [
      "that look at what has completed",
      added("lead", [task("s", ["done"], { forEach: "done" as never })]),
      "completed before",
    ],
    [
      "that look at what they do not wait for",
      added("lead", [task("s", [], { when: { task: "other" as never, path: "", equals: 1 } })]),
      "has to depend on it",
    ],
    ["by a task that does not run", added("other", [task("s")]), "does not run"],
    ["by another attempt", added("lead", [task("s")], { attempt: 2 }), "not the current one"],
    ["of which there are none", added("lead", []), "No tasks"],
  ])("are refused, all of them, %s", (_name, input, reason) => {
    const run = new TestRun(
      plan([
        task("lead"),
        task("other"),
        task("done"),
        task("after", ["lead"]),
        task("last", ["after"]),
        task("writer", [], { writes: ["src/**"] }),
        task("each", ["other"], { forEach: "other" as never }),
      ]),
    );
    run.complete("done");
    run.claim("lead");
    expect(run.refuse(input)).toContain(reason);
  });

  it("may change what their parent may, and what is ordered", () => {
    const run = new TestRun(
      plan([task("lead", [], { writes: ["src/**"] }), task("after", ["lead"], { writes: ["src/**"] })]),
    );
    run.claim("lead");
    run.give(
      added("lead", [task("s", [], { writes: ["src/a.ts"] }), task("t", ["s"], { writes: ["src/a.ts"] })]),
    );
    expect(run.keys()).toContain("run:s:1");
  });

  it("twice are told from new ones", () => {
    const run = new TestRun(plan([task("lead")]));
    run.claim("lead");
    run.give(added("lead", [task("s")]));
    expect(run.refuse(added("lead", [task("s")]))).toBe("These tasks were added already.");
    expect(run.refuse(added("lead", [task("s"), task("t")]))).toContain("add the others without it");
  });

  it("cannot be added while the run stops", () => {
    const run = new TestRun(plan([task("lead"), task("bad")]));
    run.claim("lead");
    run.fail("bad");
    expect(run.refuse(added("lead", [task("s")]))).toContain("while the run goes on");
  });

  it("are skipped at once when what they wait for has failed", () => {
    const run = new TestRun(
      plan([task("lead"), task("bad"), task("after", ["lead"])], { onFailure: "continue" }),
    );
    run.claim("lead");
    run.fail("bad");
    run.give(added("lead", [task("s", ["bad"])]));
    expect(run.statuses()).toMatchObject({ s: "skipped", after: "skipped" });
  });
});
