import type { Json } from "../json.ts";
import type { RunEvent } from "../run/events.ts";

/** The time, so that tests can give their own. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Resolves after so many milliseconds; rejects with the signal's reason. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

/** Receives events as they are journalled. Must not throw; what it throws is reported and ignored. */
export interface EventSink {
  event(event: RunEvent): void;
}

/** A span of a trace. */
export interface TraceSpan {
  setAttribute(name: string, value: Json): void;
  recordError(error: unknown): void;
  end(): void;
}

/** Opens spans. A tracer never breaks the work that it watches. */
export interface Tracer {
  startSpan(name: string, attributes?: Readonly<Record<string, Json>>): TraceSpan;
}
