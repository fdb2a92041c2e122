import { Process, type World } from "./world.ts";

/** Where a process is to die. */
export interface CrashAt {
  readonly point: string;
  readonly moment: "before" | "after";
}

/** What befalls processes: crashes at a named point or at random, pauses beyond the time to live, clock jumps. */
export class Fate {
  readonly processes: Process[] = [];
  readonly counts = new Map<string, number>();
  readonly #world: World;
  readonly #crash: CrashAt | undefined;
  readonly #reborn: (dead: Process, successor: Process) => void;
  #crashed = false;

  /** `reborn`: a successor begins what its dead predecessor did. */
  constructor(world: World, crash: CrashAt | undefined, reborn: (dead: Process, successor: Process) => void) {
    this.#world = world;
    this.#crash = crash;
    this.#reborn = reborn;
  }

  count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  start(name: string): Process {
    const process = new Process(name, this.#world);
    this.processes.push(process);
    return process;
  }

  /** A durable step of a process begins or has been carried out: it may be the point at which it dies. */
  pass(point: string, moment: CrashAt["moment"], process: Process): void {
    this.count(`${moment} ${point}`);
    if (this.#crashed || this.#crash?.point !== point || this.#crash.moment !== moment || !process.alive)
      return;
    this.#crashed = true;
    this.kill(process);
  }

  kill(process: Process): void {
    process.alive = false;
    this.count("crash");
    this.#world.after(500 + this.#world.chance.below(3000), () =>
      this.#reborn(process, this.start(process.name)),
    );
  }

  /** Bad things happen at random times for so many milliseconds. */
  storm(milliseconds: number, ttl: number): void {
    const { chance } = this.#world;
    for (let at = chance.below(1500); at < milliseconds; at += 300 + chance.below(2500))
      this.#world.after(at, () => this.#strike(ttl));
  }

  #strike(ttl: number): void {
    const { chance } = this.#world;
    const living = this.processes.filter(({ alive }) => alive);
    if (living.length === 0) return;
    const process = chance.pick(living);
    const kind = chance.below(10);
    if (kind < 3) return this.kill(process);
    if (kind < 7) {
      const pause = chance.holds(0.6) ? ttl + chance.below(2000) : chance.below(ttl);
      process.pausedUntil = this.#world.time + pause;
      return this.count("pause");
    }
    process.skew += chance.below(8000) - 5000;
    this.count("clock jump");
  }
}
