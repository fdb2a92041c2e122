import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { hostname } from "node:os";
import path from "node:path";
import {
  MnemosyneError,
  Namespace,
  RunId,
  type Json,
  type Plan,
  type PlanCheck,
  type RunOutcome,
} from "@mnemosyne/core";
import { accountId, budgetLimit, ContextMonitor } from "@mnemosyne/context-monitor";
import { Coordinator } from "@mnemosyne/coordinator";
import { assessInstructions, Executor, TOOL_NAMES } from "@mnemosyne/executor";
import { Optimizer } from "@mnemosyne/optimizer";
import { Orchestrator } from "@mnemosyne/orchestrator";
import { planHash, type PlanFunctions } from "@mnemosyne/plan";
import { Reviewer } from "@mnemosyne/reviewer";
import {
  createCommandRunner,
  createRedactor,
  processStartTime,
  type OwnedCommandRunner,
} from "@mnemosyne/workspace";
import { systemClock } from "./clock.ts";
import type { EditOptions, SubmitOptions, WorkOptions } from "./call-options.ts";
import type { EngineOptions } from "./engine-options.ts";
import { LocalBackend, type CarryOptions, type StoredPlan } from "./local-backend.ts";
import { newRunId } from "./new-run-id.ts";
import { planOf, type PlanSource } from "./plan-source.ts";
import { RunHandle, type RunResult } from "./run-handle.ts";
import type { EngineStorage } from "./storage.ts";
import { RunWorker } from "./run/run-worker.ts";
import { performRun } from "./task/perform-run.ts";
import { readPayload } from "./task/outputs.ts";
import { planEdit, undoRemoved, type PlanEdit } from "./task/edit-plan.ts";
import { previewRollback } from "./task/preview-rollback.ts";
import type { RunServices } from "./task/run-services.ts";
import { TreeStore } from "./task/tree-store.ts";

/**
 * Carries out plans: the orchestrator schedules, the optimizer puts contexts together, the executor works, the
 * reviewer lets nothing through without evidence; every step is journalled before the next one begins.
 *
 * @example
 * const storage = await openStorage("file:app.db");
 * const engine = new OrchestrationEngine(storage);
 * await engine.start();
 * const result = await engine.executePlan({ version: 1, name: "hello", tasks: [{ id: "a", run: "echo hi" }] });
 * console.log(result.status, result.outputs.a);
 * await engine.stop();
 */
export class OrchestrationEngine {
  /** How full each agent's context is; agents are named `run/task`. */
  readonly monitor: ContextMonitor;
  readonly #options: EngineOptions;
  readonly #identity: string;
  readonly #stopping = new AbortController();
  readonly #carrying = new Set<Promise<unknown>>();
  /** Functions of module plans, which no journal can hold, by run. */
  readonly #modules = new Map<string, PlanFunctions>();
  readonly #redact: (text: string) => string;
  readonly #reviewer: Reviewer;
  readonly #orchestrator: Orchestrator;
  #coordinator: Coordinator | undefined;
  #backend: LocalBackend | undefined;
  #commands: OwnedCommandRunner | undefined;

  constructor(storage: EngineStorage | EngineOptions) {
    this.#options = "storage" in storage ? storage : { storage };
    const { agents = [], gates = [], tools = [], model, secrets = [] } = this.#options;
    this.monitor = new ContextMonitor(
      this.#options.catalog === undefined ? {} : { catalog: this.#options.catalog },
    );
    this.#identity = `${hostname()}|${process.pid}|${processStartTime() ?? ""}|${randomUUID()}`;
    this.#redact = createRedactor({ secrets }).redact;
    // A run task without gates needs no review, and one whose tree is only merged names none.
    this.#reviewer = new Reviewer({ gates, empty: "pass" });
    this.#orchestrator = new Orchestrator({
      agents: ["executor", ...agents.map(({ name }) => name)],
      gates: this.#reviewer.names,
      tools: [...TOOL_NAMES, ...tools.map(({ name }) => name)],
      hasModel: model !== undefined,
    });
  }

  /** Opens what the engine needs beside the storage. May be called again. */
  async start(): Promise<void> {
    this.#stopping.signal.throwIfAborted();
    await Promise.resolve();
    this.#backendOrOpen();
  }

  /** Leaves every run that is carried here (another process, or a later start, can carry it on) and closes what `start` opened. */
  async stop(): Promise<void> {
    this.#stopping.abort(new MnemosyneError("E_CANCELLED", "The engine was stopped.", { kind: "cancelled" }));
    await Promise.allSettled(this.#carrying);
    await this.#commands?.close();
    await this.#coordinator?.close();
    await this.monitor.close();
    this.#coordinator = undefined;
    this.#backend = undefined;
  }

  close(): Promise<void> {
    return this.stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** What a check finds before anything runs: order, critical path, faults, vague tasks. */
  checkPlan(source: PlanSource): PlanCheck {
    const { plan } = planOf(source);
    const check = this.#orchestrator.check(plan);
    const vague = plan.tasks.flatMap((task, index) =>
      task.work.kind === "instructions"
        ? assessInstructions(task.work.instructions).map((finding) => ({
            severity: "warning" as const,
            rule: "vague",
            path: `tasks[${index}].instructions`,
            message: `"${finding.clause}" ${finding.reason}. ${finding.question}`,
            fix: finding.criterion,
          }))
        : [],
    );
    return { ...check, findings: [...check.findings, ...vague] };
  }

  /** Carries a plan out and gives its result: ended, or `paused` with what it waits for. Throws `E_PLAN_INVALID`. */
  async executePlan(source: PlanSource, options: SubmitOptions = {}): Promise<RunResult> {
    const run = await this.submit(source, options);
    return await run.result(options);
  }

  /** Begins a plan and gives its run at once; the work goes on here in the background. Throws `E_PLAN_INVALID`, `E_RUN_EXISTS`. */
  async submit(source: PlanSource, options: SubmitOptions = {}): Promise<RunHandle> {
    const loaded = planOf(source);
    this.#mustBeSound(loaded.plan);
    const runId = RunId.parse(options.runId ?? newRunId(loaded.plan.name));
    const backend = this.#backendOrOpen();
    await backend.start(runId, loaded.plan, loaded.path === undefined ? {} : { source: loaded.path });
    this.#modules.set(runId, loaded);
    const run = this.#handle(runId, options.signal);
    // A failure of the background work is kept for whoever asks for the result.
    if (options.carry !== false) run.carry(options).catch(() => undefined);
    return run;
  }

  /**
   * A known run, to look at, decide for, or carry on. A module plan's functions come from `module`. Throws
   * `E_RUN_NOT_FOUND` when it is first used.
   */
  open(runId: string, module?: PlanFunctions): RunHandle {
    if (module !== undefined) this.#modules.set(runId, module);
    return this.#handle(RunId.parse(runId));
  }

  /**
   * Works on the database's runs that nobody works on, until the signal aborts: those that were only begun, those that
   * a decision or a timer woke, and those of dead workers (at once where this host shows that the process is gone, else
   * when its lease has ended). A run that needs what this engine does not have (a model, an agent, a folder) is left to
   * others. Any number of engines, of any process, may work on one database.
   */
  async work(options: WorkOptions = {}): Promise<void> {
    const { storage, clock = systemClock } = this.#options;
    const { concurrency = 4, untilIdle = false, onReport = () => undefined } = options;
    const signals = [this.#stopping.signal, ...(options.signal === undefined ? [] : [options.signal])];
    const signal = AbortSignal.any(signals);
    const backend = this.#backendOrOpen();
    const working = new RunWorker({
      storage,
      clock,
      concurrency,
      signal,
      untilIdle,
      onReport,
      canCarry: (runId) => this.#canCarry(runId, options.load),
      attempt: (runId) => backend.attempt(runId, { signal }),
      nextDue: (runId) => backend.nextDue(runId),
    }).work();
    this.#carrying.add(working);
    await working.finally(() => this.#carrying.delete(working));
  }

  async #canCarry(runId: string, load: WorkOptions["load"]): Promise<boolean> {
    const record = await this.#options.storage.journal.getRun(runId);
    if (record === undefined) return false;
    const { plan } = record.plan as unknown as StoredPlan;
    if (!this.#orchestrator.check(plan).valid || !existsSync(path.resolve(plan.workspace))) return false;
    if (!this.#modules.has(runId) && load !== undefined) {
      const module = await load({ runId, plan: record.plan });
      if (module !== undefined) this.#modules.set(runId, module);
    }
    const functions = this.#modules.get(runId)?.functions ?? {};
    return plan.tasks.every(({ work }) => work.kind !== "function" || work.function in functions);
  }

  /**
   * Gives a known run another plan: finished tasks whose keys are unchanged stay, everything else runs when the run is
   * carried on; each with its reason. `undoRemoved` compensates finished tasks that the new plan does not have; without
   * it they are listed and stay. `dryRun` only tells. Throws `E_RUN_NOT_FOUND`, `E_PLAN_INVALID`, `E_CONFLICT` while
   * somebody works on the run.
   */
  async editPlan(runId: string, source: PlanSource, options: EditOptions = {}): Promise<PlanEdit> {
    const loaded = planOf(source);
    this.#mustBeSound(loaded.plan);
    const { plan } = loaded;
    const backend = this.#backendOrOpen();
    if (options.dryRun === true) {
      const log = await backend.open(runId);
      return (await planEdit(this.#servicesFor(runId, log.plan), log, plan)).edit;
    }
    this.#modules.set(runId, loaded);
    return await backend.exclusively(runId, async (log) => {
      const services = this.#servicesFor(runId, log.plan);
      const { edit, input } = await planEdit(services, log, plan);
      if (planHash(plan) === planHash(log.plan)) return edit;
      const compensated =
        options.undoRemoved === true ? await undoRemoved(services, log, edit, this.#stopping.signal) : [];
      const { stale } = await log.append({
        inputs: [{ ...input, by: options.by ?? "person", compensated }],
        observations: [],
        payloads: [],
      });
      const refused = stale[0];
      if (refused !== undefined)
        throw new MnemosyneError("E_CONFLICT", `The plan was not edited: ${refused.reason}`, {
          kind: "conflict",
        });
      return edit;
    });
  }

  #mustBeSound(plan: Plan): void {
    const check = this.#orchestrator.check(plan);
    const faults = check.findings.filter(({ severity }) => severity === "error");
    if (!check.valid)
      throw new MnemosyneError(
        "E_PLAN_INVALID",
        `The plan '${plan.name}' cannot run: ${faults.map(({ path: at, message }) => `${at}: ${message}`).join("; ")}`,
        {
          kind: "input",
          details: faults as never,
          ...(faults[0] === undefined ? {} : { path: faults[0].path }),
          ...(faults[0]?.fix === undefined ? {} : { hint: faults[0].fix }),
        },
      );
  }

  #handle(runId: string, signal?: AbortSignal): RunHandle {
    const backend = this.#backendOrOpen();
    return new RunHandle({
      runId,
      backend,
      resultOf: (id) => this.#resultOf(id),
      preview: async (to) => {
        const log = await backend.open(runId);
        return await previewRollback(this.#servicesFor(runId, log.plan), log, to);
      },
      carry: (options) => this.#carry(runId, { ...(signal === undefined ? {} : { signal }), ...options }),
    });
  }

  #carry(runId: string, options: CarryOptions): Promise<RunOutcome> {
    const signals = [this.#stopping.signal, ...(options.signal === undefined ? [] : [options.signal])];
    const carrying = this.#backendOrOpen().carry(runId, { ...options, signal: AbortSignal.any(signals) });
    this.#carrying.add(carrying);
    return carrying.finally(() => this.#carrying.delete(carrying));
  }

  async #resultOf(runId: string): Promise<RunResult> {
    const { storage } = this.#options;
    const { report, outputs: refs } = await this.#backendOrOpen().reportWithOutputs(runId);
    const outputs: Record<string, Json> = {};
    for (const [id, ref] of refs) outputs[id] = await readPayload({ storage, runId }, ref);
    return { ...report, ok: report.status === "completed", outputs };
  }

  #backendOrOpen(): LocalBackend {
    this.#stopping.signal.throwIfAborted();
    const { storage, clock = systemClock } = this.#options;
    this.#backend ??= new LocalBackend({
      storage,
      clock,
      coordinator: this.#coordinatorOrOpen(),
      scheduler: this.#orchestrator,
      redact: this.#redact,
      identity: this.#identity,
      performerFor: ({ runId, plan }) => performRun(this.#servicesFor(runId, plan)),
      onBegin: async ({ runId, plan }) => {
        await storage.ledger.open({ id: accountId(runId), limit: budgetLimit(plan.budget) });
      },
      onFinished: async ({ runId, plan }, outcome) => {
        if (outcome.outcome !== "finished" || outcome.status === "failed") return;
        const passed = outcome.status === "completed" ? "promote" : "discard";
        await storage.settlePending(runId, undefined, passed);
        await new TreeStore(this.#servicesFor(runId, plan)).dropRun();
      },
    });
    return this.#backend;
  }

  #coordinatorOrOpen(): Coordinator {
    const { storage, clock } = this.#options;
    // Without a clock of its own it shares the system's with the thread that keeps leases alive.
    this.#coordinator ??= new Coordinator({
      store: storage.coordination,
      owner: this.#identity,
      ...(clock === undefined ? {} : { clock }),
    });
    return this.#coordinator;
  }

  #optimizer(): Optimizer {
    const { storage, model } = this.#options;
    // A new code for each call: recalled text can never have seen the fence that it stands behind.
    return new Optimizer({
      memory: storage,
      ...(storage.playbooks === undefined ? {} : { playbooks: storage.playbooks }),
      nonce: randomUUID,
      ...(model === undefined ? {} : { model: model.model }),
    });
  }

  #learner(): RunServices["learner"] {
    const { learner, storage } = this.#options;
    if (learner === false) return undefined;
    if (learner !== undefined) return learner;
    return storage.playbooks === undefined ? undefined : new Optimizer({ playbooks: storage.playbooks });
  }

  #servicesFor(runId: string, plan: Plan): RunServices {
    const {
      storage,
      model,
      catalog,
      tools = [],
      clock = systemClock,
      environment = process.env,
    } = this.#options;
    const { strongerModel, contextTokens = 40_000, namespace } = this.#options;
    const module = this.#modules.get(runId);
    const workspace = path.resolve(plan.workspace);
    const executor = new Executor({
      environment,
      redact: this.#redact,
      ...(model === undefined ? {} : { model }),
      ...(strongerModel === undefined ? {} : { strongerModel }),
      ...(module === undefined ? {} : { functions: module.functions }),
    });
    const agents = new Map([executor, ...(this.#options.agents ?? [])].map((agent) => [agent.name, agent]));
    return {
      runId,
      plan,
      storage,
      executor,
      agents,
      model,
      catalog,
      monitor: this.monitor,
      tools,
      workspace,
      clock,
      contextTokens,
      namespace:
        plan.namespace ?? (namespace === undefined ? Namespace.global() : Namespace.parse(namespace)),
      compensations: new Map(Object.entries(module?.compensations ?? {})),
      gates: this.#reviewer,
      modelGates: new Set(this.#reviewer.modelGates),
      gateVersions: this.#reviewer.versions,
      assembler: this.#options.assembler ?? this.#optimizer(),
      learner: this.#learner(),
      leasesFor: (task) => this.#orchestrator.leasesFor(task),
      coordinator: this.#coordinatorOrOpen(),
      commands: this.#options.commands ?? (this.#commands ??= createCommandRunner()),
      stateDir: path.resolve(this.#options.stateDir ?? path.join(workspace, ".mnemosyne")),
      redact: this.#redact,
      seen: {},
      host: hostname(),
      worker: this.#identity,
      random: Math.random,
    };
  }
}
