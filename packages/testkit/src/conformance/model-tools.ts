import {
  MnemosyneError,
  type Json,
  type LanguageModel,
  type Tool,
  type ToolLoopOptions,
  type ToolLoopResult,
  type ToolUse,
} from "@mnemosyne/core";
import { holds, refused, same } from "./check.ts";
import { say, type ModelCheck } from "./model-check.ts";

function tool(execute: Tool["execute"]): Tool {
  return {
    name: "add",
    description: "Adds two numbers.",
    inputSchema: {
      type: "object",
      properties: { a: { type: "number" }, b: { type: "number" } },
      required: ["a", "b"],
      additionalProperties: false,
    },
    execute,
  };
}

const ADD = tool(async (input) => {
  const { a, b } = input as { readonly a: number; readonly b: number };
  return { content: String(a + b) };
});

function loop(
  model: LanguageModel,
  tools: readonly Tool[],
  options: Partial<ToolLoopOptions> & { readonly maxTurns?: number; readonly uses?: ToolUse[] } = {},
): Promise<ToolLoopResult> {
  const { maxTurns, uses, ...rest } = options;
  return model.runTools(
    { ...say("Go"), tools, ...(maxTurns === undefined ? {} : { maxTurns }) },
    {
      toolContext: {
        signal: new AbortController().signal,
        idempotencyKey: "conformance:model:1",
        onUse: (use) => void uses?.push(use),
      },
      ...rest,
    },
  );
}

const ask = (a: Json, b: Json, name = "add") => ({ toolUses: [{ name, input: { a, b } }] });

/** What every model must do when it is given tools. */
export const MODEL_TOOL_CHECKS: Readonly<Record<string, ModelCheck>> = {
  "a tool loop runs the tools and shows their results to the model": {
    turns: [
      { when: { turn: 0 }, ...ask(1, 2) },
      { when: { turn: 1 }, toolUses: [...ask(3, 4).toolUses, ...ask(5, 6).toolUses] },
      {
        when: { turn: 2 },
        reply: ({ toolResults }) => ({ text: toolResults.map((result) => result.content).join(",") }),
      },
    ],
    async check(model) {
      const uses: ToolUse[] = [];
      const stops: string[] = [];
      const turns: number[] = [];
      const result = await loop(model, [ADD], {
        uses,
        onTurn: (response) => void stops.push(response.stopReason),
        observer: { before: (call) => void turns.push(call.turn) },
      });
      same(result.response.text, "3,7,11", "the last answer");
      same([result.turns, turns, stops], [3, [1, 2, 3], ["toolUse", "toolUse", "end"]], "turns");
      same(
        uses.map((use) => [use.tool, use.ok]),
        [
          ["add", true],
          ["add", true],
          ["add", true],
        ],
        "reported uses",
      );
      same(
        result.messages.map(({ role }) => role).join(" "),
        "user assistant user assistant user assistant",
        "messages",
      );
      holds(result.usage.outputTokens > result.response.usage.outputTokens, "usage counts every turn");
    },
  },

  "an unknown tool, an input that does not fit and a tool that throws are errors that the model sees": {
    turns: [
      { when: { turn: 0 }, ...ask(1, 2, "subtract") },
      { when: { turn: 1 }, ...ask("one", 2) },
      { when: { turn: 2 }, ...ask(1, 2) },
      {
        when: { turn: 3 },
        reply: ({ toolResults }) => ({ text: toolResults.map((result) => String(result.isError)).join(",") }),
      },
    ],
    async check(model) {
      let executions = 0;
      const uses: ToolUse[] = [];
      const fragile = tool(async () => {
        executions += 1;
        throw new Error("the disk is full");
      });
      const { response } = await loop(model, [fragile], { uses });
      same(response.text, "true,true,true", "whether the model saw errors");
      same(executions, 1, "executions: what does not fit is not executed");
      same(
        uses.map((use) => use.ok),
        [false, false, false],
        "reported uses",
      );
    },
  },

  "E_BUDGET, E_WAITING and E_CANCELLED from a tool end the loop as they are": {
    turns: [ask(1, 2)],
    async check(model) {
      for (const [code, kind] of [
        ["E_BUDGET", "budget"],
        ["E_WAITING", "waiting"],
        ["E_CANCELLED", "cancelled"],
      ] as const) {
        const error = new MnemosyneError(code, "stop", { kind });
        const ending = tool(async () => {
          throw error;
        });
        same(await refused(loop(model, [ending]), code, code), error, "the error");
      }
    },
  },

  "reaching the turn limit is E_TURN_LIMIT": {
    turns: [ask(1, 2)],
    async check(model) {
      let calls = 0;
      const call = loop(model, [ADD], { maxTurns: 3, observer: { before: () => void (calls += 1) } });
      await refused(call, "E_TURN_LIMIT", "a loop without end");
      same(calls, 3, "requests");
    },
  },

  "an abort between turns is E_CANCELLED": {
    turns: [ask(1, 2)],
    async check(model) {
      const controller = new AbortController();
      let calls = 0;
      const call = loop(model, [ADD], {
        signal: controller.signal,
        observer: { before: () => void (calls += 1) },
        onTurn: () => controller.abort(),
      });
      await refused(call, "E_CANCELLED", "an aborted loop");
      same(calls, 1, "requests");
    },
  },
};
