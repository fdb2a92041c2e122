import {
  isMnemosyneError,
  MnemosyneError,
  type Backend,
  type BackendCapabilities,
  type Clock,
  type PayloadRef,
  type Plan,
  type RunEvent,
  type RunOutcome,
  type RunSignal,
  type RunSnapshot,
  type Scheduler,
  type WaitingFor,
} from "@mnemosyne/core";
import type { Coordinator, LeaseHandle } from "@mnemosyne/coordinator";
import { digest, MACHINE_VERSION, planHash } from "@mnemosyne/plan";
import { ChangeSignal } from "./run/change-signal.ts";
import { holdRun } from "./run/hold-run.ts";
import { RunDriver } from "./run/run-driver.ts";
import { RunLog } from "./run/run-log.ts";
import { reportOf, type RunReport } from "./run/run-report.ts";
import type { Performer } from "./run/work.ts";
import type { EngineStorage } from "./storage.ts";

/** Options of {@link LocalBackend}. */
export interface LocalBackendOptions {
  readonly storage: EngineStorage;
  readonly coordinator: Coordinator;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly redact: (text: string) => string;
  /** Does the work of one run. */
  readonly performerFor: (run: { readonly runId: string; readonly plan: Plan }) => Performer;
  /** Called before a run's first event. May be called again. */
  readonly onBegin?: (run: { readonly runId: string; readonly plan: Plan }) => Promise<void>;
  /** Called when a run has ended, e.g. to drop its folders. */
  readonly onFinished?: (
    run: { readonly runId: string; readonly plan: Plan },
    outcome: RunOutcome,
  ) => Promise<void>;
  /** `host|pid|start time|random`: lets another process of this host see that this one is gone. */
  readonly identity: string;
}

/** Options of {@link LocalBackend.carry}. */
export interface CarryOptions {
  readonly signal?: AbortSignal;
  readonly concurrency?: number;
  readonly decide?: (waiting: WaitingFor) => Promise<RunSignal | undefined>;
}

/** How the run's plan stands in the journal. */
export interface StoredPlan {
  readonly plan: Plan;
  /** File that it was loaded from. */
  readonly source?: string;
}

const FOLLOW_MS = 100;
/** A lease lasts 5 s where its holder cannot be seen to be gone. */
const HOLD_TRIES = 60;
const ENDED: ReadonlySet<string> = new Set(["completed", "failed", "cancelled", "rolledBack"]);

/**
 * Carries runs on this machine: the journal is in the database, one process at a time holds a run by a lease, any
 * process can decide and watch.
 */
export class LocalBackend implements Backend {
  readonly capabilities: BackendCapabilities = { name: "local", durableTimers: true, multiNode: false };
  readonly #options: LocalBackendOptions;
  readonly #drivers = new Map<string, RunDriver>();
  readonly #watchers = new Map<string, Set<ChangeSignal>>();

  constructor(options: LocalBackendOptions) {
    this.#options = options;
  }

  async start(
    runId: string,
    plan: Plan,
    options: { readonly source?: string } = {},
  ): Promise<"accepted" | "existing"> {
    const { journal } = this.#options.storage;
    const hash = planHash(plan);
    const stored: StoredPlan = { plan, ...(options.source === undefined ? {} : { source: options.source }) };
    const created = await journal.createRun({
      runId,
      name: plan.name,
      planHash: hash,
      plan: stored as never,
    });
    if (created === "created") return "accepted";
    const known = await journal.getRun(runId);
    if (known?.planHash === hash) return "existing";
    throw new MnemosyneError(
      "E_RUN_EXISTS",
      `Run '${runId}' exists with another plan; choose another run id, or resume it with its own plan.`,
      { kind: "input", path: "runId" },
    );
  }

  async signal(runId: string, signal: RunSignal): Promise<boolean> {
    const driver = this.#drivers.get(runId);
    const log = await this.open(runId);
    const named = "task" in signal ? signal.task : undefined;
    const task = log.snapshot().tasks.find(({ id }) => id === named);
    if (named !== undefined && task === undefined)
      throw new MnemosyneError(
        "E_TASK_NOT_FOUND",
        `Run '${runId}' has no task '${named}'; its tasks are ${log.plan.tasks.map(({ id }) => id).join(", ")}.`,
        { kind: "notFound", path: "task" },
      );
    // What people and scripts read says for which attempt a decision was.
    const complete =
      task !== undefined && ATTEMPTED.has(signal.type) ? { attempt: task.attempt, ...signal } : signal;
    if (driver !== undefined) return await driver.deliver(complete);
    const { stale } = await log.append({ inputs: [complete], observations: [], payloads: [] });
    this.#notify(runId);
    return stale.length === 0;
  }

  async status(runId: string): Promise<RunSnapshot | undefined> {
    const record = await this.#options.storage.journal.getRun(runId);
    if (record === undefined) return undefined;
    const log = await this.open(runId);
    const { status, tasks, waiting } = log.snapshot();
    const { plan: _plan, ...row } = record;
    const error = log.projection.finished?.error;
    return {
      ...row,
      status,
      tasks: tasks.map(({ id, status: taskStatus, attempt }) => ({
        id,
        status: taskStatus,
        attempts: attempt,
      })),
      waiting,
      head: log.head,
      digest: digest(log.state),
      ...(error === undefined ? {} : { error }),
    };
  }

  /** The run as the journal tells it. Throws `E_RUN_NOT_FOUND`. */
  async report(runId: string): Promise<RunReport> {
    const log = await this.open(runId);
    return reportOf(log, digest(log.state));
  }

  /** The report with the reference of each task's output. */
  async reportWithOutputs(
    runId: string,
  ): Promise<{ readonly report: RunReport; readonly outputs: ReadonlyMap<string, PayloadRef> }> {
    const log = await this.open(runId);
    const report = reportOf(log, digest(log.state));
    const outputs = new Map<string, PayloadRef>();
    for (const { id, status } of report.tasks) {
      const ref = log.projection.task(id).output;
      if (ref !== undefined && status === "completed") outputs.set(id, ref);
    }
    return { report, outputs };
  }

  async *events(
    runId: string,
    options: { readonly from?: number; readonly signal?: AbortSignal } = {},
  ): AsyncGenerator<RunEvent> {
    const { journal } = this.#options.storage;
    const change = new ChangeSignal(this.#options.clock);
    const watchers = this.#watchers.get(runId) ?? new Set();
    this.#watchers.set(runId, watchers.add(change));
    let after = options.from ?? 0;
    try {
      for (;;) {
        options.signal?.throwIfAborted();
        const events = await journal.read(runId, { after, limit: 1000 });
        for (const event of events) {
          after = event.seq;
          yield event;
        }
        if (events.length > 0) continue;
        const record = await this.#record(runId);
        const resting = ENDED.has(record.status) || record.status === "paused";
        if (resting && record.head === after && !this.#drivers.has(runId)) return;
        await change.wait(FOLLOW_MS);
      }
    } finally {
      watchers.delete(change);
    }
  }

  /**
   * Works on the run until it has finished or waits for a person. Where a live process holds it, follows that one and
   * takes over when it is gone: at once where this host shows that the process is dead, else when its lease has ended.
   */
  async carry(runId: string, options: CarryOptions = {}): Promise<RunOutcome> {
    const signal = options.signal ?? new AbortController().signal;
    for (;;) {
      signal.throwIfAborted();
      const rested = await this.#rested(runId);
      // A run that waits goes on here when somebody here can decide.
      if (rested?.outcome === "finished" || (rested !== undefined && options.decide === undefined))
        return rested;
      const outcome = await this.attempt(runId, { ...options, signal });
      if (outcome !== undefined) return outcome;
      await this.#options.clock.sleep(FOLLOW_MS, signal);
    }
  }

  /** Works on the run if nobody else does. Undefined where somebody does, or took it away meanwhile. */
  async attempt(runId: string, options: CarryOptions = {}): Promise<RunOutcome | undefined> {
    const signal = options.signal ?? new AbortController().signal;
    const lease = await holdRun(this.#options, runId, signal);
    if (lease === undefined) return undefined;
    try {
      return await this.#drive(runId, lease, signal, options);
    } catch (error) {
      const lost = lease.signal.aborted || (isMnemosyneError(error) && error.code === "E_LEASE_LOST");
      // What we had in flight is fenced off.
      if (lost && !signal.aborted) return undefined;
      throw error;
    } finally {
      await lease.release();
    }
  }

  /**
   * Does something with a run that nobody may work on meanwhile: what a dead worker left is ended first. Throws
   * `E_CONFLICT` while somebody works on it.
   */
  async exclusively<Value>(runId: string, use: (log: RunLog) => Promise<Value>): Promise<Value> {
    const { storage, clock, scheduler, performerFor, identity } = this.#options;
    const { signal } = new AbortController();
    // A process that was just ended leaves its lease behind.
    let lease = await holdRun(this.#options, runId, signal);
    for (let tries = 0; lease === undefined && tries < HOLD_TRIES; tries++) {
      await clock.sleep(FOLLOW_MS, signal);
      lease = await holdRun(this.#options, runId, signal);
    }
    if (lease === undefined)
      throw new MnemosyneError("E_CONFLICT", `Run ${runId} is being worked on; stop its worker first.`, {
        kind: "conflict",
      });
    try {
      const log = await this.open(runId);
      if (log.head === 0) await this.#begin(log);
      const driver = new RunDriver({
        log,
        clock,
        scheduler,
        journal: storage.journal,
        performer: performerFor({ runId, plan: log.plan }),
        worker: identity,
        token: lease.token,
        concurrency: 1,
        signal,
      });
      await driver.settle();
      return await use(log);
    } finally {
      await lease.release();
      this.#notify(runId);
    }
  }

  /** When the next timer of a run goes off, in milliseconds since 1970. */
  async nextDue(runId: string): Promise<number | undefined> {
    return nextDue(await this.open(runId));
  }

  async #drive(
    runId: string,
    lease: LeaseHandle,
    signal: AbortSignal,
    options: CarryOptions,
  ): Promise<RunOutcome> {
    const { storage, clock, scheduler, performerFor, identity, onFinished } = this.#options;
    const log = await this.open(runId);
    const { plan } = log;
    if (log.head === 0) await this.#begin(log);
    const driver = new RunDriver({
      log,
      clock,
      scheduler,
      journal: storage.journal,
      performer: performerFor({ runId, plan }),
      worker: identity,
      token: lease.token,
      concurrency: options.concurrency ?? plan.concurrency,
      signal: AbortSignal.any([signal, lease.signal]),
      ...(options.decide === undefined ? {} : { decide: options.decide }),
    });
    this.#drivers.set(runId, driver);
    try {
      const outcome = await driver.drive();
      if (outcome.outcome === "finished") await onFinished?.({ runId, plan }, outcome);
      return outcome;
    } finally {
      this.#drivers.delete(runId);
      this.#notify(runId);
    }
  }

  async #begin(log: RunLog): Promise<void> {
    const { plan } = log;
    const { scheduler, clock, onBegin } = this.#options;
    const { time } = plan.budget;
    await onBegin?.({ runId: log.runId, plan });
    const { criticalPath } = scheduler.check(plan);
    await log.append({
      inputs: [
        {
          type: "run.started",
          machine: MACHINE_VERSION,
          planHash: planHash(plan),
          ...(time === undefined ? {} : { deadlineAt: new Date(clock.now() + time).toISOString() }),
        },
      ],
      observations: [{ type: "plan.validated", tasks: plan.tasks.length, criticalPath }],
      payloads: [],
    });
  }

  /** How the run ended, or that it waits and nobody here can answer; undefined while there is work. */
  async #rested(runId: string): Promise<RunOutcome | undefined> {
    const record = await this.#record(runId);
    if (!ENDED.has(record.status) && record.status !== "paused") return undefined;
    const log = await this.open(runId);
    const { finished } = log.projection;
    if (finished !== undefined) return { ...finished, outcome: "finished" };
    if (log.status !== "paused") return undefined;
    // A timer (the deadline) went off while nobody worked on the run.
    if ((nextDue(log) ?? Infinity) <= this.#options.clock.now()) return undefined;
    return { outcome: "paused", waiting: log.snapshot().waiting };
  }

  /** The run's journal, folded. Throws `E_RUN_NOT_FOUND`. */
  async open(runId: string): Promise<RunLog> {
    const { storage, clock, redact } = this.#options;
    const { plan } = (await this.#record(runId)).plan as unknown as StoredPlan;
    return await RunLog.open(runId, plan, {
      journal: storage.journal,
      clock,
      redact,
      onEvents: () => this.#notify(runId),
    });
  }

  async #record(runId: string) {
    const record = await this.#options.storage.journal.getRun(runId);
    if (record !== undefined) return record;
    throw new MnemosyneError(
      "E_RUN_NOT_FOUND",
      `There is no run '${runId}' in this database; 'mnemosyne runs' lists them.`,
      { kind: "notFound", path: "runId" },
    );
  }

  #notify(runId: string): void {
    for (const change of this.#watchers.get(runId) ?? []) change.notify();
  }
}

function nextDue(log: RunLog): number | undefined {
  const due = log
    .openCommands()
    .flatMap((command) => (command.type === "timer" ? [Date.parse(command.dueAt)] : []));
  return due.length === 0 ? undefined : Math.min(...due);
}

const ATTEMPTED: ReadonlySet<string> = new Set(["approval.granted", "approval.denied", "question.answered"]);
