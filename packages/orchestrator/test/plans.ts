import { TaskId, type Plan, type StartableTask, type Task } from "@mnemosyne/core";

/** A task with only what a test is about. */
export function task(id: string, parts: Partial<Task> = {}): Task {
  return {
    id: TaskId.parse(id),
    work: { kind: "run", run: "true" },
    dependsOn: [],
    reads: [],
    isolation: "shared",
    merge: "files",
    attempts: 1,
    budget: {},
    gates: [],
    onCrash: "rerun",
    env: [],
    sandbox: "preferred",
    ...parts,
  };
}

/** Tasks by name, each with the names that it depends on. */
export function planOf(dependencies: Readonly<Record<string, readonly string[]>>): Plan {
  return planWith(
    Object.entries(dependencies).map(([id, names]) =>
      task(id, { dependsOn: names.map((name) => TaskId.parse(name)) }),
    ),
  );
}

/** A plan of these tasks. */
export function planWith(tasks: readonly Task[]): Plan {
  return {
    version: 1,
    name: "test",
    goal: "Test.",
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
  };
}

/** What the machine would offer of a task. */
export function startable(
  id: string,
  files: { readonly reads?: readonly string[]; readonly writes?: readonly string[] } = {},
): StartableTask {
  return { task: id, reads: files.reads ?? [], writes: files.writes };
}
