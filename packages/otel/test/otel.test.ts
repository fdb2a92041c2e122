import type {
  Agent,
  AgentContext,
  AgentTask,
  Gate,
  GateContext,
  GateSubject,
  RunEvent,
} from "@mnemosyne/core";
import { openStorage } from "@mnemosyne/storage";
import { createTracer, traceAgent, traceGate, traceMemory, traceRuns } from "@mnemosyne/otel";
import { context, SpanStatusCode, trace, type TracerProvider } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  type ReadableSpan,
} from "@opentelemetry/sdk-trace-base";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

const exporter = new InMemorySpanExporter();
const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
const SECRET = "the secret of the memory";

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
});

afterAll(async () => {
  context.disable();
  await tracerProvider.shutdown();
});

beforeEach(() => exporter.reset());

function spans(): readonly ReadableSpan[] {
  return exporter.getFinishedSpans();
}

function named(name: string): ReadableSpan {
  const found = spans().find((span) => span.name === name);
  if (found === undefined)
    throw new Error(
      `no span ${name} among ${spans()
        .map((span) => span.name)
        .join(", ")}`,
    );
  return found;
}

/** Everything that left the process, as text. */
function exported(): string {
  return JSON.stringify(
    spans().map(({ name, attributes, events, status }) => ({ name, attributes, events, status })),
  );
}

test("memories: spans by the conventions, without contents unless asked for", async () => {
  const storage = traceMemory(await openStorage(":memory:"), { tracerProvider });
  const id = await storage.store({ content: SECRET, namespace: "project:app" });
  await storage.search(SECRET, { namespace: "project:app" });
  await storage.update(id, { importance: 9 });
  await storage.forget(id);
  await expect(storage.update(id, { content: SECRET })).rejects.toMatchObject({ code: "E_MEMORY_NOT_FOUND" });
  expect(await storage.journal.listRuns()).toEqual([]);
  await storage.close();
  expect(spans().map(({ name }) => name)).toEqual([
    "create_memory",
    "search_memory",
    "update_memory",
    "delete_memory",
    "update_memory",
  ]);
  expect(named("create_memory").attributes).toEqual({
    "gen_ai.operation.name": "create_memory",
    "gen_ai.memory.store.id": "project:app",
    "gen_ai.memory.record.id": id,
  });
  expect(named("search_memory").attributes).toMatchObject({ "gen_ai.memory.record.count": 1 });
  expect(spans().at(-1)).toMatchObject({
    attributes: { "error.type": "E_MEMORY_NOT_FOUND" },
    status: { code: SpanStatusCode.ERROR },
  });
  expect(exported()).not.toContain("secret");

  const open = traceMemory(await openStorage(":memory:"), { tracerProvider, content: true });
  await open.store({ content: SECRET });
  await open.search(SECRET);
  await open.close();
  expect(spans().at(-1)?.attributes).toMatchObject({
    "gen_ai.memory.query.text": SECRET,
    "gen_ai.memory.records": JSON.stringify([SECRET]),
  });
});

const TASK = { runId: "r", attempt: 2, definition: { id: "fix" } } as unknown as AgentTask;
const CONTEXT = { idempotencyKey: "r:fix:2" } as unknown as AgentContext;

test("an agent's span is the parent of what happens in its work, also of other libraries' spans", async () => {
  const agent: Agent = {
    name: "coder",
    async execute() {
      await Promise.resolve();
      tracerProvider.getTracer("a model's SDK").startSpan("chat claude").end();
      return {
        status: "failed",
        error: { code: "E_TOOL", kind: "internal", message: SECRET },
        retryable: false,
      };
    },
  };
  await traceAgent(agent, { tracerProvider }).execute(TASK, CONTEXT);
  const parent = named("invoke_agent coder");
  expect(named("chat claude").parentSpanContext?.spanId).toBe(parent.spanContext().spanId);
  expect(parent.attributes).toEqual({
    "gen_ai.operation.name": "invoke_agent",
    "gen_ai.agent.name": "coder",
    "gen_ai.conversation.id": "r:fix:2",
    "mnemosyne.run.id": "r",
    "mnemosyne.task.id": "fix",
    "mnemosyne.task.attempt": 2,
    "mnemosyne.status": "failed",
    "error.type": "E_TOOL",
  });
  expect(exported()).not.toContain("secret");
});

test("a gate's verdict is an evaluation event; what it throws comes through", async () => {
  const gate: Gate = {
    name: "facts",
    version: "1",
    judge: async () => ({
      verdict: "fail",
      findings: [{ rule: "facts.path", severity: "blocker", message: SECRET }],
    }),
  };
  const subject = { runId: "r", task: "fix", attempt: 1 } as unknown as GateSubject;
  await traceGate(gate, { tracerProvider }).judge(subject, {} as GateContext);
  expect(named("evaluate facts").events).toMatchObject([
    {
      name: "gen_ai.evaluation.result",
      attributes: {
        "gen_ai.evaluation.name": "facts",
        "gen_ai.evaluation.score.label": "fail",
        "gen_ai.evaluation.score.value": 0,
      },
    },
  ]);
  expect(exported()).not.toContain("secret");
  const broken: Gate = { ...gate, judge: () => Promise.reject(new TypeError("no")) };
  await expect(traceGate(broken, { tracerProvider }).judge(subject, {} as GateContext)).rejects.toThrow("no");
  expect(spans().at(-1)?.attributes["error.type"]).toBe("TypeError");
});

test("a run's events become spans with the journal's times", () => {
  const sink = traceRuns({ tracerProvider, nameOf: () => "release" });
  const base = { runId: "r1", schemaVersion: 1, class: "input" } as const;
  let seq = 0;
  const tell = (at: number, body: object): void => {
    seq += 1;
    sink.event({ ...base, ...body, seq, at: new Date(at).toISOString() } as unknown as RunEvent);
  };
  const of = { task: "fix", attempt: 1, epoch: 1 };
  tell(1000, { type: "run.started" });
  tell(2000, { type: "task.started", ...of });
  tell(3000, { type: "memory.recalled", ...of, query: SECRET, ids: ["a", "b"] });
  tell(4000, { type: "tool.used", ...of, tool: "run", input: { line: SECRET }, ok: false, durationMs: 500 });
  tell(5000, { type: "gate.judged", ...of, gate: "tests", verdict: "fail", findings: [{ message: SECRET }] });
  tell(6000, { type: "task.rejected", ...of, verdict: "fail" });
  tell(7000, { type: "task.started", ...of, attempt: 2 });
  tell(8000, { type: "task.completed", ...of, attempt: 2 });
  tell(9000, {
    type: "run.finished",
    status: "completed",
    usage: { inputTokens: 10, outputTokens: 2, cacheReadTokens: 3, cacheWriteTokens: 4, usd: 0, calls: 1 },
  });
  const run = named("invoke_workflow release");
  expect(run.startTime).toEqual([1, 0]);
  expect(run.endTime).toEqual([9, 0]);
  expect(run.attributes).toMatchObject({ "gen_ai.usage.input_tokens": 10, "mnemosyne.status": "completed" });
  const attempts = spans().filter(({ name }) => name === "invoke_agent fix");
  expect(attempts.map(({ attributes }) => attributes["mnemosyne.status"])).toEqual(["rejected", "completed"]);
  expect(attempts.every((one) => one.parentSpanContext?.spanId === run.spanContext().spanId)).toBe(true);
  const tool = named("execute_tool run");
  expect(tool.parentSpanContext?.spanId).toBe(attempts[0]?.spanContext().spanId);
  expect(tool).toMatchObject({
    startTime: [3, 500_000_000],
    endTime: [4, 0],
    attributes: { "error.type": "tool_error" },
  });
  expect(attempts[0]?.events.map(({ name }) => name)).toEqual(["gen_ai.evaluation.result"]);
  expect(exported()).not.toContain("secret");
});

test("the port: attributes, errors, nesting", async () => {
  const tracer = createTracer({ tracerProvider });
  const outer = tracer.startSpan("outer", { text: "x", list: ["a"], object: { b: 1 }, nothing: null });
  await outer.within(async () => {
    await Promise.resolve();
    tracer.startSpan("inner").end();
  });
  outer.setAttribute("more", 1);
  outer.recordError(new RangeError(SECRET));
  outer.end();
  expect(named("inner").parentSpanContext?.spanId).toBe(named("outer").spanContext().spanId);
  expect(named("outer").attributes).toEqual({
    text: "x",
    list: ["a"],
    object: '{"b":1}',
    more: 1,
    "error.type": "RangeError",
  });
  expect(exported()).not.toContain("secret");
});

test("without a provider nothing is recorded, and a broken one breaks nothing", async () => {
  trace.disable();
  const broken = {
    getTracer: () => {
      throw new Error("exporter is down");
    },
  } as unknown as TracerProvider;
  for (const options of [{}, { tracerProvider: broken }]) {
    const storage = traceMemory(await openStorage(":memory:"), options);
    const id = await storage.store({ content: "kept" });
    expect((await storage.get(id))?.content).toBe("kept");
    expect(await storage.search("kept")).toHaveLength(1);
    const span = createTracer(options).startSpan("x");
    span.setAttribute("a", 1);
    span.recordError(new Error("y"));
    expect(span.within(() => 7)).toBe(7);
    span.end();
    traceRuns(options).event({ type: "run.started", runId: "r", at: "2026-01-01T00:00:00Z" } as RunEvent);
    await storage.close();
  }
  expect(spans()).toEqual([]);
});
