import type { RunInput, Task, TaskId } from "@mnemosyne/core";
import {
  MACHINE_VERSION,
  openCommands,
  outputNeeds,
  snapshot,
  start,
  step,
  taskState,
  type MachineState,
  type PlanCommand,
  type StampedInput,
  type Step,
} from "@mnemosyne/plan";
import type { Plan } from "@mnemosyne/core";
import type { Random } from "./random.ts";
import { agentTask, task as plainTask } from "./plans.ts";

const BEGIN = Date.parse("2026-01-01T00:00:00.000Z");
const FINGERPRINTS = ["red", "green", "blue"];

/** What a world watches for; called after every input, taken or not. */
export interface Watcher {
  beforeInput?(state: MachineState, input: StampedInput): void;
  afterInput?(state: MachineState, input: StampedInput, result: Step): void;
}

/**
 * Workers, reviewers, people and clocks as a random source would have them: they do what the machine's commands ask
 * for, badly, late, twice, out of order, and sometimes what nobody asked for.
 */
export class World {
  readonly state: MachineState;
  readonly inputs: StampedInput[] = [];
  readonly steps: Step[] = [];
  readonly #random: Random;
  readonly #watchers: readonly Watcher[];
  readonly #past: RunInput[] = [];
  #milliseconds = 0;
  #given = 0;
  #spawned = 0;
  #reopenings = 0;
  /** From here on everything goes well, so that the run ends. */
  readonly #patience: number;

  constructor(plan: Plan, random: Random, watchers: readonly Watcher[] = [], patience = 150) {
    this.#random = random;
    this.#watchers = watchers;
    this.#patience = patience;
    this.state = start(plan).state;
    if (random.chance(0.1))
      this.offer({ type: "approval.granted", task: random.pick(plan.tasks).id, by: "early" });
    this.offer({
      type: "run.started",
      machine: MACHINE_VERSION,
      planHash: "hash",
      ...(random.chance(0.2) ? { deadlineAt: "2026-01-01T01:00:00.000Z" } : {}),
    });
  }

  /** Plays until the run has ended and nobody opens it again. Throws when it does not end. */
  play(): void {
    for (let turn = 0; turn < 5000; turn++) {
      if (this.#random.chance(this.#calm ? 0.02 : 0.15)) this.#noise();
      if (snapshot(this.state).finished !== undefined && !this.#reopen()) return;
      this.#act();
    }
    throw new Error(`The run does not end: ${JSON.stringify(openCommands(this.state).slice(0, 5))}`);
  }

  get #calm(): boolean {
    return this.#given > this.#patience;
  }

  offer(input: RunInput): Step {
    this.#milliseconds += this.#random.below(5000);
    this.#given += 1;
    const at = new Date(BEGIN + this.#milliseconds).toISOString();
    const stamped = { ...input, at } as StampedInput;
    for (const watcher of this.#watchers) watcher.beforeInput?.(this.state, stamped);
    const result = step(this.state, stamped);
    if (result.stale === undefined) {
      this.inputs.push(stamped);
      this.steps.push(result);
    }
    this.#past.push(input);
    for (const watcher of this.#watchers) watcher.afterInput?.(this.state, stamped, result);
    return result;
  }

  /** Takes up one open command and does something about it. */
  #act(): void {
    const open = openCommands(this.state);
    if (open.length === 0) {
      if (snapshot(this.state).finished !== undefined) return;
      throw new Error("Nothing is open and the run has not finished.");
    }
    const urgent = open.filter((command) => command.key !== "timer:deadline" || this.#random.chance(0.02));
    if (urgent.length === 0) throw new Error("Only the deadline is open.");
    const command = this.#random.pick(urgent);
    switch (command.type) {
      case "runTask":
        this.#work(command);
        return;
      case "review":
        this.#review(command);
        return;
      case "wait":
        this.#decide(command);
        return;
      case "timer":
        this.offer({ type: "timer.fired", key: command.key });
        return;
      case "abort":
        this.#end(command);
        return;
      case "compensate":
        this.#compensate(command);
        return;
      case "restore":
        this.offer({
          type: "workspace.restored",
          paths: 1,
          ...(this.#bad(0.2) ? { conflicts: ["src/a.ts"] } : {}),
        });
        return;
      case "judge":
        this.offer({ type: "run.judged", verdict: this.#bad(0.4) ? "fail" : "pass" });
        return;
      case "finish":
        throw new Error("A finish is never open.");
    }
  }

  #bad(probability: number): boolean {
    return !this.#calm && this.#random.chance(probability);
  }

  #work(command: Extract<PlanCommand, { type: "runTask" }>): void {
    const current = taskState(this.state, command.task);
    if (current?.status !== "running" || this.#bad(0.05)) {
      if (this.#bad(0.05))
        this.offer({
          type: "budget.refused",
          task: command.task,
          attempt: command.attempt,
          epoch: command.epoch,
          scope: "task",
          outcome: this.#random.pick(["stop", "ask"]),
          message: "No tokens are left.",
        });
      else if (current?.task.approval !== undefined && this.#bad(0.2))
        this.offer({
          type: "approval.requested",
          task: command.task,
          attempt: command.attempt,
          subject: this.#random.pick(["one", "two"]),
          prompt: "Do it still?",
        });
      else
        this.offer({
          type: "task.started",
          task: command.task,
          attempt: command.attempt,
          epoch: command.epoch,
        });
      return;
    }
    const ref = { task: command.task, attempt: current.attempt, epoch: current.epoch };
    if (this.#bad(0.25)) {
      this.#goWrong(ref, current.task);
      return;
    }
    if (this.#bad(0.15) && this.#spawned < 20) {
      this.#spawn(ref, current.task);
      return;
    }
    if (current.needsReview) this.offer({ type: "task.executed", ...ref, tree: "tree" });
    else this.offer({ type: "task.completed", ...ref, ...this.#outputs(command.task) });
  }

  #goWrong(ref: { task: TaskId; attempt: number; epoch: number }, task: Task): void {
    const what = this.#random.below(6);
    const fingerprint = this.#random.pick(FINGERPRINTS);
    if (what === 0)
      this.offer({ type: "question.asked", ...ref, question: `q${this.#given}`, text: "Which one?" });
    else if (what === 1)
      this.offer({ type: "task.uncertain", ...ref, policy: this.#random.pick(["rerun", "ask", "fail"]) });
    else if (what === 2)
      this.offer({
        type: "budget.refused",
        ...ref,
        scope: this.#random.pick(["task", "task", "run"]),
        outcome: this.#random.pick(["stop", "ask", "ask"]),
        message: "No money is left.",
      });
    else
      this.offer({
        type: "task.failed",
        ...ref,
        error: { code: "E_COMMAND_FAILED", kind: "conflict", message: `${task.id} broke.` },
        retryable: this.#random.chance(0.8),
        ...(this.#random.chance(0.5) ? { fingerprint } : {}),
        jitter: this.#random.next(),
      });
  }

  #spawn(ref: { task: TaskId; attempt: number; epoch: number }, parent: Task): void {
    const count = 1 + this.#random.below(2);
    const tasks: Task[] = [];
    for (let index = 0; index < count; index++) {
      const id = `s${this.#random.chance(0.2) ? this.#random.below(this.#spawned + 1) : this.#spawned++}`;
      const others = [
        ...snapshot(this.state).tasks.map((known) => known.id),
        ...tasks.map((known) => known.id),
      ];
      const dependsOn = this.#random.chance(0.4) ? [this.#random.pick(others)] : [];
      const make = this.#random.chance(0.5) ? agentTask : plainTask;
      tasks.push(make(id, dependsOn, this.#random.chance(0.3) ? { compensate: { run: `undo ${id}` } } : {}));
    }
    this.offer({
      type: "task.added",
      task: ref.task,
      attempt: ref.attempt,
      tasks,
      reason: "subagent",
      parent: parent.id,
    });
  }

  #review(command: Extract<PlanCommand, { type: "review" }>): void {
    const ref = { task: command.task, attempt: command.attempt, epoch: command.epoch };
    if (this.#bad(0.3))
      this.offer({
        type: "task.rejected",
        ...ref,
        verdict: "fail",
        fingerprint: this.#random.pick(FINGERPRINTS),
        ...(this.#random.chance(0.2) ? { regressed: true } : {}),
      });
    else if (this.#bad(0.1))
      this.offer({
        type: "review.failed",
        ...ref,
        error: { code: "E_GATE", kind: "unavailable", message: "No tests." },
      });
    else this.offer({ type: "task.completed", ...ref, ...this.#outputs(command.task) });
  }

  #outputs(task: TaskId): { when?: Record<string, boolean>; forEach?: Record<string, string[]> } {
    const needs = outputNeeds(this.state, task);
    if (this.#bad(0.02)) return {};
    return {
      when: Object.fromEntries(needs.when.map((need) => [need.task, this.#random.chance(0.7)])),
      forEach: Object.fromEntries(
        needs.forEach.map((id) => [
          id,
          Array.from({ length: this.#random.below(4) }, (_, index) => `h${index}`),
        ]),
      ),
    };
  }

  #decide(command: Extract<PlanCommand, { type: "wait" }>): void {
    const { task, attempt } = command;
    const subject = this.#random.pick(["one", "two"]);
    if (command.kind === "approval" && (command.subject === undefined || this.#bad(0.2)))
      this.offer({ type: "approval.requested", task, attempt, subject, prompt: "Do it?" });
    else if (this.#bad(0.15)) this.offer({ type: "approval.denied", task, by: "person" });
    else if (command.kind === "question" || (command.kind !== "approval" && this.#random.chance(0.5)))
      this.offer({ type: "question.answered", task, text: "This one.", by: "person" });
    else
      this.offer({
        type: "approval.granted",
        task,
        by: "person",
        ...(command.subject !== undefined && this.#random.chance(0.8) ? { subject: command.subject } : {}),
      });
  }

  #end(command: Extract<PlanCommand, { type: "abort" }>): void {
    const ref = { task: command.task, attempt: command.attempt, epoch: command.epoch };
    const current = taskState(this.state, command.task);
    if (this.#random.chance(0.2) && current?.needsReview === false)
      this.offer({ type: "task.completed", ...ref, ...this.#outputs(command.task) });
    else if (this.#random.chance(0.2))
      this.offer({
        type: "task.failed",
        ...ref,
        error: { code: "E_CANCELLED", kind: "cancelled", message: "Aborted." },
        retryable: true,
      });
    else this.offer({ type: "task.aborted", ...ref, outcome: this.#random.pick(["completed", "unknown"]) });
  }

  #compensate(command: Extract<PlanCommand, { type: "compensate" }>): void {
    const ref = { task: command.task, attempt: command.attempt };
    if (this.#random.chance(this.#calm ? 0.1 : 0.3))
      this.offer({
        type: "compensation.failed",
        ...ref,
        error: { code: "E_COMMAND_FAILED", kind: "conflict", message: "It stays." },
        jitter: 0.5,
      });
    else this.offer({ type: "compensation.completed", ...ref });
  }

  /** What nobody asked for: repeats, late results, wrong numbers, early decisions, people with other plans. */
  #noise(): void {
    const random = this.#random;
    const tasks = snapshot(this.state).tasks;
    const chosen = random.pick(tasks);
    const kind = random.below(this.#calm ? 6 : 10);
    if (kind < 3 && this.#past.length > 0) this.offer(random.pick(this.#past));
    else if (kind === 3)
      this.offer({
        type: "task.started",
        task: chosen.id,
        attempt: chosen.attempt,
        epoch: chosen.epoch + random.below(3),
      });
    else if (kind === 4)
      this.offer({
        type: "task.executed",
        task: chosen.id,
        attempt: chosen.attempt,
        epoch: chosen.epoch - 1,
      });
    else if (kind === 5)
      this.offer({ type: "task.executed", task: "nobody" as TaskId, attempt: 1, epoch: 1 });
    else if (kind === 6) this.offer({ type: "approval.granted", task: chosen.id, by: "early" });
    else if (kind === 7)
      this.offer({
        type: "task.added",
        task: chosen.id,
        tasks: [plainTask(`r${random.below(10)}`, [chosen.id])],
        reason: "repair",
      });
    else if (kind === 8 && random.chance(0.2))
      this.offer({ type: "run.cancelled", by: "person", ...(random.chance(0.2) ? { force: true } : {}) });
    else if (kind === 9)
      this.offer(
        random.chance(0.7)
          ? { type: "retry.requested", task: chosen.id, by: "person" }
          : {
              type: "rollback.requested",
              by: "person",
              ...(random.chance(0.5) ? { to: chosen.id } : {}),
            },
      );
  }

  /** Opens an ended run again, a few times. */
  #reopen(): boolean {
    const { tasks } = snapshot(this.state);
    const ended = tasks.filter(({ status }) => status !== "completed");
    if (this.#reopenings >= 3 || this.#random.chance(0.4)) return false;
    this.#reopenings += 1;
    const done = tasks.filter(({ status }) => status === "completed");
    if (ended.length > 0 && this.#random.chance(0.7))
      this.offer({ type: "retry.requested", task: this.#random.pick(ended).id, by: "person" });
    else
      this.offer({
        type: "rollback.requested",
        by: "person",
        ...(done.length > 0 && this.#random.chance(0.5) ? { to: this.#random.pick(done).id } : {}),
      });
    return snapshot(this.state).finished === undefined;
  }
}
