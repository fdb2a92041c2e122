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

/**
 * What coordination keeps: leases, versioned values, agents. Each call is atomic, between processes too; its clock
 * is the store's.
 */
export interface CoordinationStore {
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
  getValue(key: string): Promise<SharedValue | undefined>;
  /** Writes if the stored version is `version` (0: there is none; undefined: whatever it is). Else `E_VERSION_CONFLICT`. */
  setValue(key: string, value: Json, version?: number): Promise<SharedValue>;
  upsertAgent(agent: Omit<RegisteredAgent, "seenAt">): Promise<RegisteredAgent>;
  agents(): Promise<readonly RegisteredAgent[]>;
}
