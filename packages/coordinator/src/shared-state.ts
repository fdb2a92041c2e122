import { MnemosyneError, type CoordinationStore, type Json, type SharedValue } from "@mnemosyne/core";
import { Nap } from "./nap.ts";
import { isOwnKey } from "./own-key.ts";
import type { Timers } from "./timers.ts";

/** Options of a watch. */
export interface WatchOptions {
  /** Ends the watch; the iteration throws its reason. */
  readonly signal?: AbortSignal;
  /** Begin after this version. Default: with the present value, if there is one. */
  readonly after?: number;
}

/** What shared state needs. */
export interface SharedStateOptions {
  readonly store: CoordinationStore;
  readonly timers: Timers;
  /** Milliseconds between two looks for what other processes wrote. */
  readonly poll: number;
}

/** Versioned values that agents and processes share. */
export class SharedState {
  readonly #store: CoordinationStore;
  readonly #timers: Timers;
  readonly #poll: number;
  readonly #watchers = new Map<string, Set<Nap>>();
  readonly #closed = new AbortController();

  constructor(options: SharedStateOptions) {
    this.#store = options.store;
    this.#timers = options.timers;
    this.#poll = options.poll;
  }

  get(key: string): Promise<SharedValue | undefined> {
    return this.#store.getValue(checkKey(key));
  }

  async set(key: string, value: Json, version?: number): Promise<SharedValue> {
    const stored = await this.#store.setValue(checkKey(key), value, version);
    for (const nap of this.#watchers.get(key) ?? []) nap.wake();
    return stored;
  }

  async *watch(key: string, options: WatchOptions): AsyncGenerator<SharedValue, void, void> {
    checkKey(key);
    const { signal } = options;
    signal?.throwIfAborted();
    const nap = new Nap(this.#timers);
    const stop = new AbortController();
    const abort = (): void => stop.abort(signal?.reason);
    const close = (): void => stop.abort();
    signal?.addEventListener("abort", abort, { once: true });
    this.#closed.signal.addEventListener("abort", close, { once: true });
    const watchers = this.#watchers.get(key) ?? new Set<Nap>();
    this.#watchers.set(key, watchers.add(nap));
    try {
      let seen = options.after ?? 0;
      while (!this.#closed.signal.aborted) {
        const stored = await this.#store.getValue(key);
        signal?.throwIfAborted();
        if (stored !== undefined && stored.version > seen) {
          seen = stored.version;
          yield stored;
        } else {
          await nap.sleep(this.#poll, stop.signal).catch((error: unknown) => {
            if (!this.#closed.signal.aborted) throw error;
          });
        }
      }
    } finally {
      signal?.removeEventListener("abort", abort);
      this.#closed.signal.removeEventListener("abort", close);
      watchers.delete(nap);
      if (watchers.size === 0) this.#watchers.delete(key);
    }
  }

  /** Ends every watch. */
  close(): void {
    this.#closed.abort();
  }
}

/** A key that users may write. Throws `E_INPUT`. */
export function checkKey(key: string): string {
  if (key !== "" && !isOwnKey(key)) return key;
  throw new MnemosyneError("E_INPUT", `'${key}' is not a key; use a name that does not begin with '~'.`, {
    kind: "input",
    path: "key",
  });
}
