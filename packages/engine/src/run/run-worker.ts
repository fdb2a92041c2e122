import { isMnemosyneError, type Clock, type RunOutcome } from "@mnemosyne/core";
import type { EngineStorage } from "../storage.ts";
import { isGone } from "./hold-run.ts";

/** What a worker tells about a run that it took: how it stands now, or why it could not be carried on. */
export type WorkReport =
  | { readonly runId: string; readonly outcome: RunOutcome }
  | { readonly runId: string; readonly error: unknown };

/** What a {@link RunWorker} is made of. */
export interface RunWorkerOptions {
  readonly storage: EngineStorage;
  readonly clock: Clock;
  /** Runs at once. */
  readonly concurrency: number;
  readonly signal: AbortSignal;
  /** Return when no run is left that could be carried on here. */
  readonly untilIdle: boolean;
  /** Whether this process has what the run needs. Asked once for each run. */
  readonly canCarry: (runId: string) => Promise<boolean>;
  /** Works on the run if nobody else does; undefined where somebody does, or took it away. */
  readonly attempt: (runId: string) => Promise<RunOutcome | undefined>;
  /** When the next timer of a run goes off, in milliseconds since 1970. */
  readonly nextDue: (runId: string) => Promise<number | undefined>;
  readonly onReport: (report: WorkReport) => void;
}

/** Between two looks for runs; a dead worker's run is taken at most so much after its lease has ended. */
const LOOK_MS = 250;
/** How long a run that failed to be carried is left alone. */
const PAUSE_MS = 5000;
const MOST_RUNS = 1000;

/** Carries on, one after the other or a few at once, the runs of a database that nobody works on. */
export class RunWorker {
  readonly #options: RunWorkerOptions;
  readonly #carrying = new Map<string, Promise<void>>();
  readonly #able = new Map<string, boolean>();
  readonly #notBefore = new Map<string, number>();
  /** Of paused runs: head, and when the next timer is due. */
  readonly #due = new Map<string, { readonly head: number; readonly at: number | undefined }>();

  constructor(options: RunWorkerOptions) {
    this.#options = options;
  }

  /** Until the signal aborts; then what is carried here is left for others. Rejects only where the storage fails. */
  async work(): Promise<void> {
    const { signal, clock, untilIdle } = this.#options;
    try {
      while (!signal.aborted) {
        const left = await this.#look();
        if (untilIdle && left === 0 && this.#carrying.size === 0) return;
        await clock.sleep(LOOK_MS, signal);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      await Promise.all(this.#carrying.values());
    }
  }

  /** Takes what is free. Gives how many runs have work that could be done here, or is being done elsewhere. */
  async #look(): Promise<number> {
    const { storage, concurrency, clock, signal } = this.#options;
    const runs = await storage.journal.listRuns({
      status: ["pending", "running", "paused"],
      limit: MOST_RUNS,
    });
    const held = await this.#held();
    let left = 0;
    for (const { runId, status } of runs.toReversed()) {
      if (signal.aborted) return left;
      if (this.#carrying.has(runId)) continue;
      if (status === "paused" && !(await this.#isDue(runId))) continue;
      if (!(await this.#canCarry(runId))) continue;
      left += 1;
      if (held.has(runId) || this.#carrying.size >= concurrency) continue;
      if ((this.#notBefore.get(runId) ?? 0) > clock.now()) continue;
      this.#take(runId);
    }
    return left;
  }

  #take(runId: string): void {
    const { attempt, onReport, clock, signal } = this.#options;
    const carry = async (): Promise<void> => {
      try {
        const outcome = await attempt(runId);
        if (outcome !== undefined) onReport({ runId, outcome });
      } catch (error) {
        if (signal.aborted) return;
        this.#notBefore.set(runId, clock.now() + PAUSE_MS);
        onReport({ runId, error });
      }
    };
    const carrying = carry().finally(() => this.#carrying.delete(runId));
    this.#carrying.set(runId, carrying);
  }

  async #canCarry(runId: string): Promise<boolean> {
    let able = this.#able.get(runId);
    if (able === undefined) {
      able = await this.#options.canCarry(runId);
      this.#able.set(runId, able);
    }
    return able;
  }

  /** Runs that a live worker holds. */
  async #held(): Promise<ReadonlySet<string>> {
    const held = new Set<string>();
    const alive = new Map<string, boolean>();
    for (const { owner, resources } of await this.#options.storage.coordination.leases()) {
      const runs = resources.filter((resource) => resource.startsWith("run:"));
      if (runs.length === 0) continue;
      let lives = alive.get(owner);
      if (lives === undefined) {
        lives = !(await isGone(owner));
        alive.set(owner, lives);
      }
      if (lives) for (const resource of runs) held.add(resource.slice("run:".length));
    }
    return held;
  }

  /** A run that waits for people has work when a timer (its deadline) goes off. */
  async #isDue(runId: string): Promise<boolean> {
    const { storage, nextDue, clock } = this.#options;
    const head = await storage.journal.head(runId);
    let known = this.#due.get(runId);
    if (known?.head !== head) {
      try {
        known = { head, at: await nextDue(runId) };
      } catch (error) {
        // A journal of another version: whoever wrote it can carry the run on.
        if (!isMnemosyneError(error)) throw error;
        known = { head, at: undefined };
      }
      this.#due.set(runId, known);
    }
    return known.at !== undefined && known.at <= clock.now();
  }
}
