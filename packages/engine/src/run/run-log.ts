import {
  addUsage,
  isMnemosyneError,
  MnemosyneError,
  NO_USAGE,
  type Clock,
  type Journal,
  type JournalAppend,
  type JournalAppended,
  type JournalEntry,
  type JournalPayload,
  type Plan,
  type RunEvent,
  type RunFinished,
  type RunInput,
  type RunObservation,
  type RunStatus,
  type Usage,
} from "@mnemosyne/core";
import {
  openCommands,
  runStatus,
  snapshot,
  start,
  step,
  type MachineSnapshot,
  type MachineState,
  type PlanCommand,
} from "@mnemosyne/plan";
import { CARRIES_TEXT, staleEntry } from "./journal-entry.ts";
import { RunProjection } from "./run-projection.ts";

/** What is to be journalled together. */
export interface RunBatch {
  readonly inputs: readonly RunInput[];
  readonly observations: readonly RunObservation[];
  readonly payloads: readonly JournalPayload[];
}

/** What an append came to. */
export interface RunAppended {
  /** Newly wanted work, from our inputs and from those of others that came first. */
  readonly commands: readonly PlanCommand[];
  /** Keys of earlier commands that are no longer wanted. */
  readonly withdrawn: readonly string[];
  /** Inputs that {@link RunLog.append}'s `follow` added and that were accepted. */
  readonly followed: readonly RunInput[];
  /** Others had written first: what the caller keeps of the run's open work is to be taken from `openCommands` again. */
  readonly reloaded: boolean;
  /** For each input that changed nothing: why. */
  readonly stale: readonly { readonly input: RunInput; readonly reason: string }[];
}

/**
 * One run's journal, folded. Every append is one transaction that is refused when another process wrote first; then the
 * missing events are folded and the batch is stepped again on the state that really is.
 */
export class RunLog {
  readonly runId: string;
  readonly #begun: Plan;
  #plan: Plan;
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #redact: (text: string) => string;
  readonly #onEvents: (events: readonly RunEvent[]) => void;
  /** Token of the lease by which this process works on the run; undefined: it only decides and looks. */
  #token: number | undefined;
  /** Who took the run last. */
  #holder: { readonly worker: string; readonly token: number } | undefined;
  #state: MachineState;
  #head = 0;
  #lastAt = 0;
  #told = 0;
  /** The state may hold inputs that the journal does not: it is built again before it is used. */
  #doubtful = false;
  #usage: Usage = NO_USAGE;
  #projection: RunProjection;
  #tail: Promise<unknown> = Promise.resolve();

  private constructor(runId: string, plan: Plan, options: RunLogOptions) {
    this.runId = runId;
    this.#begun = plan;
    this.#plan = plan;
    this.#journal = options.journal;
    this.#clock = options.clock;
    this.#redact = options.redact;
    this.#onEvents = options.onEvents ?? (() => {});
    this.#state = start(plan).state;
    this.#projection = new RunProjection(plan);
  }

  /** Reads and folds the whole journal of a run. Throws `E_RUN_NOT_FOUND`. */
  static async open(runId: string, plan: Plan, options: RunLogOptions): Promise<RunLog> {
    const log = new RunLog(runId, plan, options);
    await log.#reload();
    return log;
  }

  /** Sequence number of the last folded event. */
  get head(): number {
    return this.#head;
  }

  /** The run's plan as it is now: the one that it began with, or the newest edit. */
  get plan(): Plan {
    return this.#plan;
  }

  get state(): MachineState {
    return this.#state;
  }

  /** What events say that the machine's state does not keep: outputs, trees, findings, answers. */
  get projection(): RunProjection {
    return this.#projection;
  }

  get usage(): Usage {
    return this.#usage;
  }

  /** The worker that took the run after we did; undefined while it is ours, or was never taken. */
  get lost(): string | undefined {
    const holder = this.#holder;
    return holder !== undefined && this.#token !== undefined && holder.token > this.#token
      ? holder.worker
      : undefined;
  }

  get status(): RunStatus {
    return runStatus(this.#state);
  }

  snapshot(): MachineSnapshot {
    return snapshot(this.#state);
  }

  /** Everything that is still wanted. */
  openCommands(): readonly PlanCommand[] {
    return openCommands(this.#state);
  }

  /**
   * Takes the run for a worker, by the fencing token of its lease: from then on a worker with a lower one can append
   * nothing. Throws `E_LEASE_LOST` where a higher one took it already.
   */
  async take(worker: string, token: number): Promise<void> {
    this.#token = token;
    await this.append({ inputs: [], observations: [{ type: "run.moved", worker, token }], payloads: [] });
  }

  /** Folds what other processes have written. Gives newly wanted work. */
  sync(): Promise<RunAppended> {
    return this.#exclusive(async () => {
      if (this.#doubtful) {
        await this.#reload();
        return { ...NOTHING, commands: this.openCommands(), reloaded: true };
      }
      const events = await this.#journal.read(this.runId, { after: this.#head });
      return { ...this.#fold(events), stale: [], followed: [], reloaded: false };
    });
  }

  /**
   * Appends a batch; retried until it stands on the true state of the run. `follow` sees the newly wanted work and may
   * add inputs (claims of the next tasks) to the same transaction; it may be called more than once.
   */
  append(
    batch: RunBatch,
    follow?: (commands: readonly PlanCommand[]) => readonly RunInput[],
  ): Promise<RunAppended> {
    return this.#exclusive(() => this.#append(batch, follow));
  }

  async #append(
    batch: RunBatch,
    follow: ((commands: readonly PlanCommand[]) => readonly RunInput[]) | undefined,
  ): Promise<RunAppended> {
    let missed: readonly PlanCommand[] = [];
    let reloaded = false;
    for (;;) {
      if (this.#doubtful) {
        await this.#reload();
        missed = this.openCommands();
        reloaded = true;
      }
      if (this.lost !== undefined) return await this.#refuse(batch, this.lost);
      this.#doubtful = true;
      const prepared = this.#prepare(batch, (commands) => follow?.([...missed, ...commands]) ?? []);
      if (prepared.entries.length === 0) {
        this.#doubtful = false;
        return { ...NOTHING, commands: missed, reloaded };
      }
      const result = await this.#send({
        runId: this.runId,
        head: this.#head,
        entries: prepared.entries,
        ...(batch.payloads.length === 0 ? {} : { payloads: batch.payloads }),
        ...(prepared.run === undefined ? {} : { run: prepared.run }),
      });
      // Others wrote first, or nobody knows: the state was stepped with inputs that may not have landed.
      if (result?.outcome !== "appended") continue;
      this.#doubtful = false;
      this.#record(result.events);
      this.#usage = prepared.usage;
      const { commands, withdrawn, stale, followed } = prepared;
      return { commands: [...missed, ...commands], withdrawn, stale, followed, reloaded };
    }
  }

  /** What a worker reports that lost the run: it changes nothing, and says so in the journal. */
  async #refuse(batch: RunBatch, by: string): Promise<never> {
    const reason = `${by} took the run over.`;
    const at = new Date(Math.max(this.#lastAt, this.#clock.now())).toISOString();
    const late = batch.inputs.filter(({ type }) => type !== "task.started" && type !== "timer.fired");
    for (let entries = late.map((input) => staleEntry(input, reason, at)); entries.length > 0;) {
      const result = await this.#send({ runId: this.runId, head: this.#head, entries });
      if (result === undefined) break;
      this.#fold(result.events);
      if (result.outcome === "appended") entries = [];
    }
    throw new MnemosyneError("E_LEASE_LOST", `Run ${this.runId} was lost: ${reason}`, { kind: "conflict" });
  }

  /** Undefined where nobody knows whether it was committed: what landed is then stale when it is tried again. */
  async #send(append: JournalAppend): Promise<JournalAppended | undefined> {
    try {
      return await this.#journal.append(append);
    } catch (error) {
      if (isMnemosyneError(error) && error.code === "E_COMMIT_UNKNOWN") return undefined;
      throw error;
    }
  }

  #prepare(batch: RunBatch, follow: (commands: readonly PlanCommand[]) => readonly RunInput[]): Prepared {
    this.#lastAt = Math.max(this.#lastAt, this.#clock.now());
    const at = new Date(this.#lastAt).toISOString();
    const entries: JournalEntry[] = [];
    const commands: PlanCommand[] = [];
    const stale: { input: RunInput; reason: string }[] = [];
    let usage = this.#usage;
    for (const observation of batch.observations) {
      if (observation.type === "model.called") usage = addUsage(usage, { ...observation.usage, calls: 1 });
      entries.push({ class: "observation", body: this.#clean(observation), at });
    }
    const withdrawn: string[] = [];
    const before = runStatus(this.#state);
    let finished: RunFinished | undefined;
    const followed: RunInput[] = [];
    const feed = (input: RunInput): boolean => {
      const body = this.#clean(input);
      const stepped = step(this.#state, { ...body, at });
      this.#state = stepped.state;
      if (stepped.stale !== undefined) {
        stale.push({ input, reason: stepped.stale });
        entries.push(staleEntry(input, stepped.stale, at));
        return false;
      }
      entries.push({
        class: "input",
        body,
        at,
        ...(stepped.closes === undefined ? {} : { closes: stepped.closes }),
      });
      for (const fact of stepped.facts) {
        if (fact.type === "run.finished") finished = fact;
        entries.push({
          class: "fact",
          body: fact.type === "run.finished" ? { ...fact, usage } : fact,
          at,
        });
      }
      commands.push(...stepped.commands);
      withdrawn.push(...stepped.withdrawn);
      return true;
    };
    for (const input of batch.inputs) feed(input);
    for (const input of follow(commands)) if (feed(input)) followed.push(input);
    const status = runStatus(this.#state);
    const run =
      status === before && usage === this.#usage
        ? undefined
        : {
            ...(status === before ? {} : { status }),
            ...(finished === undefined ? {} : { finishedAt: new Date(this.#lastAt) }),
            ...(usage === this.#usage ? {} : { usage }),
          };
    return { entries, commands, withdrawn, stale, followed, usage, run };
  }

  #clean<Body extends RunInput | RunObservation>(body: Body): Body {
    if (!CARRIES_TEXT.has(body.type)) return body;
    return JSON.parse(this.#redact(JSON.stringify(body))) as Body;
  }

  async #reload(): Promise<void> {
    this.#doubtful = true;
    this.#state = start(this.#begun).state;
    this.#plan = this.#begun;
    this.#projection = new RunProjection(this.#begun);
    this.#usage = NO_USAGE;
    this.#head = 0;
    for (;;) {
      const events = await this.#journal.read(this.runId, { after: this.#head, limit: PAGE });
      this.#fold(events);
      if (events.length < PAGE) break;
    }
    this.#doubtful = false;
  }

  #fold(events: readonly RunEvent[]): { readonly commands: PlanCommand[]; readonly withdrawn: string[] } {
    const commands: PlanCommand[] = [];
    const withdrawn: string[] = [];
    for (const event of events) {
      if (event.class === "input") {
        const stepped = step(this.#state, event as RunInput & { readonly at: string });
        if (stepped.stale !== undefined)
          throw new MnemosyneError(
            "E_INTERNAL",
            `Event ${event.seq} of run ${this.runId} (${event.type}) does not fit the state before it: ${stepped.stale}. The journal was written by another version, or is damaged.`,
            { kind: "internal" },
          );
        this.#state = stepped.state;
        commands.push(...stepped.commands);
        withdrawn.push(...stepped.withdrawn);
      } else if (event.type === "model.called")
        this.#usage = addUsage(this.#usage, { ...event.usage, calls: 1 });
    }
    this.#record(events);
    return { commands, withdrawn };
  }

  #record(events: readonly RunEvent[]): void {
    for (const event of events) {
      this.#projection.add(event);
      if (event.type === "plan.edited") this.#plan = event.plan;
      if (event.type === "run.moved" && event.token > (this.#holder?.token ?? 0)) this.#holder = event;
    }
    const last = events.at(-1);
    if (last === undefined) return;
    this.#head = last.seq;
    this.#lastAt = Math.max(this.#lastAt, Date.parse(last.at));
    // A reload folds events again that were told before.
    const told = this.#told;
    this.#told = Math.max(told, last.seq);
    const fresh = (events[0]?.seq ?? 0) > told ? events : events.filter((event) => event.seq > told);
    if (fresh.length > 0) this.#onEvents(fresh);
  }

  /** Appends and syncs of this process one after the other: the state is stepped in place. */
  #exclusive<Value>(work: () => Promise<Value>): Promise<Value> {
    const result = this.#tail.then(work, work);
    this.#tail = result.catch(() => {
      // The caller gets the error; the next in line only needs the turn.
    });
    return result;
  }
}

/** Options of {@link RunLog.open}. */
export interface RunLogOptions {
  readonly journal: Journal;
  readonly clock: Clock;
  /** Masks secrets in texts before they are stored. */
  readonly redact: (text: string) => string;
  /** Sees every event once, in order, as it is folded or written. */
  readonly onEvents?: (events: readonly RunEvent[]) => void;
}

interface Prepared {
  readonly entries: readonly JournalEntry[];
  readonly commands: readonly PlanCommand[];
  readonly withdrawn: readonly string[];
  readonly stale: RunAppended["stale"];
  readonly followed: readonly RunInput[];
  readonly usage: Usage;
  readonly run: JournalAppend["run"];
}

const PAGE = 5000;

const NOTHING: RunAppended = { commands: [], withdrawn: [], stale: [], followed: [], reloaded: false };
