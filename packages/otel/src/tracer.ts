import type { Json, TraceSpan, Tracer } from "@mnemosyne/core";
import { context, trace, type Attributes } from "@opentelemetry/api";
import { attribute, fail, open, touch, type TracingOptions } from "./tracing.ts";

/** A span of {@link createTracer}. */
export interface OtelTraceSpan extends TraceSpan {
  /** Does work with this span as the parent of every span opened in it, those of other libraries too. */
  within<T>(work: () => T): T;
}

/** A tracer whose spans can be parents. */
export interface OtelTracerPort extends Tracer {
  startSpan(name: string, attributes?: Readonly<Record<string, Json>>): OtelTraceSpan;
}

/**
 * The `Tracer` port on OpenTelemetry. Records nothing until the application has registered a provider, and never throws.
 *
 * @example
 * const span = createTracer().startSpan("import", { "app.rows": 3 });
 * span.end();
 */
export function createTracer(options: TracingOptions = {}): OtelTracerPort {
  return {
    startSpan(name, attributes = {}) {
      const span = open(options, name, attributesOf(attributes));
      return {
        setAttribute(key, value) {
          const set = attribute(value);
          if (set !== undefined) touch(span, (one) => one.setAttribute(key, set));
        },
        recordError: (error) => fail(span, error),
        end: () => touch(span, (one) => one.end()),
        within: (work) =>
          span === undefined ? work() : context.with(trace.setSpan(context.active(), span), work),
      };
    },
  };
}

function attributesOf(given: Readonly<Record<string, Json>>): Attributes {
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, attribute(value)]));
}
