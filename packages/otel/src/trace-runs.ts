import type { EventSink, RunEvent } from "@mnemosyne/core";
import { SpanStatusCode, type Attributes, type Span } from "@opentelemetry/api";
import {
  AGENT_NAME,
  ATTEMPT,
  CACHE_READ_TOKENS,
  CACHE_WRITE_TOKENS,
  ERROR_TYPE,
  INPUT_TOKENS,
  MEMORY_COUNT,
  MEMORY_QUERY,
  MEMORY_RECORD,
  OPERATION,
  OUTPUT_TOKENS,
  RUN,
  STATUS,
  TASK,
  TOOL_ARGUMENTS,
  TOOL_NAME,
  TOOL_RESULT,
  WORKFLOW_NAME,
} from "./attributes.ts";
import { evaluated } from "./trace-agent.ts";
import { attribute, open, touch, type TracingOptions } from "./tracing.ts";

/** Options of {@link traceRuns}. */
export interface TraceRunsOptions extends TracingOptions {
  /** The plan's name, for the run's span. Default: the run's id. */
  readonly nameOf?: (runId: string) => string | undefined;
}

interface RunSpans {
  readonly run: Span | undefined;
  readonly tasks: Map<string, Span | undefined>;
}

/**
 * A sink that makes spans of a run's events, with the times that the journal gives: the run, in it each attempt of a task,
 * in that its tools and what it remembered and recalled, with verdicts, alerts and approvals as events. Works for live
 * runs and for those of the past. Calls of the model are left to its own SDK, which traces each; their sum stands on the run.
 *
 * @example
 * const sink = traceRuns();
 * for await (const event of engine.open(runId).events()) sink.event(event);
 */
export function traceRuns(options: TraceRunsOptions = {}): EventSink {
  const runs = new Map<string, RunSpans>();
  const spansOf = (event: RunEvent): RunSpans => {
    const known = runs.get(event.runId);
    if (known !== undefined) return known;
    const name = options.nameOf?.(event.runId) ?? event.runId;
    const run = open(
      options,
      `invoke_workflow ${name}`,
      { [OPERATION]: "invoke_workflow", [WORKFLOW_NAME]: name, [RUN]: event.runId },
      { startTime: new Date(event.at) },
    );
    const made = { run, tasks: new Map<string, Span | undefined>() };
    runs.set(event.runId, made);
    return made;
  };
  return {
    event(event) {
      const spans = spansOf(event);
      follow(event, spans, options);
      // What waits may go on much later: its span is told when it ends.
      if (event.type === "run.finished") runs.delete(event.runId);
    },
  };
}

function follow(event: RunEvent, { run, tasks }: RunSpans, options: TracingOptions): void {
  const at = new Date(event.at);
  const key = "task" in event && event.task !== undefined ? event.task : undefined;
  const parent = (key === undefined ? undefined : tasks.get(key)) ?? run;
  const end = (status: string, error?: string): void => {
    if (key === undefined) return;
    touch(tasks.get(key), (span) => {
      span.setAttribute(STATUS, status);
      if (error !== undefined)
        span.setAttribute(ERROR_TYPE, error).setStatus({ code: SpanStatusCode.ERROR, message: error });
      span.end(at);
    });
    tasks.delete(key);
  };
  const child = (name: string, attributes: Attributes, durationMs = 0, error?: string): void => {
    const startTime = new Date(at.getTime() - durationMs);
    touch(open(options, name, attributes, { startTime, parent }), (span) => {
      if (error !== undefined)
        span.setAttribute(ERROR_TYPE, error).setStatus({ code: SpanStatusCode.ERROR, message: error });
      span.end(at);
    });
  };
  switch (event.type) {
    case "task.started": {
      const attributes = {
        [OPERATION]: "invoke_agent",
        [AGENT_NAME]: event.task,
        [RUN]: event.runId,
        [TASK]: event.task,
        [ATTEMPT]: event.attempt,
      };
      tasks.set(
        event.task,
        open(options, `invoke_agent ${event.task}`, attributes, { startTime: at, parent: run }),
      );
      return;
    }
    case "task.completed":
      return end("completed");
    case "task.failed":
      return end("failed", event.error.code);
    case "task.rejected":
      return end("rejected", `verdict.${event.verdict}`);
    case "task.aborted":
    case "task.cancelled":
      return end("cancelled", "cancelled");
    case "tool.used": {
      const { tool, ok, durationMs, summary, input } = event;
      const content = options.content === true;
      const attributes = {
        [OPERATION]: "execute_tool",
        [TOOL_NAME]: tool,
        ...(content ? { [TOOL_ARGUMENTS]: attribute(input), [TOOL_RESULT]: summary } : {}),
      };
      return child(`execute_tool ${tool}`, attributes, durationMs, ok ? undefined : "tool_error");
    }
    case "memory.stored":
      return child("create_memory", { [OPERATION]: "create_memory", [MEMORY_RECORD]: event.id });
    case "memory.recalled":
      return child("search_memory", {
        [OPERATION]: "search_memory",
        [MEMORY_COUNT]: event.ids.length,
        ...(options.content === true ? { [MEMORY_QUERY]: event.query } : {}),
      });
    case "gate.judged": {
      const { gate, verdict, findings } = event;
      const explanation = findings.map(({ message }) => message);
      return touch(parent, (span) => evaluated(span, { gate, verdict, explanation }, options, at));
    }
    case "alert.raised":
    case "approval.requested":
    case "approval.granted":
    case "approval.denied":
    case "deadlock.found":
    case "budget.refused":
      return touch(parent, (span) => span.addEvent(event.type, {}, at));
    case "run.finished":
      for (const span of tasks.values()) touch(span, (one) => one.end(at));
      return touch(run, (span) => {
        span.setAttribute(STATUS, event.status);
        if (event.usage !== undefined)
          span.setAttributes({
            [INPUT_TOKENS]: event.usage.inputTokens,
            [OUTPUT_TOKENS]: event.usage.outputTokens,
            [CACHE_READ_TOKENS]: event.usage.cacheReadTokens,
            [CACHE_WRITE_TOKENS]: event.usage.cacheWriteTokens,
          });
        if (event.status === "failed") {
          const code = event.error?.code ?? "failed";
          span.setAttribute(ERROR_TYPE, code).setStatus({ code: SpanStatusCode.ERROR, message: code });
        }
        span.end(at);
      });
    default:
  }
}
