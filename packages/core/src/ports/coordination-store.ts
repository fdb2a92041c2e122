import type { Json } from "../json.ts";

/** A right to resources for a time. */
export interface Lease {
  readonly id: string;
  readonly owner: string;
  /** Path globs or names. */
  readonly resources: readonly string[];
  readonly mode: "shared" | "exclusive";
  /** Fencing token: rises with every grant; a write below the highest one that was accepted is refused. */
  readonly token: number;
  readonly expiresAt: Date;
  readonly metadata: Json;
}

/** What is asked for. */
export interface LeaseRequest {
  readonly owner: string;
  readonly resources: readonly string[];
  readonly mode: "shared" | "exclusive";
  /** Milliseconds. */
  readonly ttl: number;
  /** For `shared`: granted only while fewer than so many that overlap are held. Default: as many as like. */
  readonly permits?: number;
  /** A wait (see `putWait`) that ends in the same step in which the lease is granted. */
  readonly wait?: string;
  readonly metadata?: Json;
}

/** A versioned value. */
export interface SharedValue {
  readonly key: string;
  readonly value: Json;
  readonly version: number;
}

/** An agent that has said that it is there. */
export interface RegisteredAgent {
  readonly id: string;
  readonly role: string;
  readonly state: "idle" | "running" | "blocked" | "complete" | "failed";
  readonly seenAt: Date;
  readonly metadata: Json;
}

/** Somebody who is waited for. The wait for it is over when the fact that is named holds; without one, when the wait is dropped. */
export interface WaitTarget {
  readonly actor: string;
  /** Over when this shared value has reached `version` (default 1: when it is there). */
  readonly key?: string;
  readonly version?: number;
  /** Over when this handoff is declined, completed or expired. */
  readonly handoff?: string;
}

/** Somebody who waits: for the holders of resources, or for actors. */
export interface Wait {
  readonly id: string;
  /** Rises with every wait of the store: the youngest has the highest. */
  readonly arrival: number;
  readonly actor: string;
  readonly kind: "lease" | "dependency" | "handoff" | "barrier";
  /** What is asked for: whoever holds what is in its way is waited for. */
  readonly request?: Pick<LeaseRequest, "resources" | "mode" | "permits">;
  readonly on: readonly WaitTarget[];
  /** One of `on` is enough. */
  readonly anyOf: boolean;
  readonly expiresAt: Date;
}

/** Who waits for what, and what decides whether they still do: one consistent look. */
export interface WaitingState {
  readonly waits: readonly Wait[];
  readonly leases: readonly Lease[];
  /** Versions of the shared values that waits name; those that are not there are missing. */
  readonly versions: ReadonlyMap<string, number>;
  /** Those of the handoffs that waits name which are offered or accepted. */
  readonly openHandoffs: ReadonlySet<string>;
}

/** One entry of a queue. */
export interface QueueItem {
  readonly id: string;
  readonly queue: string;
  readonly payload: Json;
  /** The higher, the sooner. */
  readonly priority: number;
  readonly state: "ready" | "claimed" | "dead";
  /** Claims so far. */
  readonly attempts: number;
  /** So many claims may fail or run out; then it is dead. */
  readonly maxAttempts: number;
  /** Not claimed before this. */
  readonly availableAt: Date;
  /** Why it was given back the last time. */
  readonly error?: string;
}

/** A right to work on an entry for a time. */
export interface QueueClaim extends QueueItem {
  readonly owner: string;
  /** Rises with every claim of the entry. */
  readonly token: number;
  readonly expiresAt: Date;
}

/** What is put in a queue. */
export interface NewQueueItem {
  readonly queue: string;
  readonly payload: Json;
  /** Default 0. */
  readonly priority?: number;
  /** Milliseconds before it can be claimed. Default 0. */
  readonly delay?: number;
  /** Default 5. */
  readonly maxAttempts?: number;
  /** While an entry of this id is kept, putting it again changes nothing. Default: one that nobody else has. */
  readonly id?: string;
}

/** Durable queues: highest priority first, among equals the oldest. */
export interface WorkQueueStore {
  /** Gives the entry, new or known. */
  enqueue(item: NewQueueItem): Promise<QueueItem>;
  /** Claims the next that is available. An entry whose claim has run out is available again, or dead after its last. */
  claim(queue: string, owner: string, ttl: number): Promise<QueueClaim | undefined>;
  /** Keeps a claim. Throws `E_LEASE_LOST` when it has run out or was settled. */
  extend(id: string, token: number, ttl: number): Promise<QueueClaim>;
  /** It is done and leaves the queue. Throws `E_LEASE_LOST` as `extend` does. */
  ack(id: string, token: number): Promise<void>;
  /** Gives it back, to be claimed after `delay` milliseconds, or dead after its last claim. Throws as `extend`. */
  nack(
    id: string,
    token: number,
    options?: { readonly delay?: number; readonly error?: string },
  ): Promise<QueueItem>;
  /** Entries of a queue, the next one first. */
  items(queue: string, state?: QueueItem["state"]): Promise<readonly QueueItem[]>;
  /** Makes a dead entry ready again, with no claims counted. Gives whether there was one. */
  revive(id: string): Promise<boolean>;
}

/** Work that one actor gives another. */
export interface Handoff {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly payload: Json;
  /** `expired`: not answered, or accepted and not completed, in time; or withdrawn. */
  readonly state: "offered" | "accepted" | "declined" | "completed" | "expired";
  /** Why it was declined or withdrawn. */
  readonly reason?: string;
  readonly result?: Json;
  readonly offeredAt: Date;
  /** While it is open: when it expires. Else: when it ended. */
  readonly expiresAt: Date;
}

/** What is offered. */
export interface HandoffOffer {
  readonly from: string;
  readonly to: string;
  readonly payload: Json;
  /** Milliseconds in which it must be accepted. */
  readonly ttl: number;
  /** Offering a known id again gives what became of it. Default: one that nobody else has. */
  readonly id?: string;
}

/**
 * Handoffs. Each step throws `E_NOT_FOUND` for an unknown id and `E_CONFLICT` when the handoff is not in a state for
 * it or belongs to somebody else; repeating the step that was taken gives the same again. What has ended is kept for
 * seven days at least.
 */
export interface HandoffStore {
  offer(offer: HandoffOffer): Promise<Handoff>;
  /** offered -> accepted, by the one it was offered to, who has `ttl` milliseconds to complete it. Again: more time. */
  accept(id: string, by: string, ttl: number): Promise<Handoff>;
  /** offered or accepted -> declined. */
  decline(id: string, by: string, reason: string): Promise<Handoff>;
  /** accepted -> completed. */
  complete(id: string, by: string, result: Json): Promise<Handoff>;
  /** offered -> expired, by the one who offered it. */
  withdraw(id: string, by: string, reason: string): Promise<Handoff>;
  get(id: string): Promise<Handoff | undefined>;
  /** Oldest first. */
  list(filter?: {
    readonly from?: string;
    readonly to?: string;
    readonly state?: Handoff["state"];
  }): Promise<readonly Handoff[]>;
}

/** A lease or claim that something else than this thread's event loop keeps alive. */
export interface KeptAlive {
  /** Until when it is certainly held, in milliseconds since 1970 by this machine's clock. */
  readonly trustedUntil: number;
  /** `failed`: the keeper cannot work; whoever asked must keep it alive itself. */
  readonly state: "kept" | "lost" | "failed";
  /** Ends the keeping; the lease stays as it is. */
  stop(): void;
}

/**
 * What coordination keeps: leases, versioned values, agents, waits, queues, handoffs. Each call is atomic, between
 * processes too; its clock is the store's.
 */
export interface CoordinationStore {
  readonly queue: WorkQueueStore;
  readonly handoffs: HandoffStore;
  /** The store's time. */
  now(): Promise<Date>;
  /**
   * Grants when nothing that overlaps is held exclusively (or asked exclusively and held at all); two globs overlap
   * unless their literal prefixes rule it out. Otherwise the leases in the way, and nothing is written. `exclusive` by the same owner conflicts too.
   */
  acquire(
    request: LeaseRequest,
  ): Promise<{ readonly granted: Lease } | { readonly conflicts: readonly Lease[] }>;
  /** Extends it. Throws `E_LEASE_LOST` when it has expired or was released. */
  renew(id: string, token: number, ttl: number): Promise<Lease>;
  /** Gives it back. A lost one is no error. */
  release(id: string, token: number): Promise<void>;
  /** Live leases. */
  leases(filter?: { readonly owner?: string; readonly resource?: string }): Promise<readonly Lease[]>;
  /** Ends another owner's lease whose process is known to be gone. Gives whether it was there. */
  revoke(id: string): Promise<boolean>;
  /**
   * Accepts a write to a resource. Throws `E_STALE` when a higher token was accepted before for anything that overlaps
   * it.
   */
  acceptWrite(resource: string, token: number): Promise<void>;
  /** Where a thread of the store's own can renew a lease: it does so as long as this thread's event loop turns. */
  keepAlive?(lease: Pick<Lease, "id" | "token">, ttl: number, heartbeat: number): KeptAlive | undefined;
  getValue(key: string): Promise<SharedValue | undefined>;
  /** Writes if the stored version is `version` (0: there is none; undefined: whatever it is). Else `E_VERSION_CONFLICT`. */
  setValue(key: string, value: Json, version?: number): Promise<SharedValue>;
  upsertAgent(agent: Omit<RegisteredAgent, "seenAt">): Promise<RegisteredAgent>;
  /** A registered agent's sign of life, with a new state where one is given. Undefined: there is none of this id. */
  touchAgent(id: string, state?: RegisteredAgent["state"]): Promise<RegisteredAgent | undefined>;
  /** Gives whether it was there. */
  removeAgent(id: string): Promise<boolean>;
  agents(): Promise<readonly RegisteredAgent[]>;
  /** Notes that somebody waits, for `ttl` milliseconds; again with the same id: still, with the arrival it had. */
  putWait(wait: Omit<Wait, "arrival" | "expiresAt"> & { readonly ttl: number }): Promise<Wait>;
  /** It waits no more. One that is not there is no error. */
  dropWait(id: string): Promise<void>;
  waiting(): Promise<WaitingState>;
}
