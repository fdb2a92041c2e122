import type { Lease, LeaseRequest } from "@mnemosyne/core";

/** A request in the queue. */
export interface QueuedRequest {
  readonly request: LeaseRequest;
  /** Who waits, if the caller named it: only then can a deadlock be told from mere waiting. */
  readonly actor: string | undefined;
  /** Milliseconds to wait at most; 0: do not. Undefined: as long as it takes. */
  readonly patience: number | undefined;
  readonly signal: AbortSignal | undefined;
}

/** A grant, with the time at which it was asked for. */
export interface Grant {
  readonly lease: Lease;
  readonly askedAt: number;
}

/** A request that waits. */
export class Waiter {
  readonly entry: QueuedRequest;
  /** Names its wait in the store. */
  readonly id = globalThis.crypto.randomUUID();
  /** It has been tried before. */
  tried = false;
  /** When the store was last told that it waits, by this process's clock. */
  toldAt: number | undefined;
  /** Those who hold what it wants, as last seen. */
  holders: readonly Lease[] = [];
  /** Earlier waiters whose turn comes first. */
  ahead: readonly Waiter[] = [];
  /** It gets nothing any more. */
  settled = false;
  readonly granted: Promise<Grant>;
  readonly #over = new AbortController();
  #resolve: (grant: Grant) => void = () => {};
  #reject: (error: unknown) => void = () => {};

  constructor(entry: QueuedRequest) {
    this.entry = entry;
    this.granted = new Promise<Grant>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  get actor(): string | undefined {
    return this.entry.actor;
  }

  /** Aborts when it is settled. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  /** Ends it. What its caller gets follows. */
  settle(): void {
    this.settled = true;
    this.#over.abort();
  }

  grant(grant: Grant): void {
    this.settle();
    this.#resolve(grant);
  }

  refuse(error: unknown): void {
    this.settle();
    this.#reject(error);
  }
}
