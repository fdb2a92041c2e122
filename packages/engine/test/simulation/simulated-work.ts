import type { Clock, ExecutionRef, RunInput, Task } from "@mnemosyne/core";
import type { Performer, WorkContext, WorkResult } from "@mnemosyne/engine";
import type { Chance } from "../../../coordinator/test/simulation/world.ts";

/** Failures of a task in a row: the pauses between its attempts double, and the world has to end. */
const MOST_FAILURES = 4;

/** One execution of a task. Epochs begin anew in each attempt: only both together tell which is the later one. */
export interface Execution {
  readonly attempt: number;
  readonly epoch: number;
}

export function isEarlier(one: Execution, other: Execution): boolean {
  return one.attempt < other.attempt || (one.attempt === other.attempt && one.epoch < other.epoch);
}

/** Where tasks have their effects: a resource that refuses an execution before the latest that it has seen. */
export class Effects {
  /** Executions whose effect was accepted, in order. */
  readonly caused: ({ readonly task: string } & Execution)[] = [];
  readonly #latest = new Map<string, Execution>();

  async cause(task: string, execution: Execution): Promise<boolean> {
    const latest = this.#latest.get(task);
    if (latest !== undefined && isEarlier(execution, latest)) return false;
    this.#latest.set(task, execution);
    this.caused.push({ task, ...execution });
    return true;
  }

  /** Undoing is idempotent: it may be asked for again after a crash. */
  async undo(_task: string): Promise<void> {}
}

/** What {@link SimulatedWork} is made of. */
export interface SimulatedWorkOptions {
  readonly chance: Chance;
  readonly clock: Clock;
  readonly effects: Effects;
  readonly fault: (what: string) => void;
}

/** Does the work of tasks in a simulated world: it takes time, fails now and then, and has one effect. */
export class SimulatedWork implements Performer {
  readonly #options: SimulatedWorkOptions;

  constructor(options: SimulatedWorkOptions) {
    this.#options = options;
  }

  async execute(claim: ExecutionRef, _command: unknown, context: WorkContext): Promise<WorkResult> {
    const { chance, clock, effects } = this.#options;
    const { task, attempt, epoch } = claim;
    const ref = { task, attempt, epoch };
    try {
      await clock.sleep(chance.below(700), context.signal);
    } catch {
      return { inputs: [{ type: "task.aborted", ...ref, outcome: "unknown" }] };
    }
    if (task === "doomed" || (chance.holds(0.15) && attempt <= MOST_FAILURES))
      return { inputs: [this.#failed(ref)] };
    const process = { pid: 1, startedAt: "", host: "simulated" };
    // A command begins when its process is in the journal; a function cannot be held back like that.
    if (chance.holds(0.2))
      await context.append({ inputs: [], observations: [{ type: "process.started", ...ref, ...process }] });
    const accepted = await effects.cause(task, { attempt, epoch });
    return { inputs: [accepted ? { type: "task.completed", ...ref } : this.#failed(ref)] };
  }

  #failed(ref: ExecutionRef): RunInput {
    const error = { code: "E_TASK_FAILED", kind: "conflict", message: "It did not work." } as const;
    const fingerprint = `${ref.task} ${ref.attempt}`;
    return {
      type: "task.failed",
      ...ref,
      error,
      retryable: true,
      fingerprint,
      jitter: this.#options.chance.next(),
    };
  }

  async compensate({ task, attempt }: Omit<ExecutionRef, "epoch">): Promise<WorkResult> {
    await this.#options.effects.undo(task);
    return { inputs: [{ type: "compensation.completed", task, attempt }] };
  }

  async restore(): Promise<WorkResult> {
    return { inputs: [{ type: "workspace.restored", paths: 0 }] };
  }

  async approvalSubject(task: Task): Promise<string> {
    return `subject of ${task.id}`;
  }

  async endLeftovers(): Promise<void> {}

  async settle(): Promise<void> {}

  async settleFailed(): Promise<WorkResult> {
    return { inputs: [] };
  }

  review(): Promise<WorkResult> {
    return this.#nobody("reviews");
  }

  judge(): Promise<WorkResult> {
    return this.#nobody("judges");
  }

  #nobody(what: string): Promise<WorkResult> {
    this.#options.fault(`somebody ${what}`);
    return Promise.resolve({ inputs: [] });
  }
}
