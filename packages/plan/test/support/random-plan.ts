import type { OnFailure, Plan, Task, TaskId } from "@mnemosyne/core";
import { agentTask, plan, task } from "./plans.ts";
import type { Random } from "./random.ts";

/** A sound plan of `size` tasks with everything that tasks can have. */
export function randomPlan(random: Random, size: number): Plan {
  const tasks: Task[] = [];
  for (let index = 0; index < size; index++) {
    const earlier = tasks.map(({ id }) => id);
    const dependsOn: TaskId[] = [];
    for (const id of earlier) if (random.chance(2 / (earlier.length + 1))) dependsOn.push(id);
    tasks.push(randomTask(random, `t${index}`, dependsOn, tasks));
  }
  // The order of a plan's tasks need not be that of their dependencies.
  if (random.chance(0.3)) tasks.reverse();
  return plan(tasks, {
    onFailure: random.pick<OnFailure>(["stop", "rollback", "continue"]),
    finalGates: random.chance(0.2) ? [{ gate: "completeness", with: {} }] : [],
  });
}

function randomTask(random: Random, id: string, dependsOn: readonly TaskId[], known: readonly Task[]): Task {
  const looked = dependsOn.filter((name) => known.find((other) => other.id === name)?.forEach === undefined);
  const more: { -readonly [Key in keyof Task]?: Task[Key] } = {};
  if (random.chance(0.15)) more.approval = "Do it?";
  if (random.chance(0.4)) more.compensate = { run: `undo ${id}` };
  if (looked.length > 0 && random.chance(0.2))
    more.when = { task: random.pick(looked), path: "", equals: true };
  if (looked.length > 0 && random.chance(0.2)) more.forEach = random.pick(looked);
  if (random.chance(0.3)) return agentTask(id, dependsOn, { attempts: 1 + random.below(5), ...more });
  return task(id, dependsOn, { attempts: 1 + random.below(3), ...more });
}
