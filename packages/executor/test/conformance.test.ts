import { Executor, createMemoryTools, createWorkspaceTools } from "@mnemosyne/executor";
import type { AgentResult, AgentTask, Json } from "@mnemosyne/core";
import { agentConformance, toolConformance, type AgentCase } from "@mnemosyne/testkit/conformance";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { instructions, line, openBench, openScene, taskOf, use, type Bench, type Scene } from "./harness.ts";

const NODE = JSON.stringify(process.execPath);

let scene: Scene;
beforeAll(async () => {
  scene = await openScene([
    { when: { turn: 0 }, ...use("write", { path: "done.txt", content: "done\n" }) },
    { when: { turn: 1 }, text: "Wrote done.txt." },
  ]);
});
afterAll(() => scene[Symbol.asyncDispose]());

async function caseOf(task: AgentTask, signal: AbortSignal, expected: unknown): Promise<AgentCase> {
  const bench = await openBench();
  return {
    task,
    context: bench.context({ signal, model: scene.model }),
    async verify(result: AgentResult) {
      if (result.status === "completed") expect(result.output ?? result.report).toEqual(expected);
      expect(await bench.workspace.readText("done.txt")).toBe("done\n");
    },
    close: async () => await bench[Symbol.asyncDispose](),
  };
}

const executor = new Executor({
  functions: {
    f: async (_, { workspace, signal }) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      signal.throwIfAborted();
      await workspace.write("done.txt", "done\n");
      return { ok: true };
    },
  },
});

describe.each<[string, AgentTask, unknown]>([
  [
    "a line",
    taskOf(line(`${NODE} -e 'setTimeout(() => require("fs").writeFileSync("done.txt", "done\\n"), 50)'`)),
    { exitCode: 0, stdout: "" },
  ],
  ["a function", taskOf({ kind: "function", function: "f" }), { ok: true }],
  ["instructions", taskOf(instructions("Write done.txt.")), "Wrote done.txt."],
])("the agent with %s", (_, task, expected) => {
  const work = (signal: AbortSignal): Promise<AgentCase> => caseOf(task, signal, expected);
  // oxlint-disable-next-line vitest/expect-expect -- the checks throw by themselves
  test.each(agentConformance({ agent: executor, work }))("$name", ({ run }) => run());
});

const INPUTS: Readonly<Record<string, readonly Json[]>> = {
  read: [{ path: "a.txt" }, { path: "missing.txt" }],
  write: [{ path: "new.txt", content: "x" }],
  edit: [{ path: "a.txt", old: "alpha", new: "beta" }],
  list: [{}, { glob: "*.txt" }],
  search: [{ pattern: "alpha" }],
  run: [
    { program: "ls", args: ["-l"] },
    { program: "sh", args: ["-c", "id"] },
  ],
  remember: [{ content: "Alpha comes first." }],
  recall: [{ query: "alpha" }],
};

describe("the tools", () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench({ "a.txt": "alpha\n" });
  });
  afterAll(() => bench[Symbol.asyncDispose]());

  const all = () => [
    ...createWorkspaceTools({
      workspace: bench.workspace,
      commands: bench.context().commands,
      sandbox: "off",
    }),
    ...createMemoryTools(bench.context().memory),
  ];
  test.each(Object.entries(INPUTS))("%s does what every tool must", async (name, inputs) => {
    const tool = all().find((candidate) => candidate.name === name);
    expect(tool).toBeDefined();
    if (tool !== undefined) for (const check of toolConformance({ tool, inputs })) await check.run();
  });
});
