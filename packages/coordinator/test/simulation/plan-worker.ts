import type { Coordinator } from "@mnemosyne/coordinator";
import { isMnemosyneError, type Plan, type RunEvent, type RunInput } from "@mnemosyne/core";
import {
  digest,
  MACHINE_VERSION,
  openCommands,
  planHash,
  runStatus,
  start,
  step,
  type MachineState,
  type PlanCommand,
  type StampedInput,
} from "@mnemosyne/plan";
import type { PlanJournal, Witness } from "./plan-journal.ts";
import type { Process, World } from "./world.ts";

/** Failures of a task in a row: the pauses between its attempts double, and the world has to end. */
const MOST_FAILURES = 4;

/** One process that carries runs on, through the network that it sees. */
export interface PlanWorkerOptions {
  readonly world: World;
  readonly process: Process;
  readonly coordinator: Coordinator;
  readonly journal: PlanJournal;
  readonly witness: Witness;
  readonly runId: string;
  readonly plan: Plan;
}

/** A small backend: holds the run's lease, performs what the plan machine wants, journals what happened. */
export class PlanWorker {
  readonly #options: PlanWorkerOptions;
  #state: MachineState;
  #events: RunEvent[] = [];
  #tail: Promise<unknown> = Promise.resolve();
  readonly #begun = new Set<string>();

  constructor(options: PlanWorkerOptions) {
    this.#options = options;
    this.#state = start(options.plan).state;
  }

  /** Works until the run has ended; takes it over from others that are gone. Gives the digest of the state. */
  async run(): Promise<string> {
    const { coordinator, runId, process } = this.#options;
    for (;;) {
      try {
        const lease = await coordinator.acquire({ resources: [`run:${runId}`] });
        try {
          await this.#carryOn(lease.signal);
        } finally {
          await lease.release();
        }
      } catch (error) {
        if (!isMnemosyneError(error)) throw error;
      }
      await this.#rebuild();
      if (this.#over) return digest(this.#state);
      await process.clock.sleep(200);
    }
  }

  get #over(): boolean {
    return ["completed", "failed", "cancelled", "rolledBack"].includes(runStatus(this.#state));
  }

  async #carryOn(signal: AbortSignal): Promise<void> {
    const { plan } = this.#options;
    await this.#rebuild();
    if (this.#events.length === 0)
      await this.#append({ type: "run.started", machine: MACHINE_VERSION, planHash: planHash(plan) });
    while (!this.#over && !signal.aborted) {
      const commands = openCommands(this.#state).filter(
        ({ key, type }) => type !== "finish" && !this.#begun.has(key),
      );
      for (const command of commands) void this.#perform(command);
      await this.#options.process.clock.sleep(100);
    }
  }

  async #perform(command: PlanCommand): Promise<void> {
    this.#begun.add(command.key);
    try {
      if (command.type === "timer") {
        const { clock } = this.#options.process;
        await clock.sleep(Date.parse(command.dueAt) - clock.now());
        await this.#append({ type: "timer.fired", key: command.key });
      } else if (command.type === "runTask") await this.#execute(command);
      else throw new Error(`Nobody here can ${command.type}.`);
    } catch (error) {
      if (!isMnemosyneError(error)) this.#options.world.fault(`${command.key}: ${String(error)}`);
    } finally {
      // If it is wanted still, it is taken up again.
      this.#begun.delete(command.key);
    }
  }

  async #execute(command: Extract<PlanCommand, { type: "runTask" }>): Promise<void> {
    const { world, process, witness } = this.#options;
    const { task, attempt, epoch } = command;
    const ref = { task, attempt, epoch };
    if (!(await this.#append({ type: "task.started", ...ref, worker: process.name }))) return;
    await process.clock.sleep(world.chance.below(700));
    if (world.chance.holds(0.15) && attempt <= MOST_FAILURES) {
      const error = { code: "E_TASK_FAILED", kind: "conflict", message: "It did not work." } as const;
      await this.#append({
        type: "task.failed",
        ...ref,
        error,
        retryable: true,
        jitter: world.chance.next(),
      });
      return;
    }
    if (await witness.effect(task, attempt, epoch)) await this.#append({ type: "task.completed", ...ref });
  }

  /** Journals an input on the true state of the run. Gives whether it counts. */
  #append(input: RunInput): Promise<boolean> {
    return this.#exclusive(() => this.#appendNow(input));
  }

  #rebuild(): Promise<void> {
    return this.#exclusive(() => this.#rebuildNow());
  }

  /** The events are read and written by one at a time. */
  #exclusive<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.#tail.then(work);
    this.#tail = done.catch(() => undefined);
    return done;
  }

  async #appendNow(input: RunInput): Promise<boolean> {
    const { journal, runId } = this.#options;
    for (;;) {
      const at = this.#events.at(-1)?.at ?? new Date(this.#options.process.clock.now()).toISOString();
      const { stale, closes } = step(this.#state, { ...input, at });
      // What we sent may have landed though nobody said so.
      if (stale !== undefined) return this.#events.some((event) => sameInput(event, input));
      const entry = { class: "input", body: input, ...(closes === undefined ? {} : { closes }) } as const;
      try {
        const result = await journal.append({ runId, head: this.#events.length, entries: [entry] });
        if (result.outcome === "appended") {
          this.#events.push(...result.events);
          // Its time is the journal's: the state is made of what is written.
          this.#refold();
          return true;
        }
        this.#events.push(...result.events);
        this.#refold();
      } catch (error) {
        this.#refold();
        if (!isMnemosyneError(error)) throw error;
        await this.#rebuildNow();
      }
    }
  }

  async #rebuildNow(): Promise<void> {
    const { journal, runId, process } = this.#options;
    for (;;) {
      try {
        this.#events.push(...(await journal.read(runId, this.#events.length)));
        break;
      } catch (error) {
        if (!isMnemosyneError(error)) throw error;
        await process.clock.sleep(100);
      }
    }
    this.#refold();
  }

  #refold(): void {
    this.#state = fold(this.#options.plan, this.#events);
  }
}

/** The state that a journal makes. */
export function fold(plan: Plan, events: readonly RunEvent[]): MachineState {
  const { state } = start(plan);
  for (const event of events) step(state, event as unknown as StampedInput);
  return state;
}

function sameInput(event: RunEvent, input: RunInput): boolean {
  return Object.entries(input).every(
    ([key, value]) =>
      JSON.stringify((event as unknown as Record<string, unknown>)[key]) === JSON.stringify(value),
  );
}
