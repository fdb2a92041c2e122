import {
  globsOverlap,
  MnemosyneError,
  type Clock,
  type CoordinationStore,
  type Json,
  type Lease,
  type LeaseRequest,
  type RegisteredAgent,
  type SharedValue,
} from "@mnemosyne/core";

/** Options of {@link MemoryCoordinationStore}. */
export interface MemoryCoordinationStoreOptions {
  /** Tells the time of every lease and agent. Default: the system's. */
  readonly clock?: Pick<Clock, "now">;
}

/**
 * Leases, shared values and agents in this process's memory: gone when it ends, unseen by other processes. Each call is
 * atomic. For more than one process, pass `storage.coordination` of `@mnemosyne/storage` instead.
 */
export class MemoryCoordinationStore implements CoordinationStore {
  readonly #now: () => number;
  readonly #leases = new Map<string, Lease>();
  readonly #values = new Map<string, SharedValue>();
  readonly #agents = new Map<string, RegisteredAgent>();
  #token = 0;

  constructor(options: MemoryCoordinationStoreOptions = {}) {
    const clock = options.clock;
    this.#now = clock === undefined ? () => Date.now() : () => clock.now();
  }

  async acquire(
    request: LeaseRequest,
  ): Promise<{ readonly granted: Lease } | { readonly conflicts: readonly Lease[] }> {
    checkRequest(request);
    const conflicts = this.#live().filter((lease) => conflict(lease, request));
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
    return { granted };
  }

  async renew(id: string, token: number, ttl: number): Promise<Lease> {
    checkTtl(ttl);
    const lease = this.#live().find((item) => item.id === id && item.token === token);
    if (lease === undefined) {
      throw new MnemosyneError(
        "E_LEASE_LOST",
        `Lease ${id} has expired or was given back; stop the work that it protected and acquire a new one.`,
        { kind: "conflict", details: { lease: id, token } },
      );
    }
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
    const stored: RegisteredAgent = {
      id: agent.id,
      role: agent.role,
      state: agent.state,
      metadata: copy(agent.metadata),
      seenAt: new Date(this.#now()),
    };
    this.#agents.set(agent.id, stored);
    return stored;
  }

  async agents(): Promise<readonly RegisteredAgent[]> {
    return [...this.#agents.values()].map((agent) => ({ ...agent, metadata: copy(agent.metadata) }));
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

/** Whether a lease stands in the way of a request (or of another lease). */
export function conflict(
  a: Pick<LeaseRequest, "mode" | "resources">,
  b: Pick<LeaseRequest, "mode" | "resources">,
): boolean {
  if (a.mode === "shared" && b.mode === "shared") return false;
  return a.resources.some((one) => b.resources.some((other) => globsOverlap(one, other)));
}

/** As a database would give it back: no shared references, no `undefined`. */
function copy(value: Json): Json {
  return JSON.parse(JSON.stringify(value)) as Json;
}

function checkRequest(request: LeaseRequest): void {
  checkTtl(request.ttl);
  if (request.owner === "") throw invalid("owner", "The owner of a lease needs a name.");
  if (request.resources.length === 0) throw invalid("resources", "A lease names at least one resource.");
  if (request.resources.includes("")) throw invalid("resources", "A resource's name is never empty.");
}

function checkTtl(ttl: number): void {
  if (Number.isFinite(ttl) && ttl > 0) return;
  throw invalid("ttl", `A lease's time to live is a number of milliseconds above 0, not ${ttl}.`);
}

function invalid(path: string, message: string): MnemosyneError {
  return new MnemosyneError("E_INPUT", message, { kind: "input", path });
}
