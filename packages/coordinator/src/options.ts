import type { Clock, CoordinationStore, Json } from "@mnemosyne/core";
import type { LeaseHandle } from "./lease-handle.ts";
import type { Patience } from "./patience.ts";

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
  /** For `shared`: wait while so many that overlap are held already. Default: as many as like. */
  readonly permits?: number;
}

/** What {@link Coordinator.waitFor} is asked for. */
export interface DependencyOptions extends Patience {
  /** Who waits. */
  readonly waiter: string;
  /** Whose doing it waits for: each sets the shared value `key`, at least to `version` (default 1). */
  readonly on: readonly { readonly actor: string; readonly key: string; readonly version?: number }[];
  /** One of them is enough. Default false. */
  readonly anyOf?: boolean;
}

/** At most so many at once. */
export interface Semaphore {
  readonly name: string;
  readonly permits: number;
  /** Takes a permit: a lease in all respects. */
  acquire(options?: Omit<AcquireOptions, "resources" | "mode" | "permits">): Promise<LeaseHandle>;
}
