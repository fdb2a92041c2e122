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
import { noteStalls, type InFlight } from "./in-flight.ts";
import { leftError } from "./left-error.ts";
import type { RunDriverOptions } from "./run-driver-options.ts";
import { RunTimers } from "./run-timers.ts";
import { StartQueue, type RunTask } from "./start-queue.ts";
import { reportLate, takeOver } from "./take-over.ts";
import { taskOf } from "./task-of.ts";
import type { WorkContext, WorkResult } from "./work.ts";

/** How often other processes' decisions are looked for, and how long an observation may wait for company. */
const POLL_MS = 100;

/**
 * Carries one run: performs what the machine wants, journals what came of it together with the claims of what comes
 * next, and looks for decisions of other processes. One driver a run at a time; the run's lease sees to that.
 */
export class RunDriver {
  readonly #options: RunDriverOptions;
  readonly #change: ChangeSignal;
  readonly #inFlight = new Map<string, InFlight>();
  readonly #startable: StartQueue;
  readonly #timers: RunTimers;
  readonly #asked = new Set<string>();
  #results: WorkResult[] = [];
  #observations: RunObservation[] = [];
  #failure: unknown;
  /** Tasks that run (not reviews, compensations and the like). */
  #running = 0;
  /** Whether a task might be startable that was not when it was last looked at. */
  #mayStart = false;
  #deciding = 0;
  #settling = 0;
  #lookedAt = 0;

  constructor(options: RunDriverOptions) {
    this.#options = options;
    this.#change = new ChangeSignal(options.clock);
    this.#startable = new StartQueue(options.scheduler, options.log.plan);
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
      await takeOver(this.#options, this.#context(signal));
      this.#accept(this.#options.log.openCommands());
      return await this.#loop();
    } finally {
      signal.removeEventListener("abort", leave);
      await this.#end();
      await reportLate(this.#options.log, this.#results);
    }
  }

  /** Takes the run and ends what a dead worker left, without going on. */
  settle(): Promise<void> {
    return takeOver(this.#options, this.#context(this.#options.signal), { reopen: true });
  }

  /** Journals a decision of this process. Gives whether it changed anything. */
  async deliver(decision: RunSignal): Promise<boolean> {
    const appended = await this.#options.log.append({ inputs: [decision], observations: [], payloads: [] });
    this.#take(appended);
    return appended.stale.length === 0;
  }

  async #loop(): Promise<RunOutcome> {
    const { log, journal, signal, clock } = this.#options;
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure;
      if (signal.aborted) throw leftError(log.runId, signal.reason);
      if (this.#results.length > 0 || this.#observations.length > 0 || this.#canStart()) {
        await this.#flush();
        continue;
      }
      const done = this.#done();
      if (done !== undefined) return done;
      await this.#change.wait(POLL_MS);
      // What others decided is looked for now and then, not with everything that happens here.
      const now = clock.now();
      if (now >= this.#lookedAt && now - this.#lookedAt < POLL_MS) continue;
      this.#lookedAt = now;
      this.#observations.push(...noteStalls(this.#inFlight.values(), now));
      if ((await journal.head(log.runId)) > log.head) this.#take(await log.sync());
      if (log.lost !== undefined)
        throw new MnemosyneError("E_LEASE_LOST", `Run ${log.runId} was taken over by ${log.lost}.`, {
          kind: "conflict",
        });
    }
  }

  #canStart(): boolean {
    return this.#mayStart && this.#startable.size > 0 && this.#running < this.#options.concurrency;
  }

  #done(): RunOutcome | undefined {
    const { log } = this.#options;
    if (this.#inFlight.size > 0 || this.#settling > 0) return undefined;
    const finished = log.projection.finished;
    if (finished !== undefined) return { ...finished, outcome: "finished" };
    if (log.status !== "paused" || this.#deciding > 0) return undefined;
    return { outcome: "paused", waiting: log.snapshot().waiting };
  }

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
    const refused = new Set(appended.stale.map(({ input }) => input));
    // A claim that others made stale is no longer ours to start.
    for (const input of refused) if (input.type === "task.started") this.#startable.delete(keyOf(input));
    this.#settleFailed(batch.inputs);
    for (const { settled, inputs } of results)
      if (settled !== undefined && !inputs.some((input) => refused.has(input))) this.#settle(settled);
  }

  /** What a task remembered that failed for good is recalled no more, before anybody else sees it. */
  #settleFailed(inputs: readonly RunInput[]): void {
    const { log, performer } = this.#options;
    for (const input of inputs) {
      if (!("task" in input) || input.task === undefined) continue;
      const { status, task } = taskOf(log.state, input.task);
      if (status !== "failed") continue;
      this.#settle(async () => {
        const { observations = [] } = await performer.settleFailed(task, this.#context(this.#options.signal));
        this.#observations.push(...observations);
      });
    }
  }

  #accept(commands: readonly PlanCommand[]): void {
    for (const command of commands) {
      if (this.#inFlight.has(command.key) && command.type !== "abort") continue;
      switch (command.type) {
        case "runTask":
          if (taskOf(this.#options.log.state, command.task).approved !== undefined) this.#confirm(command);
          else if (this.#startable.get(command.key)?.epoch !== command.epoch) this.#startable.add(command);
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
    this.#mayStart = true;
    this.#change.notify();
  }

  /** Tasks to claim now, given what has just become startable. */
  #claims(commands: readonly PlanCommand[]): RunInput[] {
    const { log, concurrency, worker } = this.#options;
    for (const command of commands) if (command.type === "runTask") this.#queue(command);
    this.#mayStart = false;
    const resources = (task: RunTask["task"]): StartableTask => {
      const { reads, writes } = taskOf(log.state, task).task;
      return { task, reads, writes };
    };
    const running = (): StartableTask[] =>
      [...this.#inFlight.values()].flatMap(({ command }) =>
        command.type === "runTask" || command.type === "review" ? [resources(command.task)] : [],
      );
    return this.#startable
      .choose(concurrency - this.#running, running, resources)
      .map(({ task, attempt, epoch }) => ({ type: "task.started", task, attempt, epoch, worker }));
  }

  #queue(command: RunTask): void {
    if (this.#inFlight.has(command.key)) return;
    if (taskOf(this.#options.log.state, command.task).approved === undefined) this.#startable.add(command);
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
    const counts = command.type === "runTask" && !command.key.startsWith("confirm:") ? 1 : 0;
    this.#running += counts;
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
        this.#running -= counts;
        this.#mayStart = true;
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
        this.#startable.add(command);
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
    void this.#decide(
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

  async #decide(deciding: Promise<RunSignal | undefined>): Promise<void> {
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

  /** Does what follows a durable completion; the run does not end before. */
  #settle(settled: () => Promise<void>): void {
    this.#settling += 1;
    settled()
      .catch((error: unknown) => {
        this.#failure ??= error;
      })
      .finally(() => {
        this.#settling -= 1;
        this.#change.notify();
      });
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

  async #end(): Promise<void> {
    this.#timers.clear();
    for (const { controller } of this.#inFlight.values())
      controller.abort(leftError(this.#options.log.runId));
    while (this.#inFlight.size > 0 || this.#settling > 0) await this.#change.wait(POLL_MS);
  }
}

function keyOf({ task, attempt }: Pick<ExecutionRef, "task" | "attempt">): string {
  return `run:${task}:${attempt}`;
}
