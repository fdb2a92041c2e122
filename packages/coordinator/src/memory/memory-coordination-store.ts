import {
  globsOverlap,
  globStem,
  leasesInTheWay,
  MnemosyneError,
  type Clock,
  type CoordinationStore,
  type Json,
  type Lease,
  type LeaseRequest,
  type RegisteredAgent,
  type SharedValue,
  type Wait,
  type WaitingState,
} from "@mnemosyne/core";
import { MemoryHandoffs } from "./memory-handoffs.ts";
import { checkName, checkTtl, copy, invalid, lost } from "./memory-input.ts";
import { MemoryWorkQueue } from "./memory-work-queue.ts";

/** Options of {@link MemoryCoordinationStore}. */
export interface MemoryCoordinationStoreOptions {
  /** Tells the time of everything that expires. Default: the system's. */
  readonly clock?: Pick<Clock, "now">;
}

/**
 * Everything in this process's memory: gone when it ends, unseen by other processes. Each call is atomic. For more than
 * one process, pass `storage.coordination` of `@mnemosyne/storage` instead.
 */
export class MemoryCoordinationStore implements CoordinationStore {
  readonly queue: MemoryWorkQueue;
  readonly handoffs: MemoryHandoffs;
  readonly #now: () => number;
  readonly #leases = new Map<string, Lease>();
  readonly #values = new Map<string, SharedValue>();
  readonly #agents = new Map<string, RegisteredAgent>();
  readonly #waits = new Map<string, Wait>();
  /** Highest accepted token by the stem of what was written. */
  readonly #fences = new Map<string, number>();
  #token = 0;
  #arrivals = 0;

  constructor(options: MemoryCoordinationStoreOptions = {}) {
    const clock = options.clock;
    this.#now = clock === undefined ? () => Date.now() : () => clock.now();
    this.queue = new MemoryWorkQueue(this.#now);
    this.handoffs = new MemoryHandoffs(this.#now);
  }

  async now(): Promise<Date> {
    return new Date(this.#now());
  }

  async acquire(
    request: LeaseRequest,
  ): Promise<{ readonly granted: Lease } | { readonly conflicts: readonly Lease[] }> {
    checkRequest(request);
    const conflicts = leasesInTheWay(this.#live(), request);
    if (conflicts.length > 0) return { conflicts };
    const token = ++this.#token;
    const granted: Lease = {
      id: `lease-${token}`,
      owner: request.owner,
      resources: [...request.resources],
      mode: request.mode,
      token,
      expiresAt: new Date(this.#now() + request.ttl),
      metadata: copy(request.metadata ?? null),
    };
    this.#leases.set(granted.id, granted);
    if (request.wait !== undefined) this.#waits.delete(request.wait);
    return { granted };
  }

  async renew(id: string, token: number, ttl: number): Promise<Lease> {
    checkTtl(ttl);
    const lease = this.#live().find((item) => item.id === id && item.token === token);
    if (lease === undefined) throw lost(id, token);
    const renewed: Lease = { ...lease, expiresAt: new Date(this.#now() + ttl) };
    this.#leases.set(id, renewed);
    return renewed;
  }

  async release(id: string, token: number): Promise<void> {
    if (this.#leases.get(id)?.token === token) this.#leases.delete(id);
  }

  async leases(
    filter: { readonly owner?: string; readonly resource?: string } = {},
  ): Promise<readonly Lease[]> {
    const { owner, resource } = filter;
    return this.#live().filter(
      (lease) =>
        (owner === undefined || lease.owner === owner) &&
        (resource === undefined || lease.resources.some((held) => globsOverlap(held, resource))),
    );
  }

  async revoke(id: string): Promise<boolean> {
    const live = this.#live().some((lease) => lease.id === id);
    this.#leases.delete(id);
    return live;
  }

  async acceptWrite(resource: string, token: number): Promise<void> {
    const stem = globStem(checkName(resource, "resource"));
    let highest = 0;
    for (const [other, accepted] of this.#fences)
      if (stem.startsWith(other) || other.startsWith(stem)) highest = Math.max(highest, accepted);
    if (token < highest) {
      throw new MnemosyneError(
        "E_STALE",
        `A later holder has written to ${resource} (token ${highest}); this write (token ${token}) comes too late. ` +
          "Acquire a new lease and begin again.",
        { kind: "conflict", details: { resource, token, highest } },
      );
    }
    // What lies below is covered by this one from now on.
    for (const other of this.#fences.keys()) if (other.startsWith(stem)) this.#fences.delete(other);
    this.#fences.set(stem, token);
  }

  async getValue(key: string): Promise<SharedValue | undefined> {
    const stored = this.#values.get(key);
    return stored === undefined ? undefined : { ...stored, value: copy(stored.value) };
  }

  async setValue(key: string, value: Json, version?: number): Promise<SharedValue> {
    const found = this.#values.get(key)?.version ?? 0;
    if (version !== undefined && version !== found) {
      throw new MnemosyneError(
        "E_VERSION_CONFLICT",
        `'${key}' is at version ${found}, not ${version}; read it again and decide anew.`,
        { kind: "conflict", details: { key, expected: version, found } },
      );
    }
    const stored: SharedValue = { key, value: copy(value), version: found + 1 };
    this.#values.set(key, stored);
    return { ...stored, value: copy(stored.value) };
  }

  async upsertAgent(agent: Omit<RegisteredAgent, "seenAt">): Promise<RegisteredAgent> {
    const { id, role, state, metadata } = agent;
    return this.#putAgent({ id, role, state, metadata: copy(metadata), seenAt: new Date(this.#now()) });
  }

  async touchAgent(id: string, state?: RegisteredAgent["state"]): Promise<RegisteredAgent | undefined> {
    const known = this.#agents.get(id);
    if (known === undefined) return undefined;
    return this.#putAgent({ ...known, state: state ?? known.state, seenAt: new Date(this.#now()) });
  }

  async removeAgent(id: string): Promise<boolean> {
    return this.#agents.delete(id);
  }

  async agents(): Promise<readonly RegisteredAgent[]> {
    return [...this.#agents.values()].map((agent) => ({ ...agent, metadata: copy(agent.metadata) }));
  }

  async putWait(wait: Omit<Wait, "arrival" | "expiresAt"> & { readonly ttl: number }): Promise<Wait> {
    const { ttl, ...rest } = wait;
    checkTtl(ttl);
    checkName(wait.actor, "actor");
    const arrival = this.#waiting().find(({ id }) => id === wait.id)?.arrival ?? ++this.#arrivals;
    const stored: Wait = { ...rest, arrival, expiresAt: new Date(this.#now() + ttl) };
    this.#waits.set(wait.id, stored);
    return stored;
  }

  async dropWait(id: string): Promise<void> {
    this.#waits.delete(id);
  }

  async waiting(): Promise<WaitingState> {
    const waits = this.#waiting();
    const targets = waits.flatMap(({ on }) => on);
    const versions = new Map<string, number>();
    for (const { key } of targets) {
      const version = key === undefined ? undefined : this.#values.get(key)?.version;
      if (key !== undefined && version !== undefined) versions.set(key, version);
    }
    const named = targets.flatMap(({ handoff }) => (handoff === undefined ? [] : [handoff]));
    const openHandoffs = new Set(named.filter((id) => this.handoffs.open(id)));
    return { waits, leases: this.#live(), versions, openHandoffs };
  }

  #putAgent(agent: RegisteredAgent): RegisteredAgent {
    this.#agents.set(agent.id, agent);
    return agent;
  }

  #waiting(): readonly Wait[] {
    const now = this.#now();
    for (const wait of this.#waits.values()) if (wait.expiresAt.getTime() <= now) this.#waits.delete(wait.id);
    return [...this.#waits.values()];
  }

  /** Drops what has expired and gives the rest. */
  #live(): Lease[] {
    const now = this.#now();
    for (const lease of this.#leases.values()) {
      if (lease.expiresAt.getTime() <= now) this.#leases.delete(lease.id);
    }
    return [...this.#leases.values()];
  }
}

function checkRequest(request: LeaseRequest): void {
  checkTtl(request.ttl);
  checkName(request.owner, "owner");
  if (request.resources.length === 0) throw invalid("resources", "A lease names at least one resource.");
  if (request.resources.includes("")) throw invalid("resources", "A resource's name is never empty.");
  const { permits } = request;
  if (permits === undefined) return;
  if (request.mode !== "shared") throw invalid("permits", "Only a shared lease has permits.");
  if (!Number.isInteger(permits) || permits < 1)
    throw invalid("permits", `permits is a whole number from 1 on, not ${permits}.`);
}
