import type { Plan } from "@mnemosyne/core";
import type { StampedInput } from "@mnemosyne/plan";
import { agentTask, plan, task } from "./plans.ts";
import { Random } from "./random.ts";
import { randomPlan } from "./random-plan.ts";
import { TestRun } from "./run.ts";
import { World } from "./world.ts";

/** A run as its journal holds it. */
export interface Story {
  readonly plan: Plan;
  readonly inputs: readonly StampedInput[];
}

const person = "person";
const error = { code: "E_COMMAND_FAILED", kind: "conflict", message: "Exit code 1." } as const;
const output = { hash: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", bytes: 12 };

/** Runs that together have every input that the machine knows. */
export const STORIES: Readonly<Record<string, () => Story>> = {
  edited: () => {
    const compensate = { run: "./refund.sh" };
    const run = led(
      plan([
        task("a"),
        task("b", ["a"], { attempts: 2 }),
        task("sold", ["a"], { compensate }),
        task("gone", ["b"]),
        task("list"),
        task("each", ["list"], { forEach: "list" as never }),
      ]),
      "2026-01-01T08:00:00.000Z",
    );
    run.complete("a", { output });
    run.complete("sold", { output });
    run.complete("list", { output, forEach: { each: ["h1", "h2"] } });
    run.complete("each.0", { output });
    run.claim("each.1");
    run.claim("b");
    run.report("b", { type: "task.failed", error, retryable: false });
    run.report("each.1", { type: "task.completed", output });
    run.give({
      type: "plan.edited",
      by: person,
      plan: plan([
        task("a"),
        task("b", ["a"]),
        task("list"),
        task("each", ["list"], { forEach: "list" as never, attempts: 3 }),
        task("new", ["a", "b", "each"], { when: { task: "a" as never, path: "", equals: 1 } }),
      ]),
      keep: ["a", "list"] as never,
      when: { new: true },
      forEach: { each: ["h1"] },
      compensated: ["sold"] as never,
    });
    run.complete("b", { output });
    run.complete("each.0", { output });
    run.complete("new", { output });
    run.give({ type: "rollback.requested", by: person });
    run.give({ type: "workspace.restored", paths: 0 });
    return run;
  },
  release: () => {
    const run = led(
      plan(
        [
          task("build", [], { attempts: 2 }),
          agentTask("fix", ["build"], { attempts: 5 }),
          task("publish", ["fix"], { approval: "Publish 2.0?" }),
        ],
        { finalGates: [{ gate: "completeness", with: {} }] },
      ),
      "2026-01-01T08:00:00.000Z",
    );
    run.fail("build", { retryable: true, jitter: 0.5, fingerprint: "exit-1" });
    run.give({ type: "timer.fired", key: "timer:build:2" });
    run.complete("build", { output });
    run.reject("fix", "facts.missing");
    run.reject("fix", "facts.missing");
    run.claim("fix");
    run.report("fix", { type: "question.asked", question: "q1", text: "Which file?" });
    run.give({ type: "question.answered", task: "fix" as never, question: "q1", text: "a.ts", by: person });
    run.reject("fix", "facts.missing");
    run.give({ type: "approval.granted", task: "fix" as never, by: person });
    run.claim("fix");
    run.report("fix", { type: "task.executed", output, report: output, tree: "t4" });
    run.report("fix", {
      type: "review.failed",
      error: { code: "E_GATE", kind: "unavailable", message: "No npm." },
    });
    run.give({ type: "approval.granted", task: "fix" as never, by: person });
    run.report("fix", { type: "task.completed", output, tree: "t4" });
    run.give({
      type: "approval.requested",
      task: "publish" as never,
      attempt: 1,
      subject: "s1",
      prompt: "Publish?",
    });
    run.give({
      type: "approval.requested",
      task: "publish" as never,
      attempt: 1,
      subject: "s2",
      prompt: "Publish?",
    });
    run.give({ type: "approval.granted", task: "publish" as never, subject: "s2", by: person });
    run.claim("publish");
    run.report("publish", { type: "task.uncertain", policy: "ask" });
    run.give({ type: "approval.granted", task: "publish" as never, by: person });
    run.complete("publish", { output });
    run.give({ type: "run.judged", verdict: "pass" });
    return run;
  },
  rollback: () => {
    const compensate = { run: "undo" };
    const run = led(
      plan(
        [
          task("a", [], { compensate }),
          task("b", ["a"], { compensate }),
          task("c", ["a"]),
          task("d", ["a"], { compensate }),
        ],
        { onFailure: "rollback" },
      ),
    );
    run.complete("a");
    run.claim("d");
    run.complete("b");
    run.claim("c");
    run.report("c", {
      type: "budget.refused",
      scope: "task",
      outcome: "stop",
      message: "No tokens are left.",
    });
    run.report("d", { type: "task.aborted", outcome: "unknown" });
    run.give({ type: "compensation.completed", task: "b" as never, attempt: 1 });
    for (const attempt of [1, 2, 3]) {
      if (attempt > 1) run.give({ type: "timer.fired", key: `timer:compensate:d:${attempt - 1}` });
      run.give({ type: "compensation.failed", task: "d" as never, attempt, error, jitter: 0.5 });
    }
    run.give({ type: "compensation.completed", task: "a" as never, attempt: 1 });
    run.give({ type: "workspace.restored", paths: 2, conflicts: ["src/a.ts"] });
    run.give({ type: "rollback.requested", by: person });
    run.give({ type: "compensation.completed", task: "d" as never, attempt: 4 });
    run.give({ type: "workspace.restored", paths: 0 });
    return run;
  },
  lists: () => {
    const run = led(
      plan([
        task("list"),
        agentTask("each", ["list"], { forEach: "list" as never, attempts: 2 }),
        task("maybe", ["list"], { when: { task: "list" as never, path: "n", equals: 2 } }),
        task("sum", ["each"]),
      ]),
    );
    run.complete("list", { output, when: { maybe: false }, forEach: { each: ["h0", "h1"] } });
    run.claim("each.0");
    run.give({
      type: "task.added",
      task: "each.0" as never,
      attempt: 1,
      parent: "each.0" as never,
      reason: "subagent",
      tasks: [task("part"), task("rest", ["part"])],
    });
    run.complete("each.1");
    run.report("each.0", { type: "task.executed" });
    run.report("each.0", { type: "task.completed" });
    run.fail("part");
    run.give({ type: "retry.requested", task: "part" as never, by: person });
    run.complete("part");
    run.complete("rest");
    run.complete("sum");
    return run;
  },
  cancelled: () => {
    const run = led(plan([task("a"), task("b"), task("c", ["a"], { approval: "Sure?" })]));
    run.give({ type: "approval.denied", task: "c" as never, by: person, reason: "Not yet" });
    run.claim("b");
    run.give({ type: "run.cancelled", by: person, reason: "Enough" });
    run.report("b", { type: "task.aborted", outcome: "completed" });
    run.give({ type: "retry.requested", task: "c" as never, by: person });
    run.complete("a");
    return run;
  },
  "random-1": () => random(20261),
  "random-2": () => random(20264),
  "random-3": () => random(20273),
};

function led(of: Plan, deadlineAt?: string): TestRun & Story {
  return Object.assign(new TestRun(of, deadlineAt), { plan: of });
}

function random(seed: number): Story {
  const source = new Random(seed);
  const of = randomPlan(source, 12);
  const world = new World(of, source);
  world.play();
  return { plan: of, inputs: world.inputs };
}
