import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createAnthropicModel, type AnthropicModel, type AnthropicModelOptions } from "@mnemosyne/anthropic";
import {
  AgentMemory,
  isMnemosyneError,
  MnemosyneError,
  TaskId,
  type AgentContext,
  type AgentTask,
  type JsonObject,
  type MemoryStore,
  type RunObservation,
  type Task,
  type TaskWork,
  type Tool,
  type ToolResult,
  type ToolUse,
  type Workspace,
} from "@mnemosyne/core";
import { createWorkspaceTools, type WorkspaceToolsOptions } from "@mnemosyne/executor";
import { openStorage } from "@mnemosyne/storage";
import {
  loopbackOnly,
  startMessagesServer,
  type MessagesServer,
  type Script,
  type ScriptTurn,
} from "@mnemosyne/testkit";
import { createCommandRunner, openShared } from "@mnemosyne/workspace";

/** A folder with a project, real commands and real memory; all gone when it is closed. */
export interface Bench extends AsyncDisposable {
  readonly root: string;
  /** A folder beside the project, for exchanged files and for what lies outside. */
  readonly outside: string;
  readonly workspace: Workspace;
  readonly observations: RunObservation[];
  readonly beats: () => number;
  context(more?: Partial<AgentContext>): AgentContext;
}

export async function openBench(
  files: Readonly<Record<string, string>> = {},
  options: { readonly writes?: readonly string[] } = {},
): Promise<Bench> {
  const folder = await mkdtemp(join(tmpdir(), "mnemosyne-executor-test-"));
  const root = join(folder, "project");
  const outside = join(folder, "outside");
  await mkdir(root);
  await mkdir(outside);
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
  const workspace = await openShared(root, { ...options });
  const commands = createCommandRunner();
  const memories = lazyMemories();
  const observations: RunObservation[] = [];
  let beats = 0;
  return {
    root: workspace.root,
    outside,
    workspace,
    observations,
    beats: () => beats,
    context: (more = {}) => ({
      signal: new AbortController().signal,
      idempotencyKey: "run-1:work:1",
      memory: new AgentMemory({ store: memories.store, namespace: "project:test", agent: "executor" }),
      observer: {},
      tools: [],
      workspace,
      commands,
      spawn: () => Promise.reject(new Error("nothing is spawned here")),
      ask: (question) => {
        throw new MnemosyneError("E_WAITING", question, { kind: "waiting" });
      },
      heartbeat: () => void beats++,
      emit: (observation) => void observations.push(observation),
      ...more,
    }),
    async [Symbol.asyncDispose]() {
      await commands.close();
      await memories.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Real memory in a database that is opened when a test first needs it. */
function lazyMemories(): { readonly store: MemoryStore; close(): Promise<void> } {
  let opened: ReturnType<typeof openStorage> | undefined;
  const storage = () => (opened ??= openStorage(":memory:"));
  const store: Pick<MemoryStore, "store" | "search"> = {
    store: async (input) => (await storage()).store(input),
    search: async (query, options) => (await storage()).search(query, options),
  };
  return { store: store as MemoryStore, close: async () => await (await opened)?.close() };
}

/** A task with this work. */
export function taskOf(
  work: TaskWork,
  more: Partial<Omit<AgentTask, "definition">> & { readonly definition?: Partial<Task> } = {},
): AgentTask {
  const { definition, ...rest } = more;
  return {
    runId: "run-1",
    attempt: 1,
    epoch: 1,
    goal: "",
    constraints: [],
    inputs: {},
    findings: [],
    answers: [],
    escalation: "none",
    ...rest,
    definition: {
      id: TaskId.parse("work"),
      work,
      dependsOn: [],
      reads: [],
      isolation: "tree",
      merge: "files",
      attempts: 3,
      budget: {},
      gates: [],
      onCrash: "rerun",
      env: [],
      sandbox: "off",
      ...definition,
    },
  };
}

export const line = (run: string): TaskWork => ({ kind: "run", run });
export const instructions = (text: string): TaskWork => ({
  kind: "instructions",
  instructions: text,
  agent: "executor",
});

/** A turn in which the model uses one tool. */
export const use = (name: string, input: JsonObject): ScriptTurn => ({ toolUses: [{ name, input }] });

/** A scripted model behind the real SDK, over loopback HTTP. */
export interface Scene extends AsyncDisposable {
  readonly server: MessagesServer;
  readonly model: AnthropicModel;
}

export async function openScene(
  turns: Script["turns"],
  options: Partial<AnthropicModelOptions> = {},
): Promise<Scene> {
  const server = await startMessagesServer({ name: "executor", turns });
  const model = createAnthropicModel({
    baseURL: server.url,
    apiKey: "test-key-0123456789",
    model: "claude-sonnet-5-5",
    provider: "scripted",
    maxRetries: 0,
    fetch: loopbackOnly(),
    ...options,
  });
  return { server, model, [Symbol.asyncDispose]: () => server.close() };
}

/** Calls a tool by its name as a model would, and keeps what it reported. */
export function caller(
  tools: readonly Tool[],
  signal = new AbortController().signal,
): { readonly call: (name: string, input: unknown) => Promise<ToolResult>; readonly uses: ToolUse[] } {
  const uses: ToolUse[] = [];
  return {
    uses,
    async call(name, input) {
      const tool = tools.find((candidate) => candidate.name === name);
      if (tool === undefined) throw new Error(`no tool '${name}'`);
      return await tool.execute(input as never, {
        signal,
        idempotencyKey: "key",
        onUse: (use) => void uses.push(use),
      });
    },
  };
}

export async function thrown(work: Promise<unknown>): Promise<MnemosyneError> {
  try {
    await work;
  } catch (error) {
    if (isMnemosyneError(error)) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

/** The workspace's tools on a bench, without a sandbox. */
export function toolsOf(bench: Bench, more: Partial<WorkspaceToolsOptions> = {}) {
  const { commands } = bench.context();
  return caller(createWorkspaceTools({ workspace: bench.workspace, commands, sandbox: "off", ...more }));
}
