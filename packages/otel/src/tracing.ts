import { isMnemosyneError, type Json } from "@mnemosyne/core";
import {
  context,
  SpanKind,
  SpanStatusCode,
  trace,
  type AttributeValue,
  type Attributes,
  type Span,
  type Tracer as OtelTracer,
  type TracerProvider,
} from "@opentelemetry/api";
import { ERROR_TYPE } from "./attributes.ts";

/** Options of everything in this package. */
export interface TracingOptions {
  /** Default: the one that the application has registered with OpenTelemetry; none: nothing is recorded. */
  readonly tracerProvider?: TracerProvider;
  /** Record texts too: queries, memories, arguments and results of tools, findings. Default false. */
  readonly content?: boolean;
}

const SCOPE = "@mnemosyne/otel";
const VERSION = "0.1.0";

/** The tracer of the options. Asked for at each use: an application may register its provider later. */
export function tracerOf({ tracerProvider }: TracingOptions): OtelTracer {
  return tracerProvider === undefined
    ? trace.getTracer(SCOPE, VERSION)
    : tracerProvider.getTracer(SCOPE, VERSION);
}

/** Opens a span, or gives none where that fails: what is watched goes on. */
export function open(
  options: TracingOptions,
  name: string,
  attributes: Attributes,
  more: { readonly startTime?: Date; readonly parent?: Span | undefined } = {},
): Span | undefined {
  try {
    const active = context.active();
    const parent = more.parent === undefined ? active : trace.setSpan(active, more.parent);
    const { startTime } = more;
    return tracerOf(options).startSpan(
      name,
      { kind: SpanKind.INTERNAL, attributes, ...(startTime === undefined ? {} : { startTime }) },
      parent,
    );
  } catch {
    // A broken exporter or provider must not break the work that it watches.
    return undefined;
  }
}

/** Does something with a span; what goes wrong with it is nobody's concern. */
export function touch(span: Span | undefined, act: (span: Span) => void): void {
  if (span === undefined) return;
  try {
    act(span);
  } catch {
    // As above: the work goes on.
  }
}

/** Marks a span as failed. The message stays out: it may quote contents. */
export function fail(span: Span | undefined, error: unknown): void {
  const type = isMnemosyneError(error) ? error.code : error instanceof Error ? error.name : "unknown";
  touch(span, (one) =>
    one.setAttribute(ERROR_TYPE, type).setStatus({ code: SpanStatusCode.ERROR, message: type }),
  );
}

/** Does work in a span that is the parent of every span opened in it. */
export async function inSpan<T>(
  options: TracingOptions,
  name: string,
  attributes: Attributes,
  work: () => Promise<T>,
  done?: (span: Span, result: T) => void,
): Promise<T> {
  const span = open(options, name, attributes);
  // Nobody listens: nothing else is paid for.
  if (span === undefined || !span.isRecording()) return await work();
  try {
    const result = await context.with(trace.setSpan(context.active(), span), work);
    touch(span, (one) => done?.(one, result));
    return result;
  } catch (error) {
    fail(span, error);
    throw error;
  } finally {
    touch(span, (one) => one.end());
  }
}

/** A value as an attribute: lists of one kind stay lists, other objects become JSON. */
export function attribute(value: Json): AttributeValue {
  if (value === null) return undefined;
  if (typeof value !== "object") return value;
  if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value;
  return JSON.stringify(value);
}
