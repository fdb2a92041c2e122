import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { JsonObject } from "@mnemosyne/core";
import { openStorage } from "@mnemosyne/storage";
import { startMessagesServer } from "@mnemosyne/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";
import { root } from "../repository.ts";

let folder: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "mnemosyne-continued-"));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

/** Carries the run, with a tool whose effect lies outside every workspace. */
const WORKER = `
  import { appendFileSync } from "node:fs";
  import { createAnthropicModel } from "@mnemosyne/anthropic";
  import { OrchestrationEngine } from "@mnemosyne/engine";
  import { openStorage } from "@mnemosyne/storage";
  const [url, baseURL, effects] = process.argv.slice(1);
  const storage = await openStorage(url);
  const engine = new OrchestrationEngine({
    storage,
    model: createAnthropicModel({ baseURL, apiKey: "test", provider: "scripted" }),
    tools: [{
      name: "announce",
      description: "Tells the world.",
      inputSchema: { type: "object", properties: { text: { type: "string" } }, required: ["text"] },
      async execute({ text }) { appendFileSync(effects, text + "\\n"); return { content: "announced " + text }; },
    }],
  });
  await engine.start();
  await engine.work({ untilIdle: true, onReport: (report) => { if ("error" in report) throw report.error; } });
  await engine.stop();
  await storage.close();
`;

function startWorker(...args: readonly string[]): Promise<number | null> & { readonly child: ChildProcess } {
  const child = spawn(process.execPath, ["--input-type=module", "--eval", WORKER, ...args], {
    // Where the packages can be imported.
    cwd: path.join(root, "test"),
    stdio: ["ignore", "ignore", "inherit"],
  });
  children.push(child);
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  return Object.assign(ended, { child });
}

/** A request's messages without marks of the provider (who called a tool, what is cached) that a conversation does not keep. */
function asText(body: JsonObject | undefined): string {
  return JSON.stringify(body?.["messages"], (key, value: unknown) =>
    key === "caller" || key === "cache_control" ? undefined : value,
  );
}

test("a model's work that was killed goes on in another process after its last complete turn", async () => {
  const workspace = path.join(folder, "work");
  mkdirSync(workspace);
  writeFileSync(path.join(workspace, "notes.txt"), "one\n");
  const url = `file:${path.join(folder, "app.db")}`;
  const effects = path.join(folder, "effects.txt");
  let asked = 0;
  await using server = await startMessagesServer({
    name: "three turns, the third of which never comes",
    turns: [
      {
        when: { turn: 0 },
        toolUses: [
          { name: "write", input: { path: "notes.txt", content: "one\ntwo\n" } },
          { name: "write", input: { path: "new/file.txt", content: "new\n" } },
        ],
      },
      { when: { turn: 1 }, toolUses: [{ name: "announce", input: { text: "half done" } }] },
      (request) => {
        if (request.turn !== 2) return undefined;
        asked += 1;
        return asked === 1
          ? { text: "too late", delayMs: 60_000 }
          : { toolUses: [{ name: "read", input: { path: "new/file.txt" } }] };
      },
      { when: { turn: 3 }, reply: ({ lastText }) => ({ text: `It says: ${lastText}` }) },
    ],
  });
  const storage = await openStorage(url);
  const { OrchestrationEngine } = await import("@mnemosyne/engine");
  const { createAnthropicModel } = await import("@mnemosyne/anthropic");
  const client = new OrchestrationEngine({ storage, model: createAnthropicModel({ baseURL: server.url }) });
  await client.start();
  await client.submit(
    {
      version: 1,
      name: "continued",
      workspace,
      tasks: [
        {
          id: "write",
          instructions: "Add the line two to notes.txt, write new/file.txt, and announce it.",
          gates: [],
          attempts: 1,
          budget: { tokens: 100_000 },
        },
      ],
    },
    { runId: "r1", carry: false },
  );

  const first = startWorker(url, server.url, effects);
  await expect.poll(() => asked, { timeout: 30_000, interval: 20 }).toBe(1);
  // What the interrupted turn does to the tree is not part of what was kept.
  writeFileSync(path.join(workspace, ".mnemosyne/trees/r1/write/1/1/notes.txt"), "torn");
  first.child.kill("SIGKILL");
  await first;
  expect(await startWorker(url, server.url, effects)).toBe(0);

  expect(await client.open("r1").report()).toMatchObject({ status: "completed", tasks: [{ attempts: 1 }] });
  expect(readFileSync(path.join(workspace, "notes.txt"), "utf8")).toBe("one\ntwo\n");
  expect(readFileSync(path.join(workspace, "new/file.txt"), "utf8")).toBe("new\n");
  expect(readFileSync(effects, "utf8")).toBe("half done\n");

  const bodies = server.requests.flatMap(({ number, body }) =>
    number === undefined ? [] : [body as JsonObject],
  );
  // Two turns, the one that never came, the same question again, and the end: nothing was asked twice before it.
  expect(bodies).toHaveLength(5);
  expect(asText(bodies[3])).toEqual(asText(bodies[2]));
  expect(bodies[3]?.["system"]).toEqual(bodies[2]?.["system"]);
  const events = await storage.journal.read("r1");
  expect(events.filter(({ type }) => type === "task.started")).toMatchObject([
    { attempt: 1, epoch: 1 },
    { attempt: 1, epoch: 2 },
  ]);
  expect(events.filter(({ type }) => type === "agent.checkpointed")).toMatchObject([
    { epoch: 1, reset: true },
    { epoch: 1, reset: false },
    { epoch: 2, reset: false },
  ]);
  expect(existsSync(path.join(workspace, ".mnemosyne/trees/r1"))).toBe(false);
  await client.stop();
  await storage.close();
}, 90_000);
