import type { TaskRun } from "./task-run.ts";

/** One running task's place. Its two callbacks are made once and serve task after task. */
export interface Slot {
  task: number;
  /** False when no task is in it, and for good once its task was left behind. */
  active: boolean;
  run: TaskRun | undefined;
  timer: NodeJS.Timeout | undefined;
  readonly fulfilled: (value: unknown) => void;
  readonly rejected: (error: unknown) => void;
}

/** The places of an execution: those in use and those that wait for the next task. */
export class Slots {
  /** How many tasks run. */
  running = 0;
  readonly #make: () => Slot;
  readonly #idle: Slot[] = [];
  readonly #all = new Set<Slot>();

  constructor(make: () => Slot) {
    this.#make = make;
  }

  /** A place for a task that starts. */
  take(task: number): Slot {
    let slot = this.#idle.pop();
    if (slot === undefined) {
      slot = this.#make();
      this.#all.add(slot);
    }
    slot.task = task;
    slot.active = true;
    this.running++;
    return slot;
  }

  /** Its task has ended: the place serves the next one. False when the task was left behind before. */
  free(slot: Slot): boolean {
    if (!slot.active) return false;
    this.#empty(slot);
    this.#idle.push(slot);
    return true;
  }

  /** Its task may never end: the place is given up, and what its callbacks hear later counts no more. */
  abandon(slot: Slot): void {
    this.#empty(slot);
    this.#all.delete(slot);
  }

  /** The places in use now. */
  active(): readonly Slot[] {
    return [...this.#all].filter((slot) => slot.active);
  }

  #empty(slot: Slot): void {
    slot.active = false;
    slot.run = undefined;
    if (slot.timer !== undefined) {
      clearTimeout(slot.timer);
      slot.timer = undefined;
    }
    this.running--;
  }
}
