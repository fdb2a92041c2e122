import {
  MnemosyneError,
  type CoordinationStore,
  type Json,
  type NewQueueItem,
  type QueueClaim,
  type QueueItem,
} from "@mnemosyne/core";
import type { Bell } from "./bell.ts";
import { checkDuration, tookTooLong } from "./patience.ts";
import type { Timers } from "./timers.ts";
import { Upkeep } from "./upkeep.ts";

/** What {@link WorkQueue.claim} is asked for. */
export interface ClaimOptions {
  /** Who will do it. Default: the coordinator's owner. */
  readonly owner?: string;
  /** True: wait until there is one. False (default): give undefined. A number: wait for so many milliseconds, then `E_TIMEOUT`. */
  readonly wait?: boolean | number;
  readonly signal?: AbortSignal;
  /** Milliseconds. Default: the coordinator's. */
  readonly ttl?: number;
}

/** An entry that is being worked on; the claim is kept until it is settled. */
export interface ClaimedWork {
  readonly item: QueueClaim;
  /** Aborts with `E_LEASE_LOST` when the claim is lost: stop, somebody else may have it. */
  readonly signal: AbortSignal;
  readonly held: boolean;
  /** It is done. Throws `E_LEASE_LOST` when the claim had run out: then somebody else does it again. */
  ack(): Promise<void>;
  /** Gives it back, to be claimed after `delay` milliseconds, or dead after its last claim. */
  nack(options?: { readonly delay?: number; readonly error?: string }): Promise<QueueItem>;
}

/** What a queue needs of its coordinator. */
export interface WorkQueueOptions {
  readonly store: CoordinationStore;
  readonly timers: Timers;
  readonly bell: Bell;
  readonly closed: AbortSignal;
  readonly owner: string;
  readonly ttl: number;
  readonly heartbeat: number;
  readonly poll: number;
  /** Told of each claim that begins or ends here. */
  readonly claims: Set<Upkeep>;
}

/** One durable queue: the highest priority first, among equals the oldest. */
export class WorkQueue {
  readonly name: string;
  readonly #options: WorkQueueOptions;

  constructor(name: string, options: WorkQueueOptions) {
    this.name = name;
    this.#options = options;
  }

  /** Puts an entry in. While one of the same `id` is kept, this changes nothing and gives that one. */
  async enqueue(payload: Json, options: Omit<NewQueueItem, "queue" | "payload"> = {}): Promise<QueueItem> {
    this.#options.closed.throwIfAborted();
    const item = await this.#options.store.queue.enqueue({ ...options, queue: this.name, payload });
    this.#options.bell.ring();
    return item;
  }

  /** Claims the next entry and keeps the claim until it is settled. */
  claim(options: ClaimOptions & { readonly wait: true | number }): Promise<ClaimedWork>;
  claim(options?: ClaimOptions): Promise<ClaimedWork | undefined>;
  async claim(options: ClaimOptions = {}): Promise<ClaimedWork | undefined> {
    const { bell, closed, poll } = this.#options;
    const { wait = false } = options;
    const ttl = checkDuration("ttl", options.ttl ?? this.#options.ttl);
    const signals = options.signal === undefined ? [] : [options.signal];
    const signal = AbortSignal.any([closed, ...signals]);
    signal.throwIfAborted();
    if (wait === false) return this.#claim(options.owner, ttl);
    const patience = wait === true ? undefined : checkDuration("wait", wait);
    const late = (): Error => tookTooLong(`work in '${this.name}'`, patience);
    return bell.until(() => this.#claim(options.owner, ttl), { poll, signal, patience, late });
  }

  /** Entries, the next one first. */
  items(state?: QueueItem["state"]): Promise<readonly QueueItem[]> {
    return this.#options.store.queue.items(this.name, state);
  }

  /** Makes a dead entry ready again, with no claims counted. Gives whether there was one. */
  async revive(id: string): Promise<boolean> {
    const revived = await this.#options.store.queue.revive(id);
    this.#options.bell.ring();
    return revived;
  }

  async #claim(owner: string | undefined, ttl: number): Promise<ClaimedWork | undefined> {
    const { store, timers, bell, heartbeat, claims } = this.#options;
    const askedAt = timers.now();
    const item = await store.queue.claim(this.name, owner ?? this.#options.owner, ttl);
    if (item === undefined) return undefined;
    const { id, token } = item;
    const upkeep: Upkeep = new Upkeep({
      timers,
      ttl,
      heartbeat: Math.min(heartbeat, ttl / 3),
      askedAt,
      renew: () => store.queue.extend(id, token, ttl),
      giveBack: () => store.queue.nack(id, token, { error: "Its worker lost the claim." }),
      lost: (cause) => lostError(this.name, id, cause),
      ended: () => claims.delete(upkeep),
    });
    claims.add(upkeep);
    const settle = async <Result>(how: () => Promise<Result>): Promise<Result> => {
      claims.delete(upkeep);
      upkeep.stop();
      try {
        return await how();
      } finally {
        bell.ring();
      }
    };
    return {
      item,
      signal: upkeep.signal,
      get held() {
        return upkeep.held;
      },
      ack: () => settle(() => store.queue.ack(id, token)),
      nack: (options) => settle(() => store.queue.nack(id, token, options)),
    };
  }
}

function lostError(queue: string, id: string, cause: unknown): MnemosyneError {
  return new MnemosyneError(
    "E_LEASE_LOST",
    `The claim of '${id}' in '${queue}' was lost; stop the work, somebody else may do it.`,
    { kind: "conflict", cause, details: { queue, id } },
  );
}
