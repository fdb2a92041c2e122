import { Coordinator, MemoryCoordinationStore, type LeaseHandle } from "@mnemosyne/coordinator";
import type { Lease, QueueItem, WaitingState } from "@mnemosyne/core";
import { Fate, type CrashAt } from "./fate.ts";
import { collisions, GLOBS, stuckActors } from "./oracle.ts";
import { answerTasks, attempt, doWork, live, meet, type Stage } from "./programs.ts";
import { wired, type Outcome, type Weather } from "./wire.ts";
import { World, type Process } from "./world.ts";

/** What befalls the world. `calm`: messages only take their time. `stormy`: crashes, pauses, clock jumps, lost and late messages. */
export type Climate = "calm" | "stormy";

/** What a world has come to. */
export interface Report {
  readonly faults: readonly string[];
  /** How often what happened. */
  readonly counts: ReadonlyMap<string, number>;
}

const TTL = 2000;
const OPTIONS = { ttl: TTL, heartbeat: 600, poll: 400 };
/** Milliseconds after which nothing bad happens any more. */
const STORM = 12_000;
const END = 240_000;
/** Most milliseconds for which a closed ring of live processes may stand: two polls and the messages between them. */
const FOUND_WITHIN = 2500;

/** Runs the world of a seed to its end. */
export async function simulate(seed: number, climate: Climate, crash?: CrashAt): Promise<Report> {
  const world = new World(seed);
  return new Simulation(world, climate, crash).run();
}

class Simulation {
  readonly #world: World;
  readonly #stormy: boolean;
  /** Nobody dies and no message is lost: then nobody is refused for a wait that has ended. */
  readonly #strict: boolean;
  readonly #fate: Fate;
  readonly #began: number;
  readonly #store: MemoryCoordinationStore;
  readonly #actors: readonly string[];
  readonly #globs: readonly string[];
  readonly #lives = new Map<string, Process>();
  readonly #coordinators = new Map<Process, Coordinator>();
  /** Who waits, by a number of its own for each wait. */
  readonly #waiting = new Map<string, number>();
  readonly #believed: { readonly handle: LeaseHandle; readonly process: Process }[] = [];
  /** Highest token whose write to a path was accepted, by the simulation's own reckoning. */
  readonly #written = new Map<string, number>();
  readonly #put = new Set<string>();
  readonly #done = new Set<string>();
  readonly #offered = new Set<string>();
  /** When a process could last see that an actor was stuck. */
  readonly #seenStuck = new Map<Process, Map<string, number>>();
  #stuckSince: { readonly ring: string; readonly at: number } | undefined;
  #living = 0;
  #numbers = 0;
  #waits = 0;

  constructor(world: World, climate: Climate, crash: CrashAt | undefined) {
    this.#world = world;
    this.#stormy = climate === "stormy";
    this.#strict = !this.#stormy && crash === undefined;
    this.#fate = new Fate(world, crash, (dead, successor) => this.#reborn(dead, successor));
    this.#began = world.time;
    // Now and then everybody wants the same, so that it changes hands often.
    this.#globs = world.chance.holds(0.3) ? ["src/a.ts"] : GLOBS;
    this.#actors = ["ann", "bob", "cid", "dan"].slice(0, 3 + world.chance.below(2));
    this.#store = new MemoryCoordinationStore({ clock: { now: () => world.time } });
  }

  async run(): Promise<Report> {
    for (const [index, actor] of this.#actors.entries()) {
      const process = this.#fate.processes[index % 2] ?? this.#fate.start(`p${index % 2}`);
      this.#begin(process, actor, 2 + this.#world.chance.below(3));
    }
    if (this.#stormy) this.#fate.storm(STORM, TTL);
    await this.#until(() => this.#living === 0 && (!this.#stormy || this.#world.time > this.#began + STORM));
    if (this.#living > 0) this.#world.fault("somebody never got an answer");
    await this.#settle();
    if (this.#world.chance.holds(0.3)) await this.#meeting();
    return { faults: this.#world.faults, counts: this.#fate.counts };
  }

  async #until(over: () => boolean): Promise<void> {
    const end = this.#world.time + END;
    while (!over() && (await this.#world.step(end)));
  }

  #coordinator(process: Process): Coordinator {
    const store = wired(this.#store, "store", process, this.#world, () => this.#weather(), {
      before: (point) => this.#fate.pass(point, "before", process),
      after: (point, _process, parts, outcome) => {
        this.#check(point, process, parts, outcome);
        this.#fate.pass(point, "after", process);
      },
    });
    return new Coordinator({ ...OPTIONS, store, clock: process.clock, owner: process.name });
  }

  #weather(): Weather {
    const storm = this.#stormy && this.#world.time < this.#began + STORM;
    return storm ? { latency: 60, lost: 0.02, late: 0.03 } : { latency: 20, lost: 0, late: 0 };
  }

  #begin(process: Process, actor: string, steps: number): void {
    const stage = this.#stage(process, actor);
    this.#living++;
    void this.#live(stage, steps);
    this.#lives.set(actor, process);
  }

  async #live(stage: Stage, steps: number): Promise<void> {
    try {
      await live(stage, steps);
      this.#lives.delete(stage.actor);
      this.#living--;
    } catch (error) {
      this.#world.fault(`${stage.actor} broke down: ${String(error)}`);
    }
  }

  #stage(process: Process, actor: string): Stage {
    const coordinator = this.#coordinators.get(process) ?? this.#coordinator(process);
    this.#coordinators.set(process, coordinator);
    return {
      world: this.#world,
      process,
      coordinator,
      actor,
      actors: this.#actors,
      globs: this.#globs,
      waiting: async (call) => {
        this.#waiting.set(actor, ++this.#waits);
        try {
          return await call;
        } catch (error) {
          this.#checkRefusal(process, actor, error);
          throw error;
        } finally {
          this.#waiting.delete(actor);
        }
      },
      believe: (handle) => this.#believe(handle, process),
      effect: (kind) => this.#count(`effect ${kind}`),
      count: (what) => this.#count(what),
      number: () => ++this.#numbers,
    };
  }

  #count(what: string): void {
    this.#fate.count(what);
  }

  /** The actors of a dead process live on in its successor. */
  #reborn(dead: Process, successor: Process): void {
    for (const [actor, process] of this.#lives) {
      if (process !== dead) continue;
      this.#living--;
      this.#waiting.delete(actor);
      this.#begin(successor, actor, 2);
    }
  }

  #believe(handle: LeaseHandle, process: Process): void {
    const others = this.#believed.filter(
      (one) => one.process.alive && one.process !== process && one.handle.held,
    );
    if (others.some((one) => collisions([one.handle, handle]).length > 0)) this.#count("two believers");
    this.#believed.push({ handle, process });
  }

  /** What must hold after each step of the store. */
  #check(point: string, process: Process, parts: readonly unknown[], outcome: Outcome): void {
    const accepted = !("error" in outcome);
    if (point === "store.acceptWrite") {
      const [path, token] = parts as [string, number];
      const highest = this.#written.get(path) ?? 0;
      if (accepted && token < highest)
        this.#world.fault(`a write of ${token} to ${path} came after ${highest}`);
      if (accepted) this.#written.set(path, Math.max(highest, token));
      else this.#count("stale write refused");
    }
    if (point === "store.acquire" && accepted) void this.#checkHolders();
    if (point === "store.waiting" && accepted) this.#checkLook(process, outcome.value as WaitingState);
    if (point === "store.queue.claim" && accepted) {
      const item = outcome.value as QueueItem | undefined;
      if (item !== undefined && this.#done.has(item.id))
        this.#world.fault(`${item.id} is done and was claimed again`);
    }
    if (point === "store.queue.enqueue" && accepted) {
      const { id, queue } = outcome.value as QueueItem;
      if (queue === "work") this.#put.add(id);
    }
    if (point === "store.queue.ack" && accepted) {
      const [id] = parts as [string];
      if (this.#done.has(id)) this.#world.fault(`${id} was done twice`);
      this.#done.add(id);
    }
    if (point === "store.handoffs.offer" && accepted)
      this.#offered.add((outcome.value as { readonly id: string }).id);
  }

  async #checkHolders(): Promise<void> {
    const leases: readonly Lease[] = await this.#store.leases();
    for (const collision of collisions(leases)) this.#world.fault(collision);
    const permits = leases.filter(({ resources }) => resources[0]?.startsWith("~semaphore"));
    if (permits.length > 2) this.#world.fault(`${permits.length} hold 2 permits`);
  }

  /** Remembers who is stuck for certain; in calm weather nobody stays so for long. */
  #checkLook(process: Process, state: WaitingState): void {
    const stuck = stuckActors(state, (actor) => this.#waiting.has(actor));
    const seen = this.#seenStuck.get(process) ?? new Map<string, number>();
    for (const actor of stuck) seen.set(actor, this.#world.time);
    this.#seenStuck.set(process, seen);
    // Who is refused may run into another ring before anybody looks again: that ring is a new one.
    const ring = [...stuck]
      .map((actor) => `${actor} (wait ${this.#waiting.get(actor)})`)
      .toSorted()
      .join();
    if (ring === "") this.#stuckSince = undefined;
    else if (this.#stuckSince?.ring !== ring) this.#stuckSince = { ring, at: this.#world.time };
    else if (!this.#stuckSincePasses()) return;
    if (ring !== "") this.#count("rings seen");
  }

  #stuckSincePasses(): boolean {
    const since = this.#stuckSince;
    if (since === undefined || !this.#strict || this.#world.time - since.at <= FOUND_WITHIN) return true;
    this.#world.fault(`${since.ring} wait for each other and nobody is refused`);
    return false;
  }

  /** Nobody is refused for a deadlock that is none. Messages that are lost leave waits behind that have ended. */
  #checkRefusal(process: Process, actor: string, error: unknown): void {
    if ((error as { readonly code?: unknown }).code !== "E_DEADLOCK") return;
    this.#count("deadlock");
    if (!this.#strict) return;
    const seen = this.#seenStuck.get(process)?.get(actor) ?? 0;
    if (this.#world.time - seen > 150)
      this.#world.fault(`${actor} was refused and could have gone on: ${String(error)}`);
  }

  /** After the storm: every entry is done or dead, every handoff has ended. */
  async #settle(): Promise<void> {
    const process = this.#fate.start("last");
    let over = false;
    const work = async (): Promise<void> => {
      await process.clock.sleep(2 * TTL + 4000);
      for (const actor of this.#actors) await attempt(this.#stage(process, actor), answerTasks);
      await process.clock.sleep(2 * TTL);
      const stage = this.#stage(process, "last");
      const queue = stage.coordinator.queue("work");
      while ((await queue.items()).some(({ state }) => state !== "dead")) {
        const item = await queue.claim({ owner: "last" });
        if (item === undefined) await process.clock.sleep(500);
        else await doWork(stage, item, true);
      }
      over = true;
    };
    void work().catch((error: unknown) => this.#world.fault(`the end went wrong: ${String(error)}`));
    await this.#until(() => over);
    const left = await this.#store.queue.items("work");
    for (const id of this.#put) {
      const item = left.find((one) => one.id === id);
      if (!this.#done.has(id) && item?.state !== "dead")
        this.#world.fault(`${id} is ${item?.state ?? "lost"}`);
    }
    for (const id of this.#offered) {
      const state = (await this.#store.handoffs.get(id))?.state ?? "lost";
      if (!["completed", "declined", "expired"].includes(state)) this.#world.fault(`${id} is ${state}`);
    }
  }

  /** Nobody passes a barrier before everybody has arrived. */
  async #meeting(): Promise<void> {
    const arrivals = new Map<number, Set<string>>();
    let left = this.#actors.length;
    for (const [index, actor] of this.#actors.entries()) {
      const stage = this.#stage(this.#fate.start(`m${index}`), actor);
      const arrived = (round: number): void => {
        arrivals.set(round, (arrivals.get(round) ?? new Set()).add(actor));
      };
      const passed = (round: number): void => {
        this.#count("barrier passed");
        if (arrivals.get(round)?.size !== this.#actors.length)
          this.#world.fault(`${actor} passed round ${round} alone`);
      };
      void meet(stage, 2, arrived, passed).finally(() => left--);
    }
    await this.#until(() => left === 0);
    if (left > 0) this.#world.fault("a barrier never opened");
  }
}
