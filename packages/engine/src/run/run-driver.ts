import {
  MnemosyneError,
  type ExecutionRef,
  type JournalPayload,
  type RunInput,
  type RunObservation,
  type RunOutcome,
  type RunSignal,
  type StartableTask,
} from "@mnemosyne/core";
import type { PlanCommand } from "@mnemosyne/plan";
import { ChangeSignal } from "./change-signal.ts";
import type { RunAppended, RunBatch } from "./run-log.ts";
import { leftError } from "./left-error.ts";
import type { RunDriverOptions } from "./run-driver-options.ts";
import { RunTimers } from "./run-timers.ts";
import { taskOf } from "./task-of.ts";
import type { WorkContext, WorkResult } from "./work.ts";

interface InFlight {
  readonly command: PlanCommand;
  readonly controller: AbortController;
  beatAt: number;
  stalled: boolean;
}

type RunTask = Extract<PlanCommand, { readonly type: "runTask" }>;

/** How often other processes' decisions are looked for, and how long an observation may wait for company. */
const POLL_MS = 100;
const STALL_MS = 60_000;

/**
 * Carries one run: performs what the machine wants, journals what came of it together with the claims of what comes
 * next, and looks for decisions of other processes. One driver a run at a time; the run's lease sees to that.
 */
export class RunDriver {
  readonly #options: RunDriverOptions;
  readonly #change = new ChangeSignal();
  readonly #inFlight = new Map<string, InFlight>();
  readonly #startable = new Map<string, RunTask>();
  readonly #timers: RunTimers;
  readonly #asked = new Set<string>();
  #results: WorkResult[] = [];
  #observations: RunObservation[] = [];
  #failure: unknown;

  constructor(options: RunDriverOptions) {
    this.#options = options;
    this.#timers = new RunTimers(options.clock, (key) => {
      this.#results.push({ inputs: [{ type: "timer.fired", key }] });
      this.#change.notify();
    });
  }

  /** Works until the run has finished or waits for a person. Rejects when it is left or storage fails. */
  async drive(): Promise<RunOutcome> {
    const { signal } = this.#options;
    const leave = (): void => this.#change.notify();
    signal.addEventListener("abort", leave, { once: true });
    try {
      await this.#takeOver();
      return await this.#loop();
    } finally {
      signal.removeEventListener("abort", leave);
      await this.#end();
    }
  }

  /** Journals a decision of this process. Gives whether it changed anything. */
  async deliver(decision: RunSignal): Promise<boolean> {
    const appended = await this.#options.log.append({ inputs: [decision], observations: [], payloads: [] });
    this.#take(appended);
    return appended.stale.length === 0;
  }

  async #loop(): Promise<RunOutcome> {
    const { log, journal, signal } = this.#options;
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure;
      if (signal.aborted) throw leftError(log.runId, signal.reason);
      if (this.#hasWork()) {
        await this.#flush();
        continue;
      }
      const done = this.#done();
      if (done !== undefined) return done;
      await this.#change.wait(POLL_MS);
      this.#noteStalls();
      if ((await journal.head(log.runId)) > log.head) {
        this.#take(await log.sync());
      }
    }
  }

  #hasWork(): boolean {
    return this.#results.length > 0 || this.#observations.length > 0 || this.#choose([]).length > 0;
  }

  #done(): RunOutcome | undefined {
    const { log } = this.#options;
    if (this.#inFlight.size > 0) return undefined;
    const finished = log.projection.finished;
    if (finished !== undefined) return { ...finished, outcome: "finished" };
    const { status, waiting } = log.snapshot();
    return status === "paused" && !this.#isDeciding() ? { outcome: "paused", waiting } : undefined;
  }

  #isDeciding(): boolean {
    return this.#deciding > 0;
  }
  #deciding = 0;

  async #flush(): Promise<void> {
    const { log } = this.#options;
    const results = this.#results;
    const observations = this.#observations;
    this.#results = [];
    this.#observations = [];
    const batch: RunBatch = {
      inputs: results.flatMap((result) => result.inputs),
      observations: [...observations, ...results.flatMap((result) => result.observations ?? [])],
      payloads: results.flatMap((result): readonly JournalPayload[] => result.payloads ?? []),
    };
    const appended = await log.append(batch, (commands) => this.#claims(commands));
    this.#take(appended);
    for (const input of appended.followed) if (input.type === "task.started") this.#launch(input);
    // A claim that others made stale is no longer ours to start.
    for (const { input } of appended.stale)
      if (input.type === "task.started") this.#startable.delete(keyOf(input));
  }

  #accept(commands: readonly PlanCommand[]): void {
    for (const command of commands) {
      if (this.#inFlight.has(command.key) && command.type !== "abort") continue;
      switch (command.type) {
        case "runTask":
          if (taskOf(this.#options.log.state, command.task).approved === undefined)
            this.#startable.set(command.key, command);
          else this.#confirm(command);
          break;
        case "review":
          this.#perform(command, (context) => this.#options.performer.review(command, context));
          break;
        case "compensate":
          this.#perform(command, (context) => this.#options.performer.compensate(command, context));
          break;
        case "restore":
          this.#perform(command, (context) => this.#options.performer.restore(command, context));
          break;
        case "judge":
          this.#perform(command, (context) => this.#options.performer.judge(command, context));
          break;
        case "timer":
          this.#timers.arm(command.key, Date.parse(command.dueAt));
          break;
        case "wait":
          this.#wait(command);
          break;
        case "abort":
          this.#abort(command);
          break;
        case "finish":
          break;
      }
    }
    this.#change.notify();
  }

  /** Tasks to claim now, given what has just become startable. */
  #claims(commands: readonly PlanCommand[]): RunInput[] {
    return this.#choose(commands).map(({ task, attempt, epoch }) => ({
      type: "task.started",
      task,
      attempt,
      epoch,
      worker: this.#options.worker,
    }));
  }

  #choose(commands: readonly PlanCommand[]): RunTask[] {
    const { scheduler, concurrency, log } = this.#options;
    let free = concurrency;
    for (const { command } of this.#inFlight.values()) if (command.type === "runTask") free -= 1;
    if (free <= 0) return [];
    const candidates = new Map<string, RunTask>();
    for (const [key, command] of this.#startable)
      if (!this.#inFlight.has(key)) candidates.set(command.task, command);
    for (const command of commands)
      if (
        command.type === "runTask" &&
        !this.#inFlight.has(command.key) &&
        taskOf(log.state, command.task).approved === undefined
      )
        candidates.set(command.task, command);
    if (candidates.size === 0) return [];
    const startable = [...candidates.values()].map((command) => this.#resources(command.task));
    const running = [...this.#inFlight.values()].flatMap(({ command }) =>
      command.type === "runTask" || command.type === "review" ? [this.#resources(command.task)] : [],
    );
    return scheduler.select(log.plan, startable, running, free).flatMap((id) => candidates.get(id) ?? []);
  }

  #resources(id: RunTask["task"]): StartableTask {
    const { task } = taskOf(this.#options.log.state, id);
    return { task: id, reads: task.reads, writes: task.writes };
  }

  #launch(claim: ExecutionRef): void {
    const command = this.#startable.get(keyOf(claim));
    if (command === undefined) return;
    this.#startable.delete(command.key);
    this.#perform(command, (context) => this.#options.performer.execute(claim, command, context));
  }

  #perform(command: PlanCommand, work: (context: WorkContext) => Promise<WorkResult>): void {
    const controller = new AbortController();
    const flight: InFlight = { command, controller, beatAt: this.#options.clock.now(), stalled: false };
    this.#inFlight.set(command.key, flight);
    const context = this.#context(controller.signal, flight);
    work(context)
      .then(
        (result) => this.#results.push(result),
        (error: unknown) => {
          // Performers turn failures into inputs; what comes here is storage failing, or a bug: the run cannot go on here.
          if (!this.#options.signal.aborted) this.#failure ??= error;
        },
      )
      .finally(() => {
        this.#inFlight.delete(command.key);
        this.#change.notify();
      });
  }

  #context(signal: AbortSignal, flight?: InFlight): WorkContext {
    const { log, clock } = this.#options;
    return {
      log,
      signal,
      emit: (observation) => {
        this.#observations.push(observation);
        if (flight !== undefined) flight.beatAt = clock.now();
        this.#change.notify();
      },
      append: async (result) => {
        const observations = this.#observations;
        this.#observations = [];
        const appended = await log.append({
          inputs: result.inputs,
          observations: [...observations, ...(result.observations ?? [])],
          payloads: result.payloads ?? [],
        });
        this.#take(appended);
        return { stale: appended.stale };
      },
      beat: () => {
        if (flight !== undefined) {
          flight.beatAt = clock.now();
          flight.stalled = false;
        }
      },
    };
  }

  /** An approval holds for what was approved: looked at again just before the task starts. */
  #confirm(command: RunTask): void {
    const { performer, log } = this.#options;
    const { task, attempt } = command;
    const key = `confirm:${command.key}`;
    if (this.#inFlight.has(key)) return;
    this.#perform({ ...command, key }, async (context) => {
      const { task: definition, approved } = taskOf(log.state, task);
      const subject = await performer.approvalSubject(definition, context);
      if (subject === approved) {
        this.#startable.set(command.key, command);
        return { inputs: [] };
      }
      return {
        inputs: [{ type: "approval.requested", task, attempt, subject, prompt: definition.approval ?? "" }],
      };
    });
  }

  #wait(command: Extract<PlanCommand, { readonly type: "wait" }>): void {
    const { performer, log, decide } = this.#options;
    if (command.kind === "approval" && command.subject === undefined) {
      const { task } = taskOf(log.state, command.task);
      this.#perform(command, async (context) => ({
        inputs: [
          {
            type: "approval.requested",
            task: command.task,
            attempt: command.attempt,
            subject: await performer.approvalSubject(task, context),
            prompt: command.text,
          },
        ],
      }));
      return;
    }
    const ask = `${command.key}:${command.subject ?? ""}`;
    if (decide === undefined || this.#asked.has(ask)) return;
    this.#asked.add(ask);
    this.#deciding += 1;
    const { task, kind, attempt, text, question, subject } = command;
    void this.#settle(
      decide({
        task,
        kind,
        attempt,
        text,
        ...(question === undefined ? {} : { question }),
        ...(subject === undefined ? {} : { subject }),
      }),
    );
  }

  async #settle(deciding: Promise<RunSignal | undefined>): Promise<void> {
    try {
      const decision = await deciding;
      if (decision !== undefined) this.#results.push({ inputs: [decision] });
    } catch (error) {
      this.#failure ??= error;
    } finally {
      this.#deciding -= 1;
      this.#change.notify();
    }
  }

  #abort(command: Extract<PlanCommand, { readonly type: "abort" }>): void {
    const flight = this.#inFlight.get(command.key);
    if (flight !== undefined) {
      flight.controller.abort(
        new MnemosyneError("E_CANCELLED", "The run stopped this work.", { kind: "cancelled" }),
      );
      return;
    }
    this.#startable.delete(command.key);
    const { task, attempt, epoch } = command;
    this.#results.push({ inputs: [{ type: "task.aborted", task, attempt, epoch, outcome: "unknown" }] });
  }

  /** What the worker before us left: its processes are ended, and each of its executions goes on by the task's rule. */
  async #takeOver(): Promise<void> {
    const { log, performer, signal } = this.#options;
    const context = this.#context(signal);
    const uncertain: RunInput[] = [];
    for (const { id, status, attempt, epoch } of log.snapshot().tasks) {
      if (status !== "running" && status !== "reviewing") continue;
      const { task } = taskOf(log.state, id);
      await performer.endLeftovers(task, context);
      if (status === "running" && task.onCrash !== "rerun")
        uncertain.push({ type: "task.uncertain", task: id, attempt, epoch, policy: task.onCrash });
    }
    if (uncertain.length > 0) await log.append({ inputs: uncertain, observations: [], payloads: [] });
    this.#accept(log.openCommands());
  }

  /** Takes up what is newly wanted and drops what no longer is. */
  #take({ commands, withdrawn, reloaded }: Pick<RunAppended, "commands" | "withdrawn" | "reloaded">): void {
    if (reloaded) this.#startable.clear();
    this.#accept(reloaded ? this.#options.log.openCommands() : commands);
    for (const key of withdrawn) this.#drop(key);
    if (!reloaded) return;
    const open = new Set(this.#options.log.openCommands().map((command) => command.key));
    for (const key of this.#timers.keys()) if (!open.has(key)) this.#drop(key);
  }

  #drop(key: string): void {
    this.#startable.delete(key);
    this.#timers.drop(key);
  }

  #noteStalls(): void {
    const now = this.#options.clock.now();
    for (const flight of this.#inFlight.values()) {
      if (flight.stalled || now - flight.beatAt < STALL_MS || flight.command.type !== "runTask") continue;
      flight.stalled = true;
      const { task, attempt } = flight.command;
      this.#observations.push({
        type: "alert.raised",
        task,
        attempt,
        level: "stall",
        message: `Task '${task}' has given no sign of life for ${STALL_MS / 1000} s.`,
      });
    }
  }

  async #end(): Promise<void> {
    this.#timers.clear();
    for (const { controller } of this.#inFlight.values())
      controller.abort(leftError(this.#options.log.runId));
    while (this.#inFlight.size > 0) await this.#change.wait(POLL_MS);
  }
}

function keyOf({ task, attempt }: Pick<ExecutionRef, "task" | "attempt">): string {
  return `run:${task}:${attempt}`;
}
