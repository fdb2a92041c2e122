import type { PlanFinding } from "@mnemosyne/core";

const KINDS = ["run", "instructions", "function"] as const;

/**
 * Checks that each task has exactly one kind of work and no key that belongs to another kind. Looks at the plan as it
 * was written, so that this is said together with every other fault.
 */
export function checkWork(raw: object, kind: "file" | "module"): PlanFinding[] {
  const tasks: unknown = "tasks" in raw ? raw.tasks : undefined;
  if (!Array.isArray(tasks)) return [];
  return tasks.flatMap((task: unknown, index) =>
    typeof task === "object" && task !== null && !Array.isArray(task) ? checkTask(task, index, kind) : [],
  );
}

function checkTask(task: object, index: number, kind: "file" | "module"): PlanFinding[] {
  const path = `tasks[${index}]`;
  const has = (key: string): boolean => (task as Readonly<Record<string, unknown>>)[key] !== undefined;
  const findings: PlanFinding[] = [];
  const error = (rule: string, at: string, message: string, fix: string): void => {
    findings.push({ severity: "error", rule, path: at, message, fix });
  };
  const given = KINDS.filter(has);
  const id: unknown = "id" in task ? task.id : undefined;
  const name = typeof id === "string" ? `Task '${id}'` : "The task";
  const kinds = kind === "file" ? "'run' or 'instructions'" : "'run', 'instructions' or 'function'";
  if (given.length === 0) error("work", path, `${name} has nothing to do.`, `Give it ${kinds}.`);
  else if (given.length > 1)
    error(
      "work",
      path,
      `${name} has ${given.map((key) => `'${key}'`).join(" and ")}; a task has exactly one.`,
      "Keep one, or make two tasks of it.",
    );
  else if (kind === "file" && given[0] === "function")
    error(
      "work",
      `${path}.function`,
      `${name} has a function, which only a plan in a module can have.`,
      "Use 'run' or 'instructions', or write the plan as a module with definePlan.",
    );
  if (!has("instructions") && given.length > 0)
    for (const key of ["agent", "model", "tools"])
      if (has(key))
        error(
          "work",
          `${path}.${key}`,
          `'${key}' is for tasks with instructions; ${name.toLowerCase().startsWith("task") ? name.replace("Task", "task") : "the task"} has none.`,
          `Remove '${key}'.`,
        );
  return findings;
}
