import { Coordinator, MemoryCoordinationStore } from "@mnemosyne/coordinator";
import {
  isMnemosyneError,
  type JournalAppend,
  type JournalAppended,
  type Plan,
  type RunEventBody,
} from "@mnemosyne/core";
import { LocalBackend, type EngineStorage } from "@mnemosyne/engine";
import { Orchestrator } from "@mnemosyne/orchestrator";
import { parsePlan } from "@mnemosyne/plan";
import { Fate, type CrashAt } from "../../../coordinator/test/simulation/fate.ts";
import { wired, type Outcome, type Weather } from "../../../coordinator/test/simulation/wire.ts";
import { World, type Chance, type Process } from "../../../coordinator/test/simulation/world.ts";
import { Effects, isEarlier, SimulatedWork, type Execution } from "./simulated-work.ts";
import { SimulatedJournal } from "./simulated-journal.ts";

/** What befalls the world. `calm`: messages only take their time. */
export type Climate = "calm" | "stormy";

/** What a world has come to. */
export interface Report {
  readonly faults: readonly string[];
  /** How often what happened. */
  readonly counts: ReadonlyMap<string, number>;
}

const TTL = 2000;
const STORM = 8000;
const END = 120_000;
const RUN = "run-1";
/** The chains of promises of the whole backend are longer than those of a coordinator. */
const LONGEST_CHAIN = 400;

/** Three processes carry one run by the local backend through a world of this seed. */
export async function simulateBackend(seed: number, climate: Climate, crash?: CrashAt): Promise<Report> {
  return new BackendSimulation(new World(seed, LONGEST_CHAIN), climate, crash).run();
}

/** Names of the durable steps that a call takes: an append takes one for each kind of event in it. */
function stepsOf(point: string, parts: readonly unknown[]): readonly string[] {
  if (point !== "journal.append") return [point];
  const [{ entries }] = parts as [JournalAppend];
  const kinds = entries.flatMap(({ body, class: kind }) =>
    kind === "input" || body.type === "run.moved" ? [body.type] : [],
  );
  return [...new Set(kinds)].map((kind) => `${point} ${kind}`);
}

class BackendSimulation {
  readonly #world: World;
  readonly #climate: Climate;
  readonly #fate: Fate;
  readonly #began: number;
  readonly #store: MemoryCoordinationStore;
  readonly #journal: SimulatedJournal;
  readonly #effects = new Effects();
  readonly #plan: Plan;
  readonly #completed = new Set<string>();
  readonly #compensated = new Set<string>();
  /** The execution that claimed a task last. */
  readonly #claims = new Map<string, Execution>();
  readonly #outcomes = new Set<string>();
  /** Token by which each process took the run last, and the highest of all. */
  readonly #tokens = new Map<string, number>();
  #highest = 0;
  #lives = 0;
  #working = 0;

  constructor(world: World, climate: Climate, crash: CrashAt | undefined) {
    this.#world = world;
    this.#climate = climate;
    this.#began = world.time;
    const now = (): number => world.time;
    this.#store = new MemoryCoordinationStore({ clock: { now } });
    this.#journal = new SimulatedJournal(now);
    this.#plan = makePlan(world.chance);
    this.#fate = new Fate(world, crash, (_dead, successor) => {
      this.#working--;
      this.#work(successor);
    });
  }

  async run(): Promise<Report> {
    for (let index = 0; index < 3; index++) this.#work(this.#fate.start(`w${index}`));
    if (this.#climate === "stormy") this.#fate.storm(STORM, TTL);
    while (this.#working > 0 && (await this.#world.step(this.#began + END)));
    if (this.#working > 0) this.#world.fault("the run never ended");
    else await this.#judge();
    return { faults: this.#world.faults, counts: this.#fate.counts };
  }

  /** What must hold in the end: everybody saw the same end, and a replay gives it again. */
  async #judge(): Promise<void> {
    const { now } = this.#fate.processes[0]!.clock;
    const sleep = async (): Promise<void> => {};
    const fresh = this.#backendOf("fresh", this.#journal, this.#store, { now, sleep }, undefined);
    const report = await fresh.report(RUN);
    const told = `${report.status} ${report.digest}`;
    if (this.#outcomes.size !== 1 || !this.#outcomes.has(told))
      this.#world.fault(`ends ${[...this.#outcomes].join()} and a replay to ${told}`);
    const events = await this.#journal.read(RUN);
    const finished = events.findLast(({ type }) => type === "run.finished");
    if (finished?.type !== "run.finished" || finished.digest !== report.digest)
      this.#world.fault(`the journal ends with ${finished?.type} and another state`);
    for (const { id, status } of report.tasks) {
      if (report.status === "completed" && status !== "completed")
        this.#world.fault(`${id} is ${status} in a completed run`);
      if (report.status !== "completed" && this.#completed.has(id) && !this.#compensated.has(id))
        this.#world.fault(`${id} was completed and not undone in a run that rolled back`);
    }
    this.#fate.count(report.status);
  }

  #work(process: Process): void {
    this.#working++;
    const life = `${process.name}#${++this.#lives}`;
    const watch = {
      before: (point: string, from: Process, parts: readonly unknown[]) => {
        for (const step of stepsOf(point, parts)) this.#fate.pass(step, "before", from);
      },
      after: (point: string, from: Process, parts: readonly unknown[], outcome: Outcome) => {
        this.#check(life, point, parts, outcome);
        for (const step of stepsOf(point, parts)) this.#fate.pass(step, "after", from);
      },
    };
    const wire = <Target extends object>(target: Target, name: string): Target =>
      wired(target, name, process, this.#world, () => this.#weather(), watch);
    const backend = this.#backendOf(
      life,
      wire(this.#journal, "journal"),
      wire(this.#store, "store"),
      process.clock,
      new SimulatedWork({
        chance: this.#world.chance,
        clock: process.clock,
        effects: wire(this.#effects, "effects"),
        fault: (what) => this.#world.fault(what),
      }),
    );
    void this.#finish(process, backend);
  }

  #backendOf(
    life: string,
    journal: SimulatedJournal,
    coordination: MemoryCoordinationStore,
    clock: Process["clock"],
    work: SimulatedWork | undefined,
  ): LocalBackend {
    return new LocalBackend({
      // Nothing else of a storage is asked for where the work is simulated.
      storage: { journal, coordination } as unknown as EngineStorage,
      coordinator: new Coordinator({
        store: coordination,
        clock,
        owner: life,
        ttl: TTL,
        heartbeat: 600,
        poll: 400,
      }),
      clock,
      scheduler: new Orchestrator(),
      redact: (text) => text,
      identity: life,
      performerFor: () => {
        if (work === undefined) throw new Error("Nobody works here.");
        return work;
      },
    });
  }

  /** Carries the run until it has ended, as a worker does: what goes wrong is tried again. */
  async #finish(process: Process, backend: LocalBackend): Promise<void> {
    const { chance } = this.#world;
    for (;;) {
      try {
        await backend.start(RUN, this.#plan);
        const outcome = await backend.carry(RUN);
        if (outcome.outcome === "finished") {
          // Those that died in the last moment were replaced already.
          if (!process.alive) return;
          this.#working--;
          this.#outcomes.add(`${outcome.status} ${outcome.digest}`);
          return;
        }
        for (const { task, subject } of outcome.waiting)
          if (chance.holds(0.5))
            await backend.signal(RUN, {
              type: "approval.granted",
              task,
              by: process.name,
              ...(subject === undefined ? {} : { subject }),
            });
      } catch (error) {
        if (!isMnemosyneError(error))
          return this.#world.fault(`${process.name} broke down: ${String(error)}`);
        if (error.code === "E_INTERNAL") return this.#world.fault(`${process.name}: ${error.message}`);
        this.#fate.count(error.code);
      }
      await process.clock.sleep(200 + chance.below(400));
    }
  }

  #weather(): Weather {
    const storm = this.#climate === "stormy" && this.#world.time < this.#began + STORM;
    return storm ? { latency: 60, lost: 0.02, late: 0.03 } : { latency: 20, lost: 0, late: 0 };
  }

  /** What must hold after each step. */
  #check(life: string, point: string, parts: readonly unknown[], outcome: Outcome): void {
    if ("error" in outcome) return;
    if (point === "effects.cause") this.#checkEffect(parts as [string, Execution], outcome.value === true);
    if (point !== "journal.append" || (outcome.value as JournalAppended).outcome !== "appended") return;
    const [append] = parts as [JournalAppend];
    for (const { body, class: kind } of append.entries) {
      if (kind === "input" && !BY_ANYBODY.has(body.type) && (this.#tokens.get(life) ?? 0) < this.#highest)
        this.#world.fault(`${life} wrote ${body.type} though another had taken the run`);
      this.#note(life, body);
    }
  }

  #checkEffect([task, execution]: [string, Execution], accepted: boolean): void {
    const claim = this.#claims.get(task);
    if (claim === undefined) return this.#world.fault(`${task} had an effect and was not claimed`);
    if (!accepted) {
      this.#fate.count("stale effect refused");
      if (!isEarlier(execution, claim))
        this.#world.fault(`${task}'s effect was refused to the execution that has it`);
    } else if (this.#completed.has(task)) this.#world.fault(`${task} is completed and had an effect again`);
    else this.#checkDependencies(task);
  }

  #note(life: string, body: RunEventBody): void {
    if (body.type === "run.moved") {
      if (body.token <= this.#highest) this.#world.fault(`a token fell to ${body.token}`);
      this.#highest = Math.max(this.#highest, body.token);
      this.#tokens.set(life, body.token);
      if (this.#tokens.size > 1) this.#fate.count("moved");
    }
    if (body.type === "result.stale") this.#fate.count("stale report");
    if (body.type === "task.started") {
      const { task, attempt, epoch } = body;
      if (this.#completed.has(task)) this.#world.fault(`${task} is completed and was claimed again`);
      this.#checkDependencies(task);
      const claim = this.#claims.get(task);
      if (claim !== undefined && !isEarlier(claim, { attempt, epoch }))
        this.#world.fault(`${task} was claimed by an execution that is not later`);
      this.#claims.set(task, { attempt, epoch });
      if (epoch > 1) this.#fate.count("taken over");
    }
    if (body.type === "task.completed") {
      const { task, attempt, epoch } = body;
      if (this.#completed.has(task)) this.#world.fault(`${task} was completed twice`);
      this.#completed.add(task);
      const seen = this.#effects.caused.filter((one) => one.task === task && one.attempt === attempt);
      if (!seen.some((one) => one.epoch === epoch))
        this.#world.fault(`${task} was completed without its effect`);
      if (seen.length > 1) this.#fate.count("effect repeated with the same key");
    }
    if (body.type === "compensation.completed") {
      if (this.#compensated.has(body.task)) this.#world.fault(`${body.task} was undone twice`);
      this.#compensated.add(body.task);
      for (const { id, dependsOn } of this.#plan.tasks)
        if (dependsOn.includes(body.task) && this.#completed.has(id) && !this.#compensated.has(id))
          this.#world.fault(`${body.task} was undone before ${id}, which depends on it`);
    }
  }

  #checkDependencies(task: string): void {
    const { dependsOn } = this.#plan.tasks.find(({ id }) => id === task) ?? { dependsOn: [] };
    for (const before of dependsOn)
      if (!this.#completed.has(before)) this.#world.fault(`${task} ran before ${before} was completed`);
  }
}

/** Decisions, which any process may take. */
const BY_ANYBODY: ReadonlySet<string> = new Set(["approval.granted"]);

/** A small random graph of tasks, some of which fail now and then, one of which waits for a person or fails for good. */
function makePlan(chance: Chance): Plan {
  const doomed = chance.holds(0.25);
  const tasks = Array.from({ length: 3 + chance.below(4) }, (_, index) => ({
    id: `t${index}`,
    run: "true",
    attempts: 20,
    compensate: { run: "true" },
    dependsOn: Array.from({ length: index }, (_unused, before) => `t${before}`).filter(() =>
      chance.holds(0.4),
    ),
    ...(chance.holds(0.15) ? { approval: "Go on?" } : {}),
  }));
  const last = { id: "doomed", run: "false", attempts: 1, dependsOn: tasks.map(({ id }) => id) };
  return parsePlan(
    JSON.stringify({
      version: 1,
      name: "simulated",
      concurrency: 3,
      onFailure: doomed ? "rollback" : "stop",
      tasks: doomed ? [...tasks, last] : tasks,
    }),
    { format: "json" },
  );
}
