import type { Agent, Gate } from "@mnemosyne/core";
import type { Span } from "@opentelemetry/api";
import {
  AGENT_NAME,
  ATTEMPT,
  CONVERSATION_ID,
  ERROR_TYPE,
  EVALUATION_EVENT,
  EVALUATION_EXPLANATION,
  EVALUATION_LABEL,
  EVALUATION_NAME,
  EVALUATION_SCORE,
  OPERATION,
  RUN,
  STATUS,
  TASK,
} from "./attributes.ts";
import { inSpan, type TracingOptions } from "./tracing.ts";

/** The same agent, its work in a span `invoke_agent NAME`: the spans of the model's SDK stand within it. */
export function traceAgent(agent: Agent, options: TracingOptions = {}): Agent {
  const { name } = agent;
  return {
    name,
    execute: (task, agentContext) =>
      inSpan(
        options,
        `invoke_agent ${name}`,
        {
          [OPERATION]: "invoke_agent",
          [AGENT_NAME]: name,
          [CONVERSATION_ID]: agentContext.idempotencyKey,
          [RUN]: task.runId,
          [TASK]: task.definition.id,
          [ATTEMPT]: task.attempt,
        },
        () => agent.execute(task, agentContext),
        (span, result) => {
          span.setAttribute(STATUS, result.status);
          if (result.status === "failed") span.setAttribute(ERROR_TYPE, result.error.code);
        },
      ),
  };
}

/** The same gate, its judgement in a span with a `gen_ai.evaluation.result` event. */
export function traceGate(gate: Gate, options: TracingOptions = {}): Gate {
  return {
    name: gate.name,
    version: gate.version,
    ...(gate.kind === undefined ? {} : { kind: gate.kind }),
    ...(gate.after === undefined ? {} : { after: gate.after }),
    judge: (subject, gateContext) =>
      inSpan(
        options,
        `evaluate ${gate.name}`,
        {
          [EVALUATION_NAME]: gate.name,
          [RUN]: subject.runId,
          [TASK]: subject.task,
          [ATTEMPT]: subject.attempt,
        },
        () => gate.judge(subject, gateContext),
        (span, { verdict, findings }) =>
          evaluated(
            span,
            { gate: gate.name, verdict, explanation: findings.map(({ message }) => message) },
            options,
          ),
      ),
  };
}

/** Adds a verdict to a span. What was found may quote contents, so it is told only where contents are. */
export function evaluated(
  span: Span,
  judged: { readonly gate: string; readonly verdict: string; readonly explanation: readonly string[] },
  { content = false }: TracingOptions,
  at?: Date,
): void {
  const { gate, verdict, explanation } = judged;
  span.addEvent(
    EVALUATION_EVENT,
    {
      [EVALUATION_NAME]: gate,
      [EVALUATION_LABEL]: verdict,
      [EVALUATION_SCORE]: verdict === "pass" ? 1 : 0,
      ...(content && explanation.length > 0 ? { [EVALUATION_EXPLANATION]: explanation.join("\n") } : {}),
    },
    at,
  );
}
