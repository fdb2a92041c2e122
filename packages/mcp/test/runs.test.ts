import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { OrchestrationEngine } from "@mnemosyne/engine";
import { createMcpServer } from "@mnemosyne/mcp";
import { Optimizer } from "@mnemosyne/optimizer";
import { openStorage, type Storage } from "@mnemosyne/storage";
import type { Client } from "@modelcontextprotocol/client";
import { afterEach, beforeEach, expect, test } from "vitest";
import { call, connect } from "./connect.ts";

type TaskInput = {
  readonly id: string;
  readonly run: string;
  readonly dependsOn?: readonly string[];
  readonly approval?: string;
};

let folder: string;
let storage: Storage;
let engine: OrchestrationEngine;
let client: Client;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "mnemosyne-mcp-"));
  storage = await openStorage(`file:${path.join(folder, "runs.db")}`);
  engine = new OrchestrationEngine({ storage, namespace: "project:app" });
  await engine.start();
  client = await connect(createMcpServer({ storage, engine, namespace: "project:app", allowAct: true }));
});

afterEach(async () => {
  await client.close();
  await engine.stop();
  await storage.close();
  await rm(folder, { recursive: true, force: true });
});

const plan = (...tasks: readonly TaskInput[]) => ({ name: "a plan", workspace: folder, tasks });

test("without the right to act nothing acts is offered", () => {
  const { tools } = createMcpServer({ storage, engine, namespace: "project:app" });
  expect(tools).toEqual(expect.arrayContaining(["plan_check", "run_status", "runs"]));
  for (const name of ["run", "approve", "deny", "answer", "cancel", "retry", "rollback"])
    expect(tools).not.toContain(name);
});

test("a plan is checked and run, with progress, and can be looked at", async () => {
  const two = plan({ id: "a", run: "echo one" }, { id: "b", dependsOn: ["a"], run: "echo two" });
  const check = await call(client, "plan_check", { plan: { version: 1, ...two } });
  expect(check.data).toMatchObject({ valid: true, order: ["a", "b"] });
  const bad = await call(client, "plan_check", {
    plan: { version: 1, name: "x", tasks: [{ id: "a", run: "true", dependsOn: ["nobody"] }] },
  });
  expect(bad.isError || bad.data["valid"] === false).toBe(true);

  const seen: { readonly progress: number; readonly total?: number | undefined }[] = [];
  const result = await client.callTool(
    { name: "run", arguments: { plan: two } },
    { onprogress: ({ progress, total }) => seen.push({ progress, total }) },
  );
  expect(result.structuredContent).toMatchObject({
    status: "completed",
    tasks: [
      { id: "a", status: "completed" },
      { id: "b", status: "completed" },
    ],
  });
  expect(seen.at(-1)).toEqual({ progress: 2, total: 2 });
  const id = String((result.structuredContent as { readonly runId?: string } | undefined)?.runId);
  expect(id).toMatch(/^mcp-a-plan-[0-9a-f]{8}$/);
  expect((await call(client, "run_status", { run: id })).data).toMatchObject({ status: "completed" });
  expect((await call(client, "runs")).data["runs"]).toMatchObject([{ runId: id, status: "completed" }]);
  const stored = await client.readResource({ uri: `mnemosyne://run/${id}/plan` });
  expect(JSON.stringify(stored.contents)).toContain("echo two");
  const record = await client.readResource({ uri: `mnemosyne://run/${id}` });
  expect(JSON.stringify(record.contents)).toContain("completed");
});

test("a client never decides for a run that a client started, from whatever server it asks", async () => {
  const { data } = await call(client, "run", {
    plan: plan({ id: "ship", run: `touch ${path.join(folder, "shipped")}`, approval: "Ship it?" }),
  });
  expect(data).toMatchObject({
    status: "paused",
    waiting: [{ task: "ship", kind: "approval", text: "Ship it?" }],
  });
  const run = String(data["runId"]);
  const another = await connect(
    createMcpServer({ storage, engine, namespace: "project:app", allowAct: true }),
  );
  for (const [name, args] of [
    ["approve", { task: "ship" }],
    ["deny", { task: "ship" }],
    ["answer", { task: "ship", text: "yes" }],
    ["retry", { task: "ship" }],
    ["rollback", {}],
  ] as const) {
    const answer = await call(another, name, { run, ...args });
    expect(answer.text).toContain("E_NOT_ALLOWED");
    expect(answer.isError).toBe(true);
  }
  expect((await call(client, "run_status", { run })).data).toMatchObject({ status: "paused" });
  expect((await call(another, "cancel", { run })).isError).toBe(false);
  await expect
    .poll(async () => (await call(client, "run_status", { run, wait: 5 })).data["status"])
    .toBe("cancelled");
  await another.close();
});

test("a run that a person started is approved by a client that may act", async () => {
  const started = await engine.submit(
    { version: 1 as const, ...plan({ id: "ship", run: "echo shipped", approval: "Ship it?" }) },
    { runId: "by-a-person" },
  );
  await started.carry();
  const approved = await call(client, "approve", { run: "by-a-person", task: "ship" });
  expect(approved.data).toMatchObject({ changed: true });
  await expect
    .poll(async () => (await call(client, "run_status", { run: "by-a-person", wait: 5 })).data["status"])
    .toBe("completed");
  const events = await storage.journal.read("by-a-person");
  expect(events.find(({ type }) => type === "approval.granted")).toMatchObject({ by: "mcp:test" });
});

test("a call that is cancelled cancels its run", async () => {
  const controller = new AbortController();
  const calling = client.callTool(
    { name: "run", arguments: { plan: plan({ id: "slow", run: "sleep 30" }) } },
    {
      signal: controller.signal,
      onprogress: ({ message }) => {
        if (message?.startsWith("slow") === true) controller.abort();
      },
    },
  );
  await expect(calling).rejects.toThrow(/abort/i);
  await expect
    .poll(async () => (await storage.journal.listRuns())[0]?.status, { timeout: 20_000 })
    .toBe("cancelled");
});

test("runs of other namespaces are neither seen nor started", async () => {
  const foreign = await engine.submit(
    { version: 1 as const, namespace: "project:other", ...plan({ id: "a", run: "echo secret" }) },
    { runId: "foreign" },
  );
  await foreign.carry();
  expect((await call(client, "runs")).data["runs"]).toEqual([]);
  expect((await call(client, "run_status", { run: "foreign" })).text).toContain("E_RUN_NOT_FOUND");
  expect((await call(client, "retry", { run: "foreign", task: "a" })).text).toContain("E_RUN_NOT_FOUND");
  for (const part of ["", "/plan"])
    await expect(client.readResource({ uri: `mnemosyne://run/foreign${part}` })).rejects.toThrow(/no run/);
  const refused = await call(client, "run", {
    plan: { ...plan({ id: "a", run: "true" }), namespace: "project:other" },
  });
  expect(refused.text).toContain("E_NOT_ALLOWED");
});

test("a task's context, skills and reviews come from what the server is given", async () => {
  await storage.store({ content: "Releases go out on Tuesdays.", namespace: "project:app" });
  const skill = {
    name: "release",
    description: "How to release.",
    path: "SKILL.md",
    scope: "project",
  } as const;
  const full = await connect(
    createMcpServer({
      storage,
      namespace: "project:app",
      assembler: new Optimizer({ memory: storage, skills: false }),
      skills: { select: async () => [{ skill, score: 0.9 }] },
      reviewer: {
        review: async ({ report }) => ({
          verdict: "fail",
          gates: [
            {
              gate: "facts",
              verdict: "fail",
              subject: "x",
              durationMs: 1,
              findings: [{ rule: "facts.path", severity: "blocker", message: `not so: ${report ?? ""}` }],
            },
          ],
        }),
      },
    }),
  );
  const { data, text } = await call(full, "context", { task: "Prepare the next release.", budget: 2000 });
  expect(text).toContain("Releases go out on Tuesdays.");
  expect(data).toMatchObject({ budget: 2000, tokens: expect.any(Number), text });
  expect(Number(data["tokens"])).toBeLessThanOrEqual(2000);
  expect((await call(full, "skills", { task: "release" })).data["skills"]).toMatchObject([
    { name: "release" },
  ]);
  const review = await call(full, "review", { report: "`a.ts` was changed" });
  expect(review.data).toMatchObject({
    verdict: "fail",
    gates: [{ gate: "facts", findings: [{ severity: "blocker" }] }],
  });
  await full.close();
});
