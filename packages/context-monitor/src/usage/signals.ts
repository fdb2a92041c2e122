import type { TokenCount } from "@mnemosyne/core";
import type { Recommendation } from "./recommend.ts";
import type { ContextState } from "./thresholds.ts";
import type { Forecast } from "./trend.ts";

/** What a number is about: an agent's window, the budget of a task or run, or everything together. */
export type ScopeKind = "agent" | "task" | "run" | "total";

/** How full something is. */
export interface Reading {
  readonly scope: ScopeKind;
  /** The agent's, task's or run's name; `total` for everything. */
  readonly id: string;
  /** 0 to 1, and above 1 where more is used than there is. */
  readonly usage: number;
  readonly tokens: TokenCount;
  /** What `usage` is a share of: a window or a budget, in tokens. */
  readonly limit: number;
  /** Judged by the upper end of the band. */
  readonly state: ContextState;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** A threshold was reached. Raised once until the share has fallen 5 points below it. */
export interface ContextAlert extends Reading {
  readonly threshold: number;
  readonly message: string;
  readonly forecast?: Forecast;
  readonly recommendations: readonly Recommendation[];
}

/** A call's prompt comes near the size from which on all of it costs more, or has passed it. */
export interface PriceCliff {
  readonly agent: string;
  readonly model: string;
  readonly phase: "near" | "crossed";
  readonly tokens: TokenCount;
  /** Prompt tokens from which on the other prices hold. */
  readonly from: number;
  /** USD per million input tokens, below and above. */
  readonly inputPrice: { readonly below: number; readonly above: number };
  readonly recommendations: readonly Recommendation[];
}

/** A source of the sampler failed; reported once until it works again. */
export interface SamplerFault {
  readonly error: unknown;
}

/** The events of a monitor and what they carry. */
export interface MonitorEvents {
  /** Every record, in the same tick. */
  readonly usage: Reading;
  readonly alert: ContextAlert;
  readonly cliff: PriceCliff;
  readonly fault: SamplerFault;
}

/** Calls listeners one after the other. What one throws is reported to the process as uncaught and keeps no other from being called. */
export class Signals {
  readonly #listeners = new Map<keyof MonitorEvents, Set<(event: never) => void>>();

  on<Name extends keyof MonitorEvents>(
    name: Name,
    listener: (event: MonitorEvents[Name]) => void,
  ): () => void {
    let listeners = this.#listeners.get(name);
    if (listeners === undefined) this.#listeners.set(name, (listeners = new Set()));
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }

  has(name: keyof MonitorEvents): boolean {
    return (this.#listeners.get(name)?.size ?? 0) > 0;
  }

  emit<Name extends keyof MonitorEvents>(name: Name, event: MonitorEvents[Name]): void {
    const listeners = this.#listeners.get(name);
    if (listeners === undefined) return;
    for (const listener of listeners) {
      try {
        (listener as (event: MonitorEvents[Name]) => void)(event);
      } catch (error) {
        // As EventTarget does: accounting must not fail because a listener does, and the fault must not vanish.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  clear(): void {
    this.#listeners.clear();
  }
}
