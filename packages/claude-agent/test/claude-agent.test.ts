import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { claudeAgent } from "@mnemosyne/claude-agent";
import { defineTool, type LanguageModel } from "@mnemosyne/core";
import { OrchestrationEngine } from "@mnemosyne/engine";
import { openStorage, type Storage } from "@mnemosyne/storage";
import { afterEach, beforeEach, expect, test } from "vitest";
import { done, failed, fakeClaude, turn, type FakeSession } from "./fake-claude.ts";

let folder: string;
let storage: Storage;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "mnemosyne-claude-"));
  storage = await openStorage(":memory:");
});

afterEach(async () => {
  await storage.close();
  await rm(folder, { recursive: true, force: true });
});

/** Never asked: the agent brings its own. */
const MODEL = { provider: "none", model: "none" } as unknown as LanguageModel;

const shout = defineTool({
  name: "shout",
  description: "Says it louder.",
  inputSchema: {
    type: "object",
    properties: { text: { type: "string" } },
    required: ["text"],
    additionalProperties: false,
  },
  execute: async (input) => ({ content: (input as { readonly text: string }).text.toUpperCase() }),
});

async function runTask(
  script: (session: FakeSession) => Promise<void>,
  more: Record<string, unknown> = {},
  signal?: AbortSignal,
) {
  const agent = claudeAgent({
    spawnClaudeCodeProcess: fakeClaude(script),
    environment: { PATH: "/bin", SECRET: undefined },
  });
  const engine = new OrchestrationEngine({ storage, model: MODEL, agents: [agent], tools: [shout] });
  await engine.start();
  try {
    const task = {
      id: "fix",
      agent: "claude",
      instructions: "Write the word done into a.txt.",
      writes: ["a.txt"],
      attempts: 1,
      budget: { tokens: 100_000 },
      ...more,
    };
    const plan = { version: 1 as const, name: "one", workspace: folder, tasks: [task] };
    const result = await engine.executePlan(plan, signal === undefined ? {} : { signal });
    return { result, events: await storage.journal.read(result.runId) };
  } finally {
    await engine.stop();
  }
}

test("a plan's task runs on Claude Code: in its tree, with its tools and memory, within its budget", async () => {
  await writeFile(path.join(folder, "a.txt"), "start\n");
  await storage.store({ content: "The word is done." });
  const { result, events } = await runTask(async (session) => {
    expect(session.cwd).not.toBe(folder);
    expect(session.prompt).toContain("Write the word done into a.txt.");
    expect(session.env).not.toHaveProperty("ANTHROPIC_API_KEY");
    await session.mcp("mnemosyne", "initialize", {
      protocolVersion: "2025-06-18",
      capabilities: {},
      clientInfo: { name: "fake", version: "1" },
    });
    const { tools } = (await session.mcp("mnemosyne", "tools/list")) as { tools: { name: string }[] };
    expect(tools.map(({ name }) => name)).toEqual(expect.arrayContaining(["recall", "remember", "shout"]));
    const said = await session.mcp("mnemosyne", "tools/call", { name: "shout", arguments: { text: "hi" } });
    expect(JSON.stringify(said)).toContain("HI");
    const known = await session.mcp("mnemosyne", "tools/call", {
      name: "recall",
      arguments: { query: "word" },
    });
    expect(JSON.stringify(known)).toMatch(/<memory-[0-9a-f]{16} /);
    await session.mcp("mnemosyne", "tools/call", {
      name: "remember",
      arguments: { content: "It went well." },
    });
    const file = path.join(session.cwd, "a.txt");
    const [allowed] = await session.hook("PreToolUse", {
      tool_name: "Write",
      tool_input: { file_path: file, content: "done\n" },
      tool_use_id: "t1",
    });
    expect(JSON.stringify(allowed)).toContain('"allow"');
    await writeFile(file, "done\n");
    await session.hook("PostToolUse", {
      tool_name: "Write",
      tool_input: { file_path: file },
      tool_response: {},
      tool_use_id: "t1",
    });
    session.send(turn(100));
    session.send(done("I wrote done into a.txt."));
  });
  expect(result).toMatchObject({ status: "completed", ok: true });
  expect(await readFile(path.join(folder, "a.txt"), "utf8")).toBe("done\n");
  const tools = events.flatMap((event) => (event.type === "tool.used" ? [event.tool] : []));
  expect(tools).toEqual(expect.arrayContaining(["Write"]));
  expect(events.find(({ type }) => type === "budget.settled")).toMatchObject({ tokens: 132 });
  expect((await storage.search("went well"))[0]).toMatchObject({ content: "It went well." });
});

test("what would leave the tree, or run outside of the sandbox, is denied", async () => {
  const refused: readonly [string, Record<string, unknown>][] = [
    ["Write", { file_path: "/etc/passwd" }],
    ["Write", { file_path: "../outside.txt" }],
    ["Read", { file_path: path.join(folder, "..", "x") }],
    ["Grep", { pattern: "x", path: "/" }],
    ["Glob", { pattern: "../**" }],
    ["Read", { file_path: ".git/config" }],
    ["Bash", { command: "rm -rf /" }],
    ["WebFetch", { url: "https://example.com" }],
  ];
  const answers: string[] = [];
  await runTask(async (session) => {
    for (const [tool, input] of refused) {
      const [hooked] = await session.hook("PreToolUse", {
        tool_name: tool,
        tool_input: input,
        tool_use_id: "t",
      });
      const asked = await session.permission(tool, input);
      answers.push(`${tool} ${JSON.stringify(hooked).includes('"deny"')} ${String(asked["behavior"])}`);
    }
    const inside = await session.permission("Read", { file_path: "a.txt" });
    answers.push(`Read ${String(inside["behavior"])}`);
    session.send(done("I tried."));
  });
  expect(answers).toEqual([...refused.map(([tool]) => `${tool} true deny`), "Read allow"]);
});

test("a session that uses more tokens than the task may is stopped", async () => {
  const { result, events } = await runTask(async (session) => {
    session.send(turn(60_000));
    session.send(turn(60_000));
    await new Promise((resolve) => setTimeout(resolve, 3000));
    session.send(done("too late"));
  });
  expect(result.ok).toBe(false);
  expect(JSON.stringify(events)).toContain("E_BUDGET");
  expect(JSON.stringify(events)).not.toContain("too late");
});

test("a session that fails fails its task, with the reason", async () => {
  const { result } = await runTask(async (session) => {
    session.send(failed("error_max_turns", ["Reached maximum number of turns"]));
  });
  expect(result.ok).toBe(false);
  expect(JSON.stringify(result.tasks)).toContain("E_TURN_LIMIT");
});

test("a structured answer is the task's output", async () => {
  const { result } = await runTask(
    async (session) => session.send(done("{}", { structured_output: { answer: 42 } })),
    { output: { type: "object", properties: { answer: { type: "number" } }, required: ["answer"] } },
  );
  expect(result.outputs["fix"]).toEqual({ answer: 42 });
});

test("an abort ends it soon", async () => {
  const controller = new AbortController();
  const began = performance.now();
  await runTask(
    async () => {
      controller.abort();
      await new Promise((resolve) => setTimeout(resolve, 60_000).unref());
    },
    {},
    controller.signal,
  ).catch(() => undefined);
  expect(performance.now() - began).toBeLessThan(30_000);
});
