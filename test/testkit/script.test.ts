import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAnthropicModel } from "@mnemosyne/anthropic";
import type { Json, Tool } from "@mnemosyne/core";
import { defineScript, loadScript, loopbackOnly, startMessagesServer, type Script } from "@mnemosyne/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mnemosyne-script-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A model that first fixes the symptom, and the cause once its work was sent back. */
const repair: Script = {
  name: "repair",
  turns: [
    {
      when: { task: "fix", turn: 0 },
      text: "I read it.",
      toolUses: [{ name: "read", input: { path: "sum.js" } }],
    },
    {
      when: { task: "fix", attempt: 1, turn: 1, lastTool: "read", lastText: "a - b" },
      toolUses: [{ name: "edit", input: { path: "sum.js", text: "return 3; // TODO" } }],
    },
    {
      when: { task: "fix", attempt: { min: 2 }, turn: 1, text: "noTodos" },
      toolUses: [{ name: "edit", input: { path: "sum.js", text: "return a + b;" } }],
    },
    {
      when: { task: "fix", turn: 2, lastTool: "edit" },
      toolUses: [{ name: "run", input: { line: "npm test" } }],
    },
    { when: { task: "fix", turn: 3, lastToolFailed: false }, text: "The sum is right; npm test passed." },
  ],
};

function tool(name: string, run: (input: Record<string, string>) => string): Tool {
  return {
    name,
    description: name,
    inputSchema: { type: "object" },
    execute: async (input: Json) => ({ content: run(input as Record<string, string>) }),
  };
}

function project(files: Map<string, string>): readonly Tool[] {
  return [
    tool("read", ({ path = "" }) => files.get(path) ?? "no such file"),
    tool("edit", ({ path = "", text = "" }) => `${files.set(path, text).size} files`),
    tool("run", ({ line }) => `${line}: 1 passed`),
  ];
}

async function attempt(
  url: string,
  number: number,
  files: Map<string, string>,
  findings = "",
): Promise<string> {
  const model = createAnthropicModel({ baseURL: url, apiKey: "k", provider: "scripted" });
  const { response } = await model.runTools(
    {
      messages: [
        { role: "user", content: `Task: fix\nAttempt: ${number}\n\nMake the sum right.\n${findings}` },
      ],
      tools: project(files),
    },
    { toolContext: { signal: new AbortController().signal, idempotencyKey: "k" } },
  );
  return response.text;
}

test("a scripted model works with tools, and does better when its request shows what was wrong", async () => {
  await using server = await startMessagesServer(repair);
  const files = new Map([["sum.js", "return a - b;"]]);
  expect(await attempt(server.url, 1, files)).toBe("The sum is right; npm test passed.");
  expect(files.get("sum.js")).toBe("return 3; // TODO");
  files.set("sum.js", "return a - b;");
  await attempt(server.url, 2, files, "Finding noTodos: sum.js:1 has a TODO.");
  expect(files.get("sum.js")).toBe("return a + b;");
  expect(server.bill.calls).toBe(8);
});

test("the same script from a JSON file and from a module", async () => {
  const json = join(folder, "repair.json");
  await writeFile(json, JSON.stringify(repair));
  expect(await loadScript(json)).toEqual(repair);

  const module = join(folder, "count.mjs");
  await writeFile(
    module,
    `export default { name: "count", turns: [(request, number) => (request.text.includes("skip") ? undefined : { text: String(number) }), { text: "rest" }] };`,
  );
  await using server = await startMessagesServer(await loadScript(module));
  const model = createAnthropicModel({ baseURL: server.url, apiKey: "k" });
  const say = async (content: string) =>
    (await model.generate({ messages: [{ role: "user", content }] })).text;
  expect([await say("a"), await say("skip"), await say("b")]).toEqual(["1", "rest", "3"]);
});

test.each<[string, unknown, string]>([
  ["a misspelt condition", [{ when: { tsk: "x" }, text: "y" }], "turns[0].when.tsk"],
  ["a misspelt member", [{ text: "y" }, { txt: "x" }], "turns[1].txt"],
  ["a rule that says nothing", [{ when: { turn: 0 } }], "turns[0]"],
  ["a tool use without input", [{ toolUses: [{ name: "x" }] }], "turns[0].toolUses[0]"],
  ["an error without status", [{ error: {} }], "turns[0].error.status"],
  ["times of none", [{ text: "x", times: 0 }], "turns[0].times"],
  ["no list", "text", "turns"],
])("%s is refused with its place", (_what, turns, path) => {
  expect(() => defineScript({ name: "x", turns } as unknown as Script)).toThrow(
    expect.objectContaining({ code: "E_INPUT", path }),
  );
});

test("a script that cannot be read, is not JSON, or exports none is refused", async () => {
  const bad = join(folder, "bad.json");
  await writeFile(bad, "{");
  const empty = join(folder, "empty.mjs");
  await writeFile(empty, "export const other = 1;");
  await expect(loadScript(join(folder, "gone.json"))).rejects.toMatchObject({ code: "E_NOT_FOUND" });
  await expect(loadScript(join(folder, "gone.mjs"))).rejects.toMatchObject({ code: "E_NOT_FOUND" });
  await expect(loadScript(bad)).rejects.toMatchObject({ code: "E_INPUT" });
  await expect(loadScript(empty)).rejects.toMatchObject({ code: "E_INPUT" });
});

test("a script that throws is told to the caller as E_SCRIPT", async () => {
  await using server = await startMessagesServer(() => {
    throw new Error("a fault of the script");
  });
  const model = createAnthropicModel({ baseURL: server.url, apiKey: "k" });
  await expect(model.generate({ messages: [{ role: "user", content: "Hi" }] })).rejects.toMatchObject({
    code: "E_SCRIPT",
    message: expect.stringContaining("a fault of the script"),
  });
});

test.each(["https://api.anthropic.com/v1", "http://127.0.0.1.example.com/", "http://10.0.0.1/"])(
  "the guard lets nothing out to %s",
  async (url) => {
    await expect(loopbackOnly()(url)).rejects.toMatchObject({ code: "E_NOT_ALLOWED" });
  },
);
