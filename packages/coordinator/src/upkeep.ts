import { isMnemosyneError, type KeptAlive, type MnemosyneError } from "@mnemosyne/core";
import type { Timers } from "./timers.ts";

/** What has to be kept alive, and how. */
export interface UpkeepOptions {
  readonly timers: Timers;
  /** Milliseconds. */
  readonly ttl: number;
  /** Milliseconds between two renewals. */
  readonly heartbeat: number;
  /** When it was asked for: it is trusted for `ttl` from then. */
  readonly askedAt: number;
  /** Throws `E_LEASE_LOST` when it is gone; anything else may pass. */
  readonly renew: () => Promise<unknown>;
  /** Gives it back when trust in it has ended here. */
  readonly giveBack: () => Promise<unknown>;
  /** Lets a thread of the store renew it, if there is one. */
  readonly keepAlive?: (() => KeptAlive | undefined) | undefined;
  /** The reason with which the signal aborts. */
  readonly lost: (cause: unknown) => MnemosyneError;
  /** Called once, when it was lost. */
  readonly ended: () => void;
}

/** Keeps something that expires alive until it is stopped or lost. */
export class Upkeep {
  readonly #options: UpkeepOptions;
  readonly #lost = new AbortController();
  readonly #stopped = new AbortController();
  #trustedUntil: number;
  #renewing = false;
  #keeper: KeptAlive | undefined;
  /** A keeper that cannot work is not asked for again. */
  #keeperFailed = false;
  #trouble: unknown;

  constructor(options: UpkeepOptions) {
    this.#options = options;
    this.#trustedUntil = options.askedAt + options.ttl;
    void this.#keep();
  }

  /** Aborts when it is lost; not when it is stopped. */
  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  /** Whether it is still held, by this process's clock and what the store last said. */
  get held(): boolean {
    if (this.#stopped.signal.aborted || this.#keeper?.state === "lost") return false;
    return this.#options.timers.now() < this.#trusted();
  }

  /** Ends the upkeep. Gives false when it had ended before. */
  stop(): boolean {
    if (this.#stopped.signal.aborted) return false;
    this.#end();
    return true;
  }

  /** Ends the upkeep and gives back what it kept. */
  async abandon(): Promise<void> {
    if (this.stop()) await this.#options.giveBack();
  }

  #trusted(): number {
    this.#trustedUntil = Math.max(this.#trustedUntil, this.#keeper?.trustedUntil ?? 0);
    return this.#trustedUntil;
  }

  async #keep(): Promise<void> {
    const { timers, heartbeat } = this.#options;
    const stop = this.#stopped.signal;
    while (!stop.aborted) {
      // Wake at the latest when trust ends: a store that does not answer must not leave the holder believing.
      const pause = Math.max(0, Math.min(heartbeat, this.#trusted() - timers.now()));
      try {
        await timers.idle(pause, stop);
      } catch {
        // Only the stop signal ends a pause early.
        return;
      }
      if (stop.aborted) return;
      if (!this.held) return this.#giveUp();
      if (this.#isKept()) continue;
      if (!this.#renewing) void this.#renew();
    }
  }

  /**
   * Whether a thread renews it and does so in time. It is asked at the first heartbeat: what is held for a moment needs
   * none.
   */
  #isKept(): boolean {
    if (this.#keeper?.state === "kept") {
      const { timers, ttl, heartbeat } = this.#options;
      return this.#keeper.trustedUntil - timers.now() > ttl - 2 * heartbeat;
    }
    if (this.#keeper === undefined && !this.#keeperFailed) {
      this.#keeper = this.#options.keepAlive?.();
    } else if (this.#keeper?.state === "failed") {
      this.#keeper = undefined;
      this.#keeperFailed = true;
    }
    return false;
  }

  async #renew(): Promise<void> {
    const { timers, ttl, renew } = this.#options;
    this.#renewing = true;
    const askedAt = timers.now();
    try {
      await renew();
      this.#trustedUntil = Math.max(this.#trustedUntil, askedAt + ttl);
      this.#trouble = undefined;
    } catch (error) {
      this.#trouble = error;
      // Anything else may pass: the next heartbeat tries again until trust ends.
      if (isMnemosyneError(error) && error.code === "E_LEASE_LOST") this.#lose(error);
    } finally {
      this.#renewing = false;
    }
  }

  /** Trust has ended here; the store may still keep it for a while. */
  async #giveUp(): Promise<void> {
    this.#lose(this.#trouble);
    try {
      await this.#options.giveBack();
    } catch {
      // A store that cannot be reached lets it end by itself.
    }
  }

  #lose(cause: unknown): void {
    if (this.#stopped.signal.aborted) return;
    this.#end();
    this.#lost.abort(this.#options.lost(cause));
    this.#options.ended();
  }

  #end(): void {
    this.#stopped.abort();
    this.#keeper?.stop();
  }
}
