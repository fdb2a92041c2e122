import type { Plan, PlanCheck, Scheduler, StartableTask, Task } from "@mnemosyne/core";
import { checkPlan, type CheckOptions } from "@mnemosyne/plan";
import { leasesFor, type TaskLease } from "./leases.ts";
import { Occupied } from "./occupied.ts";
import { placeOf, urgencyOf, type Urgency } from "./urgency.ts";
import { workGraph, type WorkGraph } from "./work-graph.ts";

/**
 * Options of {@link Orchestrator}: the names that a plan may use (what is left out is not checked), and how heavy its
 * tasks are (default: 1 each).
 */
export type OrchestratorOptions = CheckOptions;

/**
 * The agent that schedules: it checks plans, says what runs next and which leases a task takes, and shows the work as a
 * graph. It keeps no state of runs, so one serves any number of them.
 *
 * @example
 * const orchestrator = new Orchestrator({ agents: ["executor"], hasModel: true });
 * const { valid, order, criticalPath, findings } = orchestrator.check(plan);
 */
export class Orchestrator implements Scheduler {
  readonly #options: OrchestratorOptions;
  readonly #urgency = new WeakMap<Plan, Urgency>();

  constructor(options: OrchestratorOptions = {}) {
    this.#options = options;
  }

  /** Ids, cycles, unknown names, writes that collide, bounds on cost; order and critical path. */
  check(plan: Plan): PlanCheck {
    return checkPlan(plan, this.#options);
  }

  /**
   * Which of the startable tasks to start now: at most `free`, those with the longest way to the end of the plan first,
   * and none that writes what a running or just selected one reads or writes (or the other way round). Two that only
   * read the same do not collide, and a task that does not say what it writes collides with nobody. Gives the same for
   * the same arguments.
   */
  select(
    plan: Plan,
    startable: readonly StartableTask[],
    running: readonly StartableTask[],
    free: number,
  ): readonly string[] {
    if (free <= 0 || startable.length === 0) return [];
    const occupied = new Occupied();
    for (const task of running) occupied.add(task);
    const selected: string[] = [];
    for (const task of byUrgency(this.#urgencyOf(plan), startable)) {
      if (occupied.collides(task)) continue;
      occupied.add(task);
      selected.push(task.task);
      if (selected.length >= free) break;
    }
    return selected;
  }

  /** Place of a task in the plan's order of urgency, from 0: for callers that keep a long backlog in that order themselves. */
  urgency(plan: Plan, task: string): number {
    return placeOf(this.#urgencyOf(plan), task);
  }

  /** The leases that a task takes before it starts. */
  leasesFor(task: Pick<Task, "reads" | "writes">): readonly TaskLease[] {
    return leasesFor(task);
  }

  /** The plan as nodes, edges and levels, for faces that draw it. The plan must be sound. */
  graph(plan: Plan): WorkGraph {
    return workGraph(plan, this.#urgencyOf(plan), this.#weigh);
  }

  /** Worked out once for each plan object: plans do not change. */
  #urgencyOf(plan: Plan): Urgency {
    let urgency = this.#urgency.get(plan);
    if (urgency === undefined) {
      urgency = urgencyOf(plan, this.#weigh);
      this.#urgency.set(plan, urgency);
    }
    return urgency;
  }

  readonly #weigh = (task: string): number => {
    const weight = this.#options.weights?.[task];
    return weight === undefined || !(weight >= 0) ? 1 : weight;
  };
}

/** Place and index in one number, because an array of numbers is sorted without calls: a backlog may be long. */
function* byUrgency(urgency: Urgency, startable: readonly StartableTask[]): Iterable<StartableTask> {
  const count = startable.length;
  const keys = new Float64Array(count);
  for (const [index, task] of startable.entries()) keys[index] = placeOf(urgency, task.task) * count + index;
  keys.sort();
  for (const key of keys) {
    const task = startable[key % count];
    if (task !== undefined) yield task;
  }
}
