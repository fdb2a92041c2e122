import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { AgentMemory, TaskId, type AgentTask, type GateSubject, type Workspace } from "@mnemosyne/core";
import { openStorage, type Storage } from "@mnemosyne/storage";
import { agentConformance, gateConformance, toolConformance } from "@mnemosyne/testkit/conformance";
import { createCommandRunner, openShared } from "@mnemosyne/workspace";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { changelogAgent } from "../src/changelog-agent.ts";
import { countWordsTool } from "../src/count-words-tool.ts";
import { sortedGate } from "../src/sorted-gate.ts";

let storage: Storage;
const commands = createCommandRunner();
const folders: string[] = [];
beforeAll(async () => {
  storage = await openStorage(":memory:");
});
afterAll(async () => {
  await commands.close();
  await storage.close();
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

async function project(): Promise<Workspace> {
  const folder = await mkdtemp(path.join(tmpdir(), "mnemosyne-plugins-test-"));
  folders.push(folder);
  await mkdir(path.join(folder, "notes"));
  await writeFile(path.join(folder, "notes", "a.md"), "One.\n");
  return await openShared(folder);
}

const TASK: AgentTask = {
  runId: "run",
  attempt: 1,
  epoch: 1,
  goal: "",
  constraints: [],
  inputs: {},
  findings: [],
  answers: [],
  escalation: "none",
  definition: {
    id: TaskId.parse("changelog"),
    work: { kind: "instructions", instructions: "Join the notes.", agent: "changelog" },
    dependsOn: [],
    reads: [],
    isolation: "tree",
    merge: "files",
    attempts: 1,
    budget: {},
    gates: [],
    onCrash: "rerun",
    env: [],
    sandbox: "off",
  },
};

describe("the agent", () => {
  const work = async (signal: AbortSignal) => {
    const workspace = await project();
    return {
      task: TASK,
      context: {
        signal,
        idempotencyKey: "run:changelog:1",
        memory: new AgentMemory({ store: storage, namespace: "project:plugins", agent: "changelog" }),
        observer: {},
        tools: [],
        workspace,
        commands,
        spawn: () => Promise.reject(new Error("it spawns nothing")),
        ask: (): never => {
          throw new Error("it asks nothing");
        },
        heartbeat() {},
        emit() {},
      },
      async verify() {
        expect(await workspace.readText("CHANGELOG.md")).toBe("# Changelog\n\n- One.\n");
      },
    };
  };
  // oxlint-disable-next-line vitest/expect-expect -- the checks throw by themselves
  test.each(agentConformance({ agent: changelogAgent, work }))("$name", ({ run }) => run());
});

describe("the gate", () => {
  const judging = (text: string) => async (signal: AbortSignal) => {
    const workspace = await project();
    await workspace.write("LIST.md", text);
    const subject: GateSubject = {
      runId: "run",
      task: TaskId.parse("list"),
      attempt: 1,
      instructions: "Write a list.",
      goal: "",
      constraints: [],
      successCriteria: [],
      workspace,
      changes: await workspace.changes(),
      tree: await workspace.hash(),
      effects: [],
      earlier: [],
    };
    return { subject, context: { commands, signal, settings: {} } };
  };
  const suite = gateConformance({
    gate: sortedGate,
    passing: judging("- a\n- b\n"),
    failing: judging("- b\n- a\n"),
  });
  // oxlint-disable-next-line vitest/expect-expect -- the checks throw by themselves
  test.each(suite)("$name", ({ run }) => run());
});

describe("the tool", () => {
  const suite = toolConformance({ tool: countWordsTool, inputs: [{ text: "" }, { text: "two words" }] });
  // oxlint-disable-next-line vitest/expect-expect -- the checks throw by themselves
  test.each(suite)("$name", ({ run }) => run());
});

test("a plan names all three, and the app runs it", async () => {
  const child = spawn(process.execPath, [fileURLToPath(new URL("../dist/main.js", import.meta.url))], {
    env: { PATH: process.env["PATH"], HOME: process.env["HOME"] },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  expect(stdout).toContain("- Dates are shown in the time zone of the reader.\n- Totals are rounded once");
  expect(stdout).toContain("announcement.md\nTotals are rounded once;");
  expect(code).toBe(0);
}, 120_000);
