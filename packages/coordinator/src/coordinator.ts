import {
  MnemosyneError,
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
import { Barrier } from "./barrier.ts";
import { Bell } from "./bell.ts";
import { Handoffs } from "./handoffs.ts";
import { HeldLease, type LeaseHandle } from "./lease-handle.ts";
import { closedError, LeaseQueue } from "./lease-queue.ts";
import { Lookout } from "./lookout.ts";
import { MemoryCoordinationStore } from "./memory/memory-coordination-store.ts";
import type { AcquireOptions, CoordinatorOptions, DependencyOptions, Semaphore } from "./options.ts";
import { ownResource } from "./own-key.ts";
import { checkDuration } from "./patience.ts";
import { checkKey, SharedState, type WatchOptions } from "./shared-state.ts";
import { timersOf, type Timers } from "./timers.ts";
import type { Upkeep } from "./upkeep.ts";
import { Waits } from "./waits.ts";
import { WorkQueue } from "./work-queue.ts";

/**
 * Leases, shared state, queues, handoffs and liveness for agents: in memory, or across processes with a store that
 * they share.
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
  /** Work that one agent gives another. */
  readonly handoffs: Handoffs;
  readonly #store: CoordinationStore;
  readonly #timers: Timers;
  readonly #ttl: number;
  readonly #heartbeat: number;
  readonly #queue: LeaseQueue;
  readonly #state: SharedState;
  readonly #agents: AgentRegistry;
  readonly #waits: Waits;
  readonly #poll: number;
  readonly #work: Bell;
  readonly #closed = new AbortController();
  readonly #held = new Set<HeldLease>();
  /** Claims and accepted handoffs. */
  readonly #kept = new Set<Upkeep>();
  #closing: Promise<void> | undefined;

  constructor(options: CoordinatorOptions = {}) {
    const { clock } = options;
    this.owner = options.owner ?? `coordinator-${globalThis.crypto.randomUUID()}`;
    this.#ttl = checkDuration("ttl", options.ttl ?? 5000);
    this.#heartbeat = checkDuration("heartbeat", options.heartbeat ?? 1500);
    this.#poll = checkDuration("poll", options.poll ?? 100);
    this.#store = options.store ?? new MemoryCoordinationStore(clock === undefined ? {} : { clock });
    this.#timers = timersOf(clock);
    const lookout = new Lookout(this.#store);
    const shared = { store: this.#store, timers: this.#timers, poll: this.#poll, ttl: this.#ttl, lookout };
    this.#queue = new LeaseQueue(shared);
    this.#state = new SharedState(shared);
    this.#waits = new Waits(shared);
    this.#agents = new AgentRegistry(this.#store, this.#ttl);
    this.#work = new Bell(this.#timers);
    this.handoffs = new Handoffs({
      store: this.#store,
      timers: this.#timers,
      waits: this.#waits,
      ttl: this.#ttl,
      heartbeat: this.#heartbeat,
      kept: this.#kept,
    });
  }

  /**
   * Takes a lease and renews it until it is released or lost. Requests of this coordinator are served in the order in
   * which they come; between processes there is no order. Leases are not re-entrant: an owner's own lease is in its way
   * too. Throws `E_LEASE_HELD` when it is not free (in time), `E_DEADLOCK` when waiting would never end and this is the
   * youngest of the waits in the ring or knot (of all processes), the signal's reason, or `E_CLOSED`.
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
        ...(options.permits === undefined ? {} : { permits: options.permits }),
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
   * To be called before each write that a lease protects. Refuses with `E_STALE` when a higher token was accepted before
   * for anything that overlaps this resource: a holder that slept through its lease cannot overwrite its successor's
   * work. A refused write must not happen.
   */
  guard(token: number, resource: string): Promise<void> {
    return this.#store.acceptWrite(resource, token);
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
  async set(key: string, value: Json): Promise<SharedValue> {
    const stored = await this.#state.set(key, value);
    this.#waits.ring();
    return stored;
  }

  /** Writes a shared value if the stored version is `version` (0: there is none), else throws `E_VERSION_CONFLICT`. */
  async compareAndSet(key: string, value: Json, version: number): Promise<SharedValue> {
    const stored = await this.#state.set(key, value, version);
    this.#waits.ring();
    return stored;
  }

  /**
   * The present value and then each later one that is seen; several quick writes may be seen as one. Ends when the
   * coordinator closes.
   */
  watch(key: string, options: WatchOptions = {}): AsyncGenerator<SharedValue, void, void> {
    return this.#state.watch(key, options);
  }

  /**
   * Waits until others have set shared values: a dependency. The waiter is seen to wait for those actors: a ring (or,
   * with `anyOf`, a knot) that this closes ends with `E_DEADLOCK` for the youngest in it.
   */
  async waitFor(options: DependencyOptions): Promise<void> {
    const { waiter, on, anyOf = false, wait, signal } = options;
    if (on.length === 0)
      throw new MnemosyneError("E_INPUT", "Name at least one actor to wait for.", {
        kind: "input",
        path: "on",
      });
    for (const { key } of on) checkKey(key);
    const patience = {
      ...(wait === undefined ? {} : { wait: checkDuration("wait", wait) }),
      ...(signal === undefined ? {} : { signal }),
    };
    await this.#waits.until({ ...patience, actor: waiter, kind: "dependency", on, anyOf }, async () => {
      const found = await Promise.all(
        on.map(async ({ key, version = 1 }) => ((await this.#store.getValue(key))?.version ?? 0) >= version),
      );
      return found[anyOf ? "some" : "every"](Boolean) ? true : undefined;
    });
  }

  /** At most `permits` holders at once, over all processes that name the same number. */
  semaphore(name: string, permits: number): Semaphore {
    const resources = [ownResource("semaphore", name)];
    return {
      name,
      permits,
      acquire: (options = {}) => this.acquire({ ...options, resources, mode: "shared", permits }),
    };
  }

  /** Where these parties wait for each other. */
  barrier(name: string, parties: readonly string[]): Barrier {
    return new Barrier(name, parties, this.#store, this.#waits);
  }

  /** A durable queue, shared by everybody on the same store. */
  queue(name: string): WorkQueue {
    return new WorkQueue(name, {
      store: this.#store,
      timers: this.#timers,
      bell: this.#work,
      closed: this.#closed.signal,
      owner: this.owner,
      ttl: this.#ttl,
      heartbeat: this.#heartbeat,
      poll: this.#poll,
      claims: this.#kept,
    });
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

  /** It is there no more. Gives whether it was. */
  removeAgent(agentId: string): Promise<boolean> {
    return this.#store.removeAgent(agentId);
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

  /** Gives back what it holds, refuses who waits (`E_CLOSED`), ends watches. The store stays open. */
  close(): Promise<void> {
    this.#closing ??= this.#shut();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #shut(): Promise<void> {
    const reason = closedError();
    this.#closed.abort(reason);
    this.#waits.close(reason);
    this.#state.close();
    await this.#queue.close();
    await Promise.all([
      ...[...this.#held].map((handle) => handle.release()),
      ...[...this.#kept].map((upkeep) => upkeep.abandon()),
    ]);
  }
}
