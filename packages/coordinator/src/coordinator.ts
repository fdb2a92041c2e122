import {
  MnemosyneError,
  type Clock,
  type CoordinationStore,
  type Json,
  type Lease,
  type RegisteredAgent,
  type SharedValue,
} from "@mnemosyne/core";
import {
  AgentRegistry,
  type AgentPresence,
  type AgentRegistration,
  type AgentState,
} from "./agent-registry.ts";
import { guardWrite } from "./fencing.ts";
import { HeldLease, type LeaseHandle } from "./lease-handle.ts";
import { closedError, LeaseQueue } from "./lease-queue.ts";
import { MemoryCoordinationStore } from "./memory-coordination-store.ts";
import { SharedState, type WatchOptions } from "./shared-state.ts";
import { timersOf, type Timers } from "./timers.ts";

/** Options of {@link Coordinator}. */
export interface CoordinatorOptions {
  /** Default: a {@link MemoryCoordinationStore} of its own. Stays open when the coordinator closes. */
  readonly store?: CoordinationStore;
  /** Owner of leases that name none. Default: a name that nobody else has. */
  readonly owner?: string;
  /** Milliseconds after which an unrenewed lease ends and a silent agent counts as gone. Default 5000. */
  readonly ttl?: number;
  /** Milliseconds between two renewals. Default 1500. */
  readonly heartbeat?: number;
  /** Milliseconds between two looks for what other processes released or wrote. Default 100. */
  readonly poll?: number;
  /** Default: the system's. */
  readonly clock?: Clock;
}

/** What {@link Coordinator.acquire} is asked for. */
export interface AcquireOptions {
  /** Path globs or names. A plain path covers what lies below it. All of them are granted together, or none. */
  readonly resources: readonly string[];
  /** Default `exclusive`. */
  readonly mode?: "shared" | "exclusive";
  /**
   * Who asks: one sequential actor, such as `run/task`. Deadlocks are found among requests that name it. Default: the
   * coordinator's owner, which may do many things at once and so is never part of a deadlock.
   */
  readonly owner?: string;
  /** True (default): queue until it is free. False: refuse at once. A number: queue for so many milliseconds at most. */
  readonly wait?: boolean | number;
  /** Ends the waiting (not the lease). */
  readonly signal?: AbortSignal;
  /** Milliseconds. Default: the coordinator's. */
  readonly ttl?: number;
  readonly metadata?: Json;
}

/**
 * Leases, shared state and liveness for agents: in memory, or across processes with a store that they share.
 *
 * @example
 * const coordinator = new Coordinator();
 * await coordinator.withLease({ resources: ["src/**"], owner: "fixer" }, async (lease) => {
 *   await coordinator.guard(lease.token, "src/**");
 * });
 * await coordinator.close();
 */
export class Coordinator {
  /** Owner of leases that name none. */
  readonly owner: string;
  readonly #store: CoordinationStore;
  readonly #timers: Timers;
  readonly #ttl: number;
  readonly #heartbeat: number;
  readonly #queue: LeaseQueue;
  readonly #state: SharedState;
  readonly #agents: AgentRegistry;
  readonly #held = new Set<HeldLease>();
  #closing: Promise<void> | undefined;

  constructor(options: CoordinatorOptions = {}) {
    const { clock } = options;
    this.owner = options.owner ?? `coordinator-${globalThis.crypto.randomUUID()}`;
    this.#ttl = checkDuration("ttl", options.ttl ?? 5000);
    this.#heartbeat = checkDuration("heartbeat", options.heartbeat ?? 1500);
    const poll = checkDuration("poll", options.poll ?? 100);
    this.#store = options.store ?? new MemoryCoordinationStore(clock === undefined ? {} : { clock });
    this.#timers = timersOf(clock);
    const shared = { store: this.#store, timers: this.#timers, poll };
    this.#queue = new LeaseQueue(shared);
    this.#state = new SharedState(shared);
    this.#agents = new AgentRegistry(this.#store, this.#timers, this.#ttl);
  }

  /**
   * Takes a lease and renews it until it is released or lost. Requests of this coordinator are served in the order in
   * which they come; between processes there is no order. Leases are not re-entrant: an owner's own lease is in its way
   * too. Throws `E_LEASE_HELD` when it is not free (in time), `E_DEADLOCK` when waiting would close a ring of owners and
   * this is its youngest request, the signal's reason, or `E_CLOSED`.
   */
  async acquire(options: AcquireOptions): Promise<LeaseHandle> {
    const { resources, mode = "exclusive", wait = true, ttl = this.#ttl } = options;
    checkDuration("ttl", ttl);
    const patience = wait === true ? undefined : wait === false ? 0 : checkDuration("wait", wait);
    const { lease, askedAt } = await this.#queue.request({
      request: {
        owner: options.owner ?? this.owner,
        resources,
        mode,
        ttl,
        ...(options.metadata === undefined ? {} : { metadata: options.metadata }),
      },
      actor: options.owner,
      patience,
      signal: options.signal,
    });
    const handle = new HeldLease(lease, {
      store: this.#store,
      timers: this.#timers,
      ttl,
      heartbeat: Math.min(this.#heartbeat, ttl / 3),
      askedAt,
      ended: (ended) => {
        this.#held.delete(ended);
        this.#queue.wake();
      },
    });
    this.#held.add(handle);
    if (this.#closing !== undefined) {
      await handle.release();
      throw closedError();
    }
    return handle;
  }

  /** Holds a lease while `work` runs and releases it whatever happens. `work` should stop when `lease.signal` aborts. */
  async withLease<Result>(
    options: AcquireOptions,
    work: (lease: LeaseHandle) => Promise<Result> | Result,
  ): Promise<Result> {
    const lease = await this.acquire(options);
    try {
      return await work(lease);
    } finally {
      await lease.release();
    }
  }

  /**
   * To be called before each write that a lease protects. Refuses with `E_STALE` when a higher token was accepted for
   * this resource before: a holder that slept through its lease cannot overwrite its successor's work.
   */
  guard(token: number, resource: string): Promise<void> {
    return guardWrite(this.#store, token, resource);
  }

  /** Live leases, of every process. */
  leases(filter?: { readonly owner?: string; readonly resource?: string }): Promise<readonly Lease[]> {
    return this.#store.leases(filter);
  }

  /** Ends another owner's lease whose process is known to be gone. Gives whether it was there. */
  async revoke(leaseId: string): Promise<boolean> {
    const revoked = await this.#store.revoke(leaseId);
    this.#queue.wake();
    return revoked;
  }

  /** Reads a shared value with its version. */
  async get(key: string): Promise<SharedValue | undefined> {
    return this.#state.get(key);
  }

  /** Writes a shared value, whatever is there. */
  set(key: string, value: Json): Promise<SharedValue> {
    return this.#state.set(key, value);
  }

  /** Writes a shared value if the stored version is `version` (0: there is none), else throws `E_VERSION_CONFLICT`. */
  compareAndSet(key: string, value: Json, version: number): Promise<SharedValue> {
    return this.#state.set(key, value, version);
  }

  /**
   * The present value and then each later one that is seen; several quick writes may be seen as one. Ends when the
   * coordinator closes.
   */
  watch(key: string, options: WatchOptions = {}): AsyncGenerator<SharedValue, void, void> {
    return this.#state.watch(key, options);
  }

  /** Registers an agent, or registers it anew. A text stands for an id whose role has the same name. */
  async registerAgent(agent: AgentRegistration | string): Promise<RegisteredAgent> {
    return this.#agents.register(typeof agent === "string" ? { id: agent } : agent);
  }

  /** A registered agent's sign of life. Throws `E_NOT_FOUND`. */
  async heartbeat(agentId: string): Promise<RegisteredAgent> {
    return this.#agents.heartbeat(agentId);
  }

  /** What an agent is doing now; a sign of life as well. Throws `E_NOT_FOUND`. */
  async updateAgentState(agentId: string, state: AgentState): Promise<RegisteredAgent> {
    return this.#agents.heartbeat(agentId, state);
  }

  /** An agent's last known state. */
  async getAgentState(agentId: string): Promise<AgentState | undefined> {
    return (await this.#agents.find(agentId))?.state;
  }

  /** The last known state of every agent. */
  async getAllAgentStates(): Promise<Readonly<Record<string, AgentState>>> {
    const agents = await this.#agents.list();
    return Object.fromEntries(agents.map((agent) => [agent.id, agent.state]));
  }

  /** Every registered agent, and whether it still gives signs of life. */
  listAgents(): Promise<readonly AgentPresence[]> {
    return this.#agents.list();
  }

  /** Releases what it holds, refuses who waits (`E_CLOSED`), ends watches. The store stays open. */
  close(): Promise<void> {
    this.#closing ??= this.#shut();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #shut(): Promise<void> {
    this.#queue.close();
    this.#state.close();
    await Promise.all([...this.#held].map((handle) => handle.release()));
  }
}

function checkDuration(path: string, milliseconds: number): number {
  if (Number.isFinite(milliseconds) && milliseconds > 0) return milliseconds;
  throw new MnemosyneError("E_INPUT", `${path} is a number of milliseconds above 0, not ${milliseconds}.`, {
    kind: "input",
    path,
  });
}
