import { readFileSync } from "node:fs";
import path from "node:path";
import { defineScript, startMessagesServer, type Script } from "@mnemosyne/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";
import { CommandFolder } from "./command.ts";

const KEY = "sk-ant-api03-notarealkey-0123456789abcdefghijklmnop";

const PLAN = `
version: 1
name: greeting
goal: The project greets.
successCriteria: [hello.txt exists]
budget: { tokens: 200000 }
tasks:
  - id: write
    instructions: Write the line "hello" to the file hello.txt.
    writes: ["hello.txt"]
`;

const SCRIPT: Script = {
  name: "greeter",
  turns: [
    {
      when: { task: "write", turn: 0 },
      toolUses: [{ name: "write", input: { path: "hello.txt", content: "hello\n" } }],
    },
    { when: { task: "write" }, text: "I wrote the line `hello` to `hello.txt`." },
  ],
};

let folder: CommandFolder;
beforeEach(async () => {
  folder = await CommandFolder.make();
  await folder.write("plan.yaml", PLAN);
});
afterEach(async () => {
  await folder.remove();
});

test("a script plays the model over loopback HTTP, and every call says so", async () => {
  await folder.write("script.json", JSON.stringify(SCRIPT));
  const { code, lines } = await folder.call("run", "plan.yaml", "--script", "script.json", "--json");
  expect(lines.at(-1)).toMatchObject({ type: "run.finished", status: "completed" });
  expect(code).toBe(0);
  const calls = lines.filter(({ type }) => type === "model.called");
  expect(calls).toHaveLength(2);
  for (const call of calls)
    expect(call).toMatchObject({
      provider: "scripted",
      task: "write",
      usage: { inputTokens: expect.any(Number) },
    });
  expect(readFileSync(path.join(folder.path, "hello.txt"), "utf8")).toBe("hello\n");
  expect((await folder.call("list", "--json")).lines[0]).toMatchObject({
    memories: [{ type: "task", trust: "observed", provenance: { task: "write" } }],
  });
});

test("real traffic is recorded without the key, and no event carries it", async () => {
  await using upstream = await startMessagesServer(defineScript(SCRIPT));
  const keyed = await CommandFolder.make({ ANTHROPIC_API_KEY: KEY, ANTHROPIC_BASE_URL: upstream.url });
  try {
    await keyed.write("plan.yaml", PLAN.replace('"hello" to', `"hello ${KEY}" to`));
    const { code, lines } = await keyed.call("run", "plan.yaml", "--record", "tape.jsonl", "--json");
    expect(lines.at(-1)).toMatchObject({ type: "run.finished", status: "completed" });
    expect(code).toBe(0);
    expect(upstream.bill.calls).toBe(2);
    const tape = readFileSync(path.join(keyed.path, "tape.jsonl"), "utf8");
    expect(tape).toContain("hello.txt");
    expect(tape).not.toContain(KEY);
    expect(JSON.stringify(lines)).not.toContain(KEY);
  } finally {
    await keyed.remove();
  }
});

test("a script that has no turn for a request fails the task and says so", async () => {
  await folder.write(
    "script.json",
    JSON.stringify({ name: "silent", turns: [{ when: { task: "other" }, text: "x" }] }),
  );
  const { code, lines } = await folder.call("run", "plan.yaml", "--script", "script.json", "--json");
  expect(code).toBe(1);
  expect(lines.at(-1)).toMatchObject({
    status: "failed",
    error: { message: expect.stringContaining("script") },
  });
});

test("a budget that is used up exits 4", async () => {
  await folder.write("plan.yaml", PLAN.replace("tokens: 200000", "tokens: 3000"));
  await folder.write("script.json", JSON.stringify(SCRIPT));
  const { code, lines } = await folder.call("run", "plan.yaml", "--script", "script.json", "--json");
  expect(lines.at(-1)).toMatchObject({ type: "run.finished", status: "failed", error: { code: "E_BUDGET" } });
  expect(code).toBe(4);
});
