import { Coordinator, MemoryCoordinationStore } from "@mnemosyne/coordinator";
import type { JournalAppend, JournalAppended, Plan, RunInput } from "@mnemosyne/core";
import { digest, parsePlan } from "@mnemosyne/plan";
import { Fate, type CrashAt } from "./fate.ts";
import { isEarlier, PlanJournal, Witness, type Execution } from "./plan-journal.ts";
import { fold, PlanWorker } from "./plan-worker.ts";
import type { Climate, Report } from "./simulate.ts";
import { wired, type Outcome, type Weather } from "./wire.ts";
import { World, type Chance, type Process } from "./world.ts";

const TTL = 2000;
const STORM = 8000;
const END = 60_000;
const RUN = "run-1";

/** Three workers carry one plan through a world of this seed. */
export async function simulatePlan(seed: number, climate: Climate, crash?: CrashAt): Promise<Report> {
  return new PlanSimulation(new World(seed), climate, crash).run();
}

/** The name of a durable step: appends are told apart by what they say. */
function pointOf(point: string, parts: readonly unknown[]): string {
  if (point !== "journal.append") return point;
  const [append] = parts as [JournalAppend];
  return `journal.append ${append.entries.map(({ body }) => body.type).join("+")}`;
}

class PlanSimulation {
  readonly #world: World;
  readonly #climate: Climate;
  readonly #fate: Fate;
  readonly #began: number;
  readonly #store: MemoryCoordinationStore;
  readonly #journal: PlanJournal;
  readonly #witness = new Witness();
  readonly #plan: Plan;
  readonly #completed = new Set<string>();
  /** The execution that claimed a task last. */
  readonly #claims = new Map<string, Execution>();
  readonly #digests = new Set<string>();
  #workers = 0;

  constructor(world: World, climate: Climate, crash: CrashAt | undefined) {
    this.#world = world;
    this.#climate = climate;
    this.#began = world.time;
    const now = (): number => world.time;
    this.#store = new MemoryCoordinationStore({ clock: { now } });
    this.#journal = new PlanJournal(now);
    this.#plan = makePlan(world.chance);
    this.#fate = new Fate(world, crash, (_dead, successor) => {
      this.#workers--;
      this.#work(successor);
    });
  }

  async run(): Promise<Report> {
    for (let index = 0; index < 3; index++) this.#work(this.#fate.start(`w${index}`));
    if (this.#climate === "stormy") this.#fate.storm(STORM, TTL);
    while (this.#workers > 0 && (await this.#world.step(this.#began + END)));
    if (this.#workers > 0) this.#world.fault("the run never ended");
    const replayed = digest(fold(this.#plan, await this.#journal.read(RUN, 0)));
    if (this.#digests.size !== 1 || !this.#digests.has(replayed))
      this.#world.fault(`states ${[...this.#digests].join()} and a replay to ${replayed}`);
    for (const { id } of this.#plan.tasks)
      if (!this.#completed.has(id)) this.#world.fault(`${id} was never completed`);
    return { faults: this.#world.faults, counts: this.#fate.counts };
  }

  #work(process: Process): void {
    this.#workers++;
    const watch = {
      before: (point: string, from: Process, parts: readonly unknown[]) =>
        this.#fate.pass(pointOf(point, parts), "before", from),
      after: (point: string, from: Process, parts: readonly unknown[], outcome: Outcome) => {
        this.#check(point, parts, outcome);
        this.#fate.pass(pointOf(point, parts), "after", from);
      },
    };
    const wire = <Target extends object>(target: Target, name: string): Target =>
      wired(target, name, process, this.#world, () => this.#weather(), watch);
    const store = wire(this.#store, "store");
    const { clock } = process;
    const worker = new PlanWorker({
      world: this.#world,
      process,
      coordinator: new Coordinator({
        store,
        clock,
        owner: process.name,
        ttl: TTL,
        heartbeat: 600,
        poll: 400,
      }),
      journal: wire(this.#journal, "journal"),
      witness: wire(this.#witness, "witness"),
      runId: RUN,
      plan: this.#plan,
    });
    void this.#finish(process, worker);
  }

  async #finish(process: Process, worker: PlanWorker): Promise<void> {
    try {
      const state = await worker.run();
      // Those that died in the last moment were replaced already.
      if (!process.alive) return;
      this.#workers--;
      this.#digests.add(state);
    } catch (error) {
      this.#world.fault(`${process.name} broke down: ${String(error)}`);
    }
  }

  #weather(): Weather {
    const storm = this.#climate === "stormy" && this.#world.time < this.#began + STORM;
    return storm ? { latency: 60, lost: 0.02, late: 0.03 } : { latency: 20, lost: 0, late: 0 };
  }

  /** What must hold after each step. */
  #check(point: string, parts: readonly unknown[], outcome: Outcome): void {
    if ("error" in outcome) return;
    if (point === "witness.effect") {
      const [task, attempt, epoch] = parts as [string, number, number];
      const claim = this.#claims.get(task);
      if (claim === undefined) this.#world.fault(`${task} had an effect and was not claimed`);
      else if (outcome.value === false) {
        this.#fate.count("stale effect refused");
        if (!isEarlier({ attempt, epoch }, claim))
          this.#world.fault(`${task}'s effect was refused to the execution that has it`);
      } else if (this.#completed.has(task)) this.#world.fault(`${task} is completed and had an effect again`);
      else this.#checkDependencies(task);
    }
    if (point !== "journal.append" || (outcome.value as JournalAppended).outcome !== "appended") return;
    const [append] = parts as [JournalAppend];
    for (const { body } of append.entries) this.#note(body as RunInput);
  }

  #note(input: RunInput): void {
    if (input.type === "task.started") {
      if (this.#completed.has(input.task))
        this.#world.fault(`${input.task} is completed and was claimed again`);
      this.#checkDependencies(input.task);
      const { attempt, epoch } = input;
      this.#claims.set(input.task, { attempt, epoch });
      if (epoch > 1) this.#fate.count("taken over");
    }
    if (input.type !== "task.completed") return;
    if (this.#completed.has(input.task)) this.#world.fault(`${input.task} was completed twice`);
    this.#completed.add(input.task);
    const { task, attempt, epoch } = input;
    const seen = this.#witness.effects.filter((one) => one.task === task && one.attempt === attempt);
    if (!seen.some((one) => one.epoch === epoch))
      this.#world.fault(`${task} was completed without its effect`);
    if (seen.length > 1) this.#fate.count("effect repeated with the same key");
  }

  #checkDependencies(task: string): void {
    const { dependsOn } = this.#plan.tasks.find(({ id }) => id === task) ?? { dependsOn: [] };
    for (const before of dependsOn)
      if (!this.#completed.has(before)) this.#world.fault(`${task} ran before ${before} was completed`);
  }
}

/** A small random graph of tasks, each of which may fail now and then. */
function makePlan(chance: Chance): Plan {
  const tasks = Array.from({ length: 3 + chance.below(4) }, (_, index) => ({
    id: `t${index}`,
    run: "true",
    attempts: 20,
    dependsOn: Array.from({ length: index }, (_unused, before) => `t${before}`).filter(() =>
      chance.holds(0.4),
    ),
  }));
  return parsePlan(JSON.stringify({ version: 1, name: "simulated", tasks }), { format: "json" });
}
