import { once } from "node:events";
import { mkdir, readFile, stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { afterEach, beforeEach, expect, test } from "vitest";
import { CommandFolder, finished } from "./command.ts";

const BIN = fileURLToPath(new URL("../bin/mnemosyne.js", import.meta.url));
let folder: CommandFolder;

beforeEach(async () => {
  folder = await CommandFolder.make();
  await mkdir(`${folder.path}/.git`);
});

afterEach(async () => {
  await folder.remove();
});

/** The official client, with the real command as its server. */
async function startClient(...flags: readonly string[]): Promise<Client> {
  const client = new Client({ name: "test", version: "1.0.0" });
  await client.connect(
    new StdioClientTransport({
      command: process.execPath,
      args: [BIN, "mcp", "--namespace", "project:app", ...flags],
      cwd: folder.path,
      env: { PATH: process.env["PATH"] ?? "", HOME: folder.path },
      stderr: "pipe",
    }),
  );
  return client;
}

/** Calls every tool once with arguments that make sense, and gives what each answered. */
async function callEveryTool(client: Client): Promise<Record<string, boolean>> {
  const answers: Record<string, boolean> = {};
  const call = async (name: string, args: Record<string, unknown>) => {
    const result = await client.callTool({ name, arguments: args });
    answers[name] = result.isError !== true;
    return (result.structuredContent ?? {}) as Record<string, unknown>;
  };
  const { id } = await call("remember", { content: "The API wants ISO dates." });
  const { id: other } = await call("remember", { content: "Dates are parsed in parse-date.ts." });
  const plan = { version: 1, name: "hello", tasks: [{ id: "ask", run: "echo hi", approval: "Go?" }] };
  const { runId } = await call("run", { plan });
  const all: readonly [string, Record<string, unknown>][] = [
    ["recall", { query: "date format" }],
    ["list", {}],
    ["get", { id }],
    ["update", { id, importance: 9 }],
    ["link", { from: id, to: other }],
    ["graph", { id }],
    ["history", { id }],
    ["unlink", { from: id, to: other }],
    ["context", { task: "Parse the dates." }],
    ["playbook", {}],
    ["skills", { task: "Parse the dates." }],
    ["plan_check", { plan }],
    ["runs", {}],
    ["run_status", { run: runId }],
    ["cancel", { run: runId }],
    ["review", { gates: ["noTodos"] }],
    ["forget", { id: other }],
  ];
  for (const [name, args] of all) await call(name, args);
  // What decides is refused for a run of a client: an error result, not a crash.
  for (const name of ["approve", "deny", "retry"]) await call(name, { run: runId, task: "ask" });
  await call("answer", { run: runId, task: "ask", text: "yes" });
  await call("rollback", { run: runId });
  return answers;
}

const REFUSED = ["approve", "deny", "retry", "answer", "rollback"];

test("over standard streams: every tool is listed and called, and bad arguments are an error result", async () => {
  await folder.write("a.txt", "hello\n");
  const client = await startClient("--allow-act");
  const { tools } = await client.listTools();
  const answers = await callEveryTool(client);
  expect(Object.keys(answers).toSorted()).toEqual(tools.map(({ name }) => name).toSorted());
  const failed = Object.keys(answers).filter((name) => answers[name] === false);
  expect(failed).toEqual(REFUSED);
  const bad = await Promise.all(
    tools.map(async ({ name }) => await client.callTool({ name, arguments: { nonsense: true } })),
  );
  expect(bad.every(({ isError }) => isError === true)).toBe(true);
  await client.close();
});

test("over HTTP: every tool is called, with a token in a file that only its owner reads; SIGTERM ends it", async () => {
  const server = folder.start("mcp", "--http", "0", "--allow-act", "--namespace", "project:app", "--json");
  const done = finished(server);
  const { stdout } = server;
  if (stdout === null) throw new Error("no output");
  const [line] = (await once(stdout, "data")) as [string];
  const { url, tokenFile } = JSON.parse(line) as { readonly url: string; readonly tokenFile: string };
  expect((await stat(tokenFile)).mode & 0o777).toBe(0o600);
  expect((await fetch(url, { method: "POST", body: "{}" })).status).toBe(401);
  const token = (await readFile(tokenFile, "utf8")).trim();
  const client = new Client({ name: "test", version: "1.0.0" });
  const headers = { authorization: `Bearer ${token}` };
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }));
  const answers = await callEveryTool(client);
  expect(Object.keys(answers).filter((name) => answers[name] === false)).toEqual(REFUSED);
  await client.close();
  server.kill("SIGTERM");
  expect((await done).code).toBe(143);
});

test("a thousand calls at once are answered, each with its own result", async () => {
  const client = await startClient();
  const calls = Array.from({ length: 1000 }, async (_, index) => {
    const result = await client.callTool(
      { name: "remember", arguments: { content: `fact number ${index}`, idempotencyKey: `k${index % 500}` } },
      { timeout: 100_000 },
    );
    return (result.structuredContent as { readonly id: string }).id;
  });
  const ids = await Promise.all(calls);
  expect(new Set(ids).size).toBe(500);
  expect(ids.slice(500)).toEqual(ids.slice(0, 500));
  await client.close();
});

test("without --allow-act nothing acts, and the gate that runs commands is refused", async () => {
  const client = await startClient();
  const names = (await client.listTools()).tools.map(({ name }) => name);
  for (const name of ["run", "approve", "cancel", "rollback"]) expect(names).not.toContain(name);
  const review = await client.callTool({ name: "review", arguments: { gates: ["tests"] } });
  expect(review).toMatchObject({ isError: true });
  expect(JSON.stringify(review.content)).toContain("--allow-act");
  await client.close();
});

test("stdout is the protocol's alone, noise is survived, and the end of the input ends the process", async () => {
  const server = folder.start("mcp");
  const { stdin } = server;
  if (stdin === null) throw new Error("no input");
  const done = finished(
    server,
    ["this is not JSON", JSON.stringify({ jsonrpc: "2.0", id: 1, method: "no/such/method" }), ""].join("\n"),
  );
  const { code, stdout, stderr } = await done;
  expect(code).toBe(0);
  for (const line of stdout.split("\n").filter((one) => one !== ""))
    expect(JSON.parse(line)).toMatchObject({ jsonrpc: "2.0" });
  expect(stderr).toContain("serving");
});
