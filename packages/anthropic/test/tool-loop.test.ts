import { createAnthropicModel } from "@mnemosyne/anthropic";
import { MnemosyneError, type Json, type ModelCall, type Tool, type ToolUse } from "@mnemosyne/core";
import {
  startMessagesServer,
  type MessagesServer,
  type MessagesServerOptions,
  type Script,
} from "@mnemosyne/testkit";
import { afterEach, expect, test } from "vitest";

const servers: MessagesServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function open(turns: Script["turns"], options: MessagesServerOptions = {}) {
  const server = await startMessagesServer({ name: "test", turns }, options);
  servers.push(server);
  const model = createAnthropicModel({
    baseURL: server.url,
    apiKey: "test-key",
    provider: "scripted",
    maxRetries: 2,
  });
  return { server, model };
}

function fileTool(files: Map<string, string>): Tool {
  return {
    name: "read",
    description: "Reads a file.",
    inputSchema: {
      type: "object",
      properties: { path: { type: "string" } },
      required: ["path"],
      additionalProperties: false,
    },
    readOnly: true,
    execute: async (input) => ({ content: files.get((input as { path: string }).path) ?? "nothing" }),
  };
}

const toolContext = (uses: ToolUse[] = [], signal = new AbortController().signal) => ({
  signal,
  idempotencyKey: "run:task:1",
  onUse: (use: ToolUse) => void uses.push(use),
});

test("a loop of several turns: the model reads, sees the result, and its answer depends on it", async () => {
  const { server, model } = await open([
    { when: { turn: 0 }, text: "I look.", toolUses: [{ name: "read", input: { path: "a.txt" } }] },
    {
      when: { turn: 1, lastTool: "read" },
      toolUses: [
        { name: "read", input: { path: "b.txt" } },
        { name: "read", input: { path: "c.txt" } },
      ],
    },
    {
      when: { turn: 2 },
      reply: ({ toolResults }) => ({ text: toolResults.map((result) => result.content).join("+") }),
    },
  ]);
  const calls: ModelCall[] = [];
  const order: string[] = [];
  const uses: ToolUse[] = [];
  const result = await model.runTools(
    {
      system: "You read files.",
      messages: [{ role: "user", content: "Task: sum\nAttempt: 1\nAdd the files." }],
      tools: [fileTool(new Map(Object.entries({ "a.txt": "1", "b.txt": "2", "c.txt": "3" })))],
    },
    {
      toolContext: toolContext(uses),
      observer: {
        before: (call) => {
          calls.push(call);
          order.push(`before ${call.turn}`);
        },
        after: (call, { response }) => void order.push(`after ${call.turn} ${response?.stopReason}`),
      },
    },
  );
  expect(result.response.text).toBe("1+2+3");
  expect(result.turns).toBe(3);
  expect(order).toEqual([
    "before 1",
    "after 1 toolUse",
    "before 2",
    "after 2 toolUse",
    "before 3",
    "after 3 end",
  ]);
  expect(uses.map((use) => [use.tool, use.input as Json, use.ok])).toEqual([
    ["read", { path: "a.txt" }, true],
    ["read", { path: "b.txt" }, true],
    ["read", { path: "c.txt" }, true],
  ]);
  expect(result.messages.map((message) => message.role)).toEqual([
    "user",
    "assistant",
    "user",
    "assistant",
    "user",
    "assistant",
  ]);
  const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens } = result.usage;
  expect({ calls: 3, inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens }).toEqual(server.bill);
  expect(calls.every((call) => call.maxTokens === 4096 && call.provider === "scripted")).toBe(true);
  expect(MnemosyneError).toBeDefined();
});
