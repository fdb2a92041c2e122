import { MnemosyneError, type Tool, type ToolUse } from "@mnemosyne/core";
import { expect, test } from "vitest";
import { ask, failure, fileTool, openScene, recorder, toolContext } from "./harness.ts";

function throwingTool(error: unknown): Tool {
  return {
    name: "fragile",
    description: "Throws.",
    inputSchema: { type: "object" },
    async execute() {
      throw error;
    },
  };
}

test("several turns: the model reads, sees what it read, and its answer depends on it", async () => {
  await using scene = await openScene([
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
      reply: ({ toolResults }) => ({ text: toolResults.map((r) => r.content).join("+") }),
    },
  ]);
  const observer = recorder();
  const uses: ToolUse[] = [];
  const turns: string[] = [];
  const result = await scene.model.runTools(
    {
      ...ask("Task: sum\nAttempt: 1\nAdd the files.", { system: "You read files." }),
      tools: [fileTool({ "a.txt": "1", "b.txt": "2", "c.txt": "3" })],
    },
    { toolContext: toolContext(uses), observer, onTurn: (response) => void turns.push(response.stopReason) },
  );

  expect(result.response.text).toBe("1+2+3");
  expect(result.turns).toBe(3);
  expect(turns).toEqual(["toolUse", "toolUse", "end"]);
  expect(observer.seen.map(({ when, call, response }) => [when, call.turn, response?.stopReason])).toEqual([
    ["before", 1, undefined],
    ["after", 1, "toolUse"],
    ["before", 2, undefined],
    ["after", 2, "toolUse"],
    ["before", 3, undefined],
    ["after", 3, "end"],
  ]);
  expect(uses.map((use) => [use.tool, use.input, use.ok, use.summary])).toEqual([
    ["read", { path: "a.txt" }, true, "1"],
    ["read", { path: "b.txt" }, true, "2"],
    ["read", { path: "c.txt" }, true, "3"],
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
  expect({ calls: 3, inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens }).toEqual(
    scene.server.bill,
  );
});

test("an unknown tool and an input that does not fit come back as errors that the model can act on", async () => {
  await using scene = await openScene([
    { when: { turn: 0 }, toolUses: [{ name: "reed", input: { path: "a" } }] },
    { when: { turn: 1, lastToolFailed: true }, toolUses: [{ name: "read", input: { file: "a", path: 7 } }] },
    {
      when: { turn: 2, lastToolFailed: true },
      reply: ({ toolResults }) => ({ text: toolResults.map((r) => r.content).join("\n") }),
    },
  ]);
  const uses: ToolUse[] = [];
  const { response } = await scene.model.runTools(
    { ...ask("go"), tools: [fileTool({})] },
    { toolContext: toolContext(uses) },
  );
  expect(response.text).toContain("There is no tool 'reed'. Use one of: read.");
  expect(response.text).toContain("does not fit the tool's schema");
  expect(response.text).toContain("path: Instance type");
  expect(response.text).toContain("file");
  expect(uses.map((use) => use.ok)).toEqual([false, false]);
});

test("what a tool throws becomes an error result; a use that the tool reported itself is not reported twice", async () => {
  await using scene = await openScene([
    {
      when: { turn: 0 },
      toolUses: [
        { name: "fragile", input: {} },
        { name: "loud", input: { n: 1 } },
      ],
    },
    { when: { turn: 1 }, reply: ({ toolResults }) => ({ text: JSON.stringify(toolResults) }) },
  ]);
  const uses: ToolUse[] = [];
  const loud: Tool = {
    name: "loud",
    description: "Reports its own use.",
    inputSchema: { type: "object" },
    async execute(_input, context) {
      context.onUse?.({ tool: "loud", input: "[redacted]", ok: true, summary: "own words", durationMs: 1 });
      return { content: "done" };
    },
  };
  const { response } = await scene.model.runTools(
    { ...ask("go"), tools: [throwingTool(new Error("disk is full")), loud] },
    { toolContext: toolContext(uses) },
  );
  expect(JSON.parse(response.text)).toEqual([
    { name: "fragile", input: {}, content: "Error: disk is full", isError: true },
    { name: "loud", input: { n: 1 }, content: "done", isError: false },
  ]);
  expect(uses.map((use) => [use.tool, use.ok, use.summary])).toEqual([
    ["fragile", false, "Error: disk is full"],
    ["loud", true, "own words"],
  ]);
});

test.each([
  ["E_BUDGET", "budget"],
  ["E_WAITING", "waiting"],
  ["E_CANCELLED", "cancelled"],
] as const)("%s from a tool ends the loop", async (code, kind) => {
  await using scene = await openScene([{ toolUses: [{ name: "fragile", input: {} }] }]);
  const error = new MnemosyneError(code, "stop here", { kind });
  const thrown = await failure(
    scene.model.runTools({ ...ask("go"), tools: [throwingTool(error)] }, { toolContext: toolContext() }),
  );
  expect(thrown).toBe(error);
  expect(scene.server.bill.calls).toBe(1);
});

test("the turn limit is a failure, and the tools of the last turn do not run", async () => {
  await using scene = await openScene([{ toolUses: [{ name: "read", input: { path: "a" } }] }]);
  const uses: ToolUse[] = [];
  const thrown = await failure(
    scene.model.runTools(
      { ...ask("go"), tools: [fileTool({})], maxTurns: 3 },
      { toolContext: toolContext(uses) },
    ),
  );
  expect(thrown.code).toBe("E_TURN_LIMIT");
  expect(scene.server.bill.calls).toBe(3);
  expect(uses).toHaveLength(2);
});

test("an answer that was cut at maxTokens fails the loop, in the middle of a tool's input too", async () => {
  await using scene = await openScene([
    { when: { turn: 0 }, toolUses: [{ name: "read", input: { path: "word ".repeat(500) } }] },
  ]);
  const uses: ToolUse[] = [];
  const thrown = await failure(
    scene.model.runTools(
      { ...ask("go", { maxTokens: 50 }), tools: [fileTool({})] },
      { toolContext: toolContext(uses) },
    ),
  );
  expect(thrown.code).toBe("E_MODEL_OUTPUT");
  expect(uses).toEqual([]);
});

test("a streamed input that ends in the middle is never acted on: cut at maxTokens, or broken", async () => {
  const write = { name: "read", input: { path: "a.txt and the rest of a long path that will not arrive" } };
  const big = { maxTokens: 20_000 };
  await using cut = await openScene([{ toolUses: [write], fault: "cutInput", stopReason: "max_tokens" }]);
  const uses: ToolUse[] = [];
  const options = { toolContext: toolContext(uses) };
  const thrown = await failure(cut.model.runTools({ ...ask("go", big), tools: [fileTool({})] }, options));
  expect(thrown.code).toBe("E_MODEL_OUTPUT");
  expect(cut.server.bill.calls).toBe(1);

  await using broken = await openScene([
    { times: 1, toolUses: [write], fault: "cutInput" },
    { when: { turn: 0 }, toolUses: [write] },
    { when: { turn: 1 }, text: "ok" },
  ]);
  await broken.model.runTools({ ...ask("go", big), tools: [fileTool({})] }, options);
  expect(uses.map((use) => use.input)).toEqual([write.input]);
  expect(broken.server.bill.calls).toBe(3);
});

test("the tools' signal ends the loop too, when no other is given", async () => {
  await using scene = await openScene([
    { toolUses: [{ name: "read", input: { path: "a" } }], delayMs: 5000 },
  ]);
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 100);
  const thrown = await failure(
    scene.model.runTools(
      { ...ask("go"), tools: [fileTool({})] },
      { toolContext: toolContext([], controller.signal) },
    ),
  );
  expect(thrown.code).toBe("E_CANCELLED");
});

test("a paused turn is continued", async () => {
  await using scene = await openScene([
    { when: { turn: 0 }, text: "Working.", stopReason: "pause_turn" },
    { when: { turn: 1 }, text: "Done." },
  ]);
  const result = await scene.model.runTools(
    { ...ask("go"), tools: [fileTool({})] },
    { toolContext: toolContext() },
  );
  expect([result.response.text, result.turns]).toEqual(["Done.", 2]);
  expect(result.usage.outputTokens).toBe(scene.server.bill.outputTokens);
});

test("an observer that refuses the second turn keeps it from being sent", async () => {
  await using scene = await openScene([{ toolUses: [{ name: "read", input: { path: "a" } }] }]);
  const refusal = new MnemosyneError("E_BUDGET", "Nothing left; the request timed out of money.", {
    kind: "budget",
  });
  const thrown = await failure(
    scene.model.runTools(
      { ...ask("go"), tools: [fileTool({})] },
      {
        toolContext: toolContext(),
        observer: {
          before: (call) => {
            if (call.turn === 2) throw refusal;
          },
        },
      },
    ),
  );
  expect(thrown).toBe(refusal);
  expect(scene.server.requests).toHaveLength(1);
});

test("an abort between two turns cancels; no further request leaves", async () => {
  await using scene = await openScene([{ toolUses: [{ name: "read", input: { path: "a" } }] }]);
  const controller = new AbortController();
  const thrown = await failure(
    scene.model.runTools(
      { ...ask("go"), tools: [fileTool({})] },
      {
        toolContext: toolContext([], controller.signal),
        signal: controller.signal,
        onTurn: () => controller.abort(new Error("the user left")),
      },
    ),
  );
  expect(thrown.code).toBe("E_CANCELLED");
  expect(scene.server.requests).toHaveLength(1);
});

test("two tools of one name, and a schema that cannot be used, are refused before anything is sent", async () => {
  await using scene = await openScene([{ text: "never" }]);
  const twice = await failure(
    scene.model.runTools(
      { ...ask("go"), tools: [fileTool({}), fileTool({})] },
      { toolContext: toolContext() },
    ),
  );
  expect([twice.code, twice.path]).toEqual(["E_INPUT", "tools[1].name"]);
  expect(scene.server.requests).toHaveLength(0);
});

test("the prefix and the growing end are cached: later turns read what earlier ones wrote", async () => {
  const long = "Stable instructions that never change between the turns of a task. ".repeat(120);
  await using scene = await openScene([
    { when: { turn: 0 }, toolUses: [{ name: "read", input: { path: "big" } }] },
    { when: { turn: 1 }, toolUses: [{ name: "read", input: { path: "small" } }] },
    { when: { turn: 2 }, text: "ok" },
  ]);
  const observer = recorder();
  await scene.model.runTools(
    {
      ...ask("go", { system: long }),
      tools: [fileTool({ big: "line of a file\n".repeat(400), small: "x" })],
    },
    { toolContext: toolContext(), observer },
  );
  const usages = observer.seen.flatMap(({ response }) => (response === undefined ? [] : [response.usage]));
  const [first, second, third] = usages;
  expect(first?.cacheReadTokens).toBe(0);
  expect(first?.cacheWriteTokens).toBeGreaterThan(1000);
  expect(second?.cacheReadTokens).toBe(first?.cacheWriteTokens);
  expect(second?.cacheWriteTokens).toBeGreaterThan(1000);
  expect(third?.cacheReadTokens).toBe((second?.cacheReadTokens ?? 0) + (second?.cacheWriteTokens ?? 0));
  expect(third?.inputTokens).toBe(0);
});
