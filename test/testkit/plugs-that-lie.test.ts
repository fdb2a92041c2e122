import { createAnthropicModel } from "@mnemosyne/anthropic";
import type {
  Agent,
  AgentContext,
  AgentResult,
  AgentTask,
  Gate,
  GateContext,
  GateSubject,
  LanguageModel,
  Tool,
  Workspace,
} from "@mnemosyne/core";
import { startMessagesServer } from "@mnemosyne/testkit";
import {
  agentConformance,
  gateConformance,
  languageModelConformance,
  toolConformance,
  type OpenModel,
} from "@mnemosyne/testkit/conformance";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { broken, caught, failing, without } from "./broken.ts";

function openModel(change: (real: LanguageModel) => Partial<LanguageModel> = () => ({})): OpenModel {
  return async (script) => {
    const server = await startMessagesServer(script);
    const real: LanguageModel = createAnthropicModel({ baseURL: server.url, apiKey: "k", maxRetries: 1 });
    return { subject: broken(real, change(real)), close: server.close };
  };
}

test.each<[string, (real: LanguageModel) => Partial<LanguageModel>, string]>([
  [
    "does not ask its observer",
    (real) => ({ generate: (request, options) => real.generate(request, without(options, "observer")) }),
    "an observer that throws before keeps the call from being sent",
  ],
  [
    "cannot be stopped",
    (real) => ({ generate: (request, options) => real.generate(request, without(options, "signal")) }),
    "an abort is E_CANCELLED, soon",
  ],
  [
    "takes the turn limit for success",
    (real) => ({
      async runTools(request, options) {
        let last;
        try {
          return await real.runTools(request, { ...options, onTurn: (response) => void (last = response) });
        } catch {
          if (last === undefined) throw new Error("no turn");
          return { response: last, messages: [], turns: 1, usage: (last as { usage: never }).usage };
        }
      },
    }),
    "reaching the turn limit is E_TURN_LIMIT",
  ],
  [
    "does not check objects",
    (real) => ({
      async generateObject(request, options) {
        const response = await real.generate(request, options);
        return { value: JSON.parse(response.text) as never, response, usage: response.usage };
      },
    }),
    "generateObject repairs a misfit once",
  ],
])("a model that %s is caught", async (_fault, change, check) => {
  expect(await caught(languageModelConformance(openModel(change)), check)).toBe(true);
});

const tool: Tool = {
  name: "echo",
  description: "Says it again.",
  inputSchema: { type: "object" },
  async execute(input, { signal }) {
    signal.throwIfAborted();
    return { content: JSON.stringify(input) };
  },
};

function failingTool(change: Partial<Tool>): Promise<readonly string[]> {
  return failing(toolConformance({ tool: { ...tool, ...change }, inputs: [{ a: 1 }] }));
}

test("a tool conforms; one that hangs, one with an illegal name and one without text are caught", async () => {
  expect(await failingTool({})).toEqual([]);
  expect(await failingTool({ name: "has spaces" })).toHaveLength(1);
  expect(await failingTool({ execute: async () => ({ content: undefined as never }) })).toHaveLength(2);
  expect(
    await failingTool({
      execute: (input, context) =>
        context.signal.aborted ? new Promise(() => {}) : tool.execute(input, context),
    }),
  ).toHaveLength(1);
});

const gate: Gate = {
  name: "report",
  version: "1",
  async judge(subject, { signal }) {
    signal.throwIfAborted();
    return subject.report?.includes("done") === true
      ? { verdict: "pass", findings: [] }
      : {
          verdict: "fail",
          findings: [{ rule: "report.missing", severity: "blocker", message: "No report." }],
        };
  },
};

function reporting(report: string) {
  return async (signal: AbortSignal) => ({
    subject: { report, workspace: { hash: async () => "same" } as Partial<Workspace> } as GateSubject,
    context: { signal, settings: {} } as GateContext,
  });
}

function failingGate(change: Partial<Gate>): Promise<readonly string[]> {
  return failing(
    gateConformance({ gate: { ...gate, ...change }, passing: reporting("done"), failing: reporting("") }),
  );
}

test("a gate conforms; one that passes everything, and one that judges at random, are caught", async () => {
  expect(await failingGate({})).toEqual([]);
  expect(await failingGate({ judge: async () => ({ verdict: "pass", findings: [] }) })).toEqual([
    "it blocks what is wrong, and says what and why",
    "an aborted judgement ends soon and does not pass what is wrong",
  ]);
  let round = 0;
  expect(
    await failingGate({
      judge: async () => ({
        verdict: "fail",
        findings: [{ rule: `rule.${++round}`, severity: "blocker", message: "x" }],
      }),
    }),
  ).toContain("judging the same work twice gives the same verdict and findings");
});

function backwards(word: unknown): string {
  return Array.from(word as string)
    .toReversed()
    .join("");
}

/** Says its task's input backwards, after a moment. */
const agent: Agent = {
  name: "backwards",
  async execute(task, context) {
    context.heartbeat();
    await sleep(20, undefined, { signal: context.signal });
    return { status: "completed", output: backwards(task.inputs["word"]) };
  },
};

let words = 0;
async function wordCase(signal: AbortSignal) {
  const word = `word${++words}`;
  return {
    task: { inputs: { word } } as unknown as AgentTask,
    context: { signal, heartbeat: () => undefined } as unknown as AgentContext,
    verify: async (result: AgentResult) => {
      expect(result).toEqual({ status: "completed", output: backwards(word) });
    },
  };
}

function failingAgent(change: Partial<Agent>): Promise<readonly string[]> {
  return failing(agentConformance({ agent: { ...agent, ...change }, work: wordCase }));
}

test("an agent conforms; one that mixes tasks up, one deaf to aborts, and one whose result is no data are caught", async () => {
  expect(await failingAgent({})).toEqual([]);
  let last: unknown;
  expect(
    await failingAgent({
      async execute(task, { signal }) {
        last = task.inputs["word"];
        await sleep(20, undefined, { signal });
        return { status: "completed", output: backwards(last) };
      },
    }),
  ).toEqual(["it does several tasks at once without mixing them up"]);
  expect(
    await failingAgent({
      execute: (task, context) => agent.execute(task, { ...context, signal: new AbortController().signal }),
    }),
  ).toEqual(["it does not begin when its signal has already fired"]);
  expect(
    await failingAgent({
      async execute(task, context) {
        const result = await agent.execute(task, context);
        return { ...result, output: new Map() as never };
      },
    }),
  ).toContain("it completes its work, and its result is data");
});
