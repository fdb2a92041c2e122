import type { Plan, Task, TaskId } from "@mnemosyne/core";

/** A checked task: a shell line in the workspace, unless told otherwise. */
export function task(id: string, dependsOn: readonly string[] = [], more: Partial<Task> = {}): Task {
  return {
    id: id as TaskId,
    work: { kind: "run", run: `do ${id}` },
    dependsOn: dependsOn as readonly TaskId[],
    reads: [],
    isolation: "shared",
    merge: "files",
    attempts: 1,
    budget: {},
    gates: [],
    onCrash: "rerun",
    env: [],
    sandbox: "preferred",
    ...more,
  };
}

/** A task for an agent, judged by one gate, with three attempts. */
export function agentTask(id: string, dependsOn: readonly string[] = [], more: Partial<Task> = {}): Task {
  return task(id, dependsOn, {
    work: { kind: "instructions", instructions: `Do ${id}.`, agent: "executor" },
    isolation: "tree",
    attempts: 3,
    gates: [{ gate: "facts", with: {} }],
    ...more,
  });
}

/** A checked plan. */
export function plan(tasks: readonly Task[], more: Partial<Plan> = {}): Plan {
  return {
    version: 1,
    name: "test",
    goal: "",
    constraints: [],
    successCriteria: [],
    workspace: ".",
    concurrency: 4,
    budget: {},
    onFailure: "stop",
    finalGates: [],
    caches: [],
    sandbox: "preferred",
    tasks,
    ...more,
  };
}
