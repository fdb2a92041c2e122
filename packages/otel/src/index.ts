// Everything exported here is public API; whatever is not named here is private.
export { createTracer, type OtelTracerPort, type OtelTraceSpan } from "./tracer.ts";
export { traceAgent, traceGate } from "./trace-agent.ts";
export { traceMemory } from "./trace-memory.ts";
export { traceRuns, type TraceRunsOptions } from "./trace-runs.ts";
export type { TracingOptions } from "./tracing.ts";
