import type { RunFact, RunFinished, RunInput, Plan, TaskStatus } from "@mnemosyne/core";
import {
  digest,
  MACHINE_VERSION,
  openCommands,
  snapshot,
  start,
  step,
  taskState,
  type MachineState,
  type PlanCommand,
  type StampedInput,
  type Step,
} from "@mnemosyne/plan";

const BEGIN = Date.parse("2026-01-01T00:00:00.000Z");

type Anonymous<Type> = Type extends unknown ? Omit<Type, "task" | "attempt" | "epoch"> : never;
/** An input about an execution, without saying which. */
type Report = Anonymous<Extract<RunInput, { readonly epoch: number }>>;

/** A run of a plan that a test leads by hand, one input a second. */
export class TestRun {
  readonly state: MachineState;
  readonly inputs: StampedInput[] = [];
  readonly facts: RunFact[] = [];
  last: Step;
  #seconds = 0;

  constructor(plan: Plan, deadlineAt?: string) {
    this.last = start(plan);
    this.state = this.last.state;
    this.give({
      type: "run.started",
      machine: MACHINE_VERSION,
      planHash: "hash",
      ...(deadlineAt === undefined ? {} : { deadlineAt }),
    });
  }

  /** Feeds an input that has to be taken. */
  give(input: RunInput): Step {
    const result = this.offer(input);
    if (result.stale !== undefined) throw new Error(`${input.type} is stale: ${result.stale}`);
    return result;
  }

  /** Feeds an input that may be stale. */
  offer(input: RunInput): Step {
    const at = new Date(BEGIN + ++this.#seconds * 1000).toISOString();
    const stamped = JSON.parse(JSON.stringify({ ...input, at })) as StampedInput;
    this.last = step(this.state, stamped);
    if (this.last.stale === undefined) {
      this.inputs.push(stamped);
      this.facts.push(...this.last.facts);
    }
    return this.last;
  }

  /** Feeds an input that has to be stale, and sees that nothing changed. Gives the reason. */
  refuse(input: RunInput): string {
    const before = JSON.stringify([snapshot(this.state), openCommands(this.state), digest(this.state)]);
    const { stale, commands, facts, closes, touched } = this.offer(input);
    if (stale === undefined) throw new Error(`${input.type} was taken.`);
    const after = JSON.stringify([snapshot(this.state), openCommands(this.state), digest(this.state)]);
    if (before !== after || commands.length + facts.length + touched.length > 0 || closes !== undefined)
      throw new Error(`${input.type} was stale (${stale}) and still changed something.`);
    return stale;
  }

  /** The current execution of a task. */
  ref(task: string): { task: never; attempt: number; epoch: number } {
    const found = taskState(this.state, task);
    return { task: task as never, attempt: found?.attempt ?? 0, epoch: found?.epoch ?? 0 };
  }

  /** Claims a task. */
  claim(task: string): Step {
    const { attempt, epoch } = this.ref(task);
    return this.give({ type: "task.started", task: task as never, attempt, epoch: epoch + 1 });
  }

  /** Reports about the current execution of a task. */
  report(task: string, input: Report): Step {
    return this.give({ ...input, ...this.ref(task) });
  }

  /** Claims a task and completes it, with a review where it needs one. */
  complete(task: string, more: Partial<Extract<RunInput, { type: "task.completed" }>> = {}): Step {
    this.claim(task);
    if (taskState(this.state, task)?.needsReview === true)
      this.give({ type: "task.executed", ...this.ref(task), tree: "tree" });
    return this.give({ type: "task.completed", ...this.ref(task), ...more });
  }

  /** Claims a task and lets it fail for good. */
  fail(task: string, more: Partial<Extract<RunInput, { type: "task.failed" }>> = {}): Step {
    this.claim(task);
    return this.give({
      type: "task.failed",
      ...this.ref(task),
      error: { code: "E_COMMAND_FAILED", kind: "conflict", message: `'${task}' went wrong.` },
      retryable: false,
      ...more,
    });
  }

  /** Claims and executes a task and lets its gates refuse it. */
  reject(
    task: string,
    fingerprint: string,
    more: Partial<Extract<RunInput, { type: "task.rejected" }>> = {},
  ): Step {
    this.claim(task);
    this.give({ type: "task.executed", ...this.ref(task) });
    return this.give({ type: "task.rejected", ...this.ref(task), verdict: "fail", fingerprint, ...more });
  }

  status(task: string): TaskStatus | undefined {
    return taskState(this.state, task)?.status;
  }

  statuses(): Record<string, TaskStatus> {
    return Object.fromEntries(snapshot(this.state).tasks.map(({ id, status }) => [id, status]));
  }

  /** Keys that are open, in plan order. */
  keys(): string[] {
    return openCommands(this.state).map(({ type, key }) => (type === "abort" ? `abort ${key}` : key));
  }

  open(key: string): PlanCommand | undefined {
    return openCommands(this.state).find((command) => command.key === key);
  }

  get finished(): RunFinished | undefined {
    return snapshot(this.state).finished;
  }

  /** Types of the last step's facts, without checkpoints. */
  lastFacts(): string[] {
    return this.last.facts.map(({ type }) => type).filter((type) => type !== "checkpoint.taken");
  }
}
