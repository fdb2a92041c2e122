import type { Plan } from "@mnemosyne/core";

/** How urgent each task of a plan is. */
export interface Urgency {
  /** Weight of the longest way from the start of this task to the end of the plan, itself included. */
  readonly remaining: ReadonlyMap<string, number>;
  /** Place in the order of urgency, from 0. */
  readonly place: ReadonlyMap<string, number>;
}

/** How long, or how heavy, a task is. */
export type Weigh = (task: string) => number;

/**
 * The tasks with the longest way still to go come first; among equals the plan's order decides. The plan must have no
 * cycle.
 */
export function urgencyOf(plan: Plan, weigh: Weigh): Urgency {
  const remaining = remainingOf(plan, weigh);
  const order = plan.tasks.map((task, index) => ({ id: task.id, index, left: remaining.get(task.id) ?? 0 }));
  order.sort((a, b) => b.left - a.left || a.index - b.index);
  return { remaining, place: new Map(order.map(({ id }, place) => [id as string, place])) };
}

/**
 * A task's place. One that was added at run time has the place of the task it came from (`fix.0` that of `fix`), and
 * where that is unknown comes first: somebody who is already running waits for it.
 */
export function placeOf(urgency: Urgency, task: string): number {
  for (let id = task; ; id = id.slice(0, id.lastIndexOf("."))) {
    const place = urgency.place.get(id);
    if (place !== undefined) return place;
    if (!id.includes(".")) return 0;
  }
}

function remainingOf(plan: Plan, weigh: Weigh): Map<string, number> {
  const remaining = new Map<string, number>();
  const dependents = new Map<string, number>(plan.tasks.map((task) => [task.id, 0]));
  const byId = new Map(plan.tasks.map((task) => [task.id as string, task]));
  for (const task of plan.tasks) {
    for (const before of task.dependsOn) dependents.set(before, (dependents.get(before) ?? 0) + 1);
  }
  const ready = plan.tasks.filter((task) => dependents.get(task.id) === 0);
  // From the ends backwards: a task is settled when everything that depends on it is.
  for (const task of ready) {
    const left = (remaining.get(task.id) ?? 0) + weigh(task.id);
    remaining.set(task.id, left);
    for (const before of task.dependsOn) {
      remaining.set(before, Math.max(remaining.get(before) ?? 0, left));
      const open = (dependents.get(before) ?? 0) - 1;
      dependents.set(before, open);
      const earlier = byId.get(before);
      if (open === 0 && earlier !== undefined) ready.push(earlier);
    }
  }
  return remaining;
}
