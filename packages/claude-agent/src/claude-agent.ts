import {
  MnemosyneError,
  type Agent,
  type AgentContext,
  type AgentResult,
  type AgentTask,
  type Json,
  type JsonObject,
  type ModelCall,
} from "@mnemosyne/core";
import type {
  Options,
  SDKMessage,
  SDKResultMessage,
  SpawnedProcess,
  SpawnOptions,
} from "@anthropic-ai/claude-agent-sdk";
import { describeTask } from "./describe-task.ts";
import { ownTools, OURS, SERVER, type Sdk } from "./own-tools.ts";
import { resultOf, usageOf } from "./outcome.ts";
import { guardTool, OFFERED } from "./tool-guard.ts";

/** Options of {@link claudeAgent}. */
export interface ClaudeAgentOptions {
  /** The name that tasks use in `agent`. Default `claude`. */
  readonly name?: string;
  /** Default: the task's, else Claude Code's own. */
  readonly model?: string;
  /** Default 50. */
  readonly maxTurns?: number;
  /** Tokens that are reserved for a task whose budget names none. Default 500,000. */
  readonly tokens?: number;
  /** More of Claude Code's own tools, e.g. `WebSearch`. Those that run commands are then outside of our sandbox. Default: none. */
  readonly allowTools?: readonly string[];
  /** Environment of the process. Default: PATH, HOME, LANG and what begins with ANTHROPIC_ or CLAUDE_ of this one. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** More for the SDK, e.g. `hooks` of `memoryHooks`. What keeps the agent in its bounds cannot be set here. */
  readonly options?: Omit<
    Options,
    "cwd" | "abortController" | "tools" | "canUseTool" | "permissionMode" | "mcpServers"
  >;
  /** Starts the process. Default: the binary that comes with the SDK. */
  readonly spawnClaudeCodeProcess?: (options: SpawnOptions) => SpawnedProcess;
}

/**
 * Claude Code as an agent of a plan: it works in the task's tree, uses the task's tools and memory, is held to the task's
 * budget, and is judged by the task's gates. Needs `@anthropic-ai/claude-agent-sdk`, which is loaded at the first task.
 *
 * @example
 * const engine = new OrchestrationEngine({ storage, agents: [claudeAgent()] }); // tasks name it: `agent: claude`
 */
export function claudeAgent(options: ClaudeAgentOptions = {}): Agent {
  const { name = "claude" } = options;
  return {
    name,
    async execute(task, context) {
      context.signal.throwIfAborted();
      return await work(await loadSdk(), task, context, options);
    },
  };
}

async function work(
  sdk: Sdk,
  task: AgentTask,
  context: AgentContext,
  options: ClaudeAgentOptions,
): Promise<AgentResult> {
  const { definition } = task;
  const tokens = definition.budget.tokens ?? options.tokens ?? 500_000;
  const model = definition.model ?? options.model;
  const call: ModelCall = {
    provider: "claude-code",
    model: model ?? "claude-code",
    inputTokens: tokens,
    maxTokens: 0,
    turn: 1,
  };
  await context.observer.before?.(call);
  const began = performance.now();
  const stop = new AbortController();
  const onAbort = (): void => stop.abort(context.signal.reason);
  context.signal.addEventListener("abort", onAbort, { once: true });
  let result: SDKResultMessage | undefined;
  let used = 0;
  try {
    const messages = sdk.query({
      prompt: describeTask(task, context),
      options: sdkOptions(sdk, task, context, options, stop),
    });
    for await (const message of messages) {
      context.heartbeat();
      if (message.type === "result") {
        result = message;
        break;
      }
      used += tokensOf(message);
      if (used > tokens) throw overBudget(used, tokens);
    }
    if (result === undefined)
      throw new MnemosyneError("E_MODEL", "Claude Code ended without a result.", { kind: "unavailable" });
    const usage = usageOf(result);
    const { session_id: id } = result;
    const text = result.subtype === "success" ? result.result : result.errors.join("; ");
    await context.observer.after?.(call, {
      response: {
        id,
        text,
        usage,
        provider: call.provider,
        model: Object.keys(result.modelUsage)[0] ?? call.model,
        content: [{ type: "text", text }],
        stopReason: "end",
        durationMs: performance.now() - began,
      },
      durationMs: performance.now() - began,
    });
    return resultOf(result);
  } catch (error) {
    // Without a result nobody knows what was spent: the reservation stays, in full.
    if (result === undefined)
      await context.observer.after?.(call, { error, durationMs: performance.now() - began });
    context.signal.throwIfAborted();
    throw error;
  } finally {
    context.signal.removeEventListener("abort", onAbort);
    stop.abort();
  }
}

function sdkOptions(
  sdk: Sdk,
  task: AgentTask,
  context: AgentContext,
  options: ClaudeAgentOptions,
  abortController: AbortController,
): Options {
  const { definition } = task;
  const { workspace, payload } = context;
  const more = options.allowTools ?? [];
  const model = definition.model ?? options.model;
  const emitUse = (tool: string, input: Json, ok: boolean, durationMs: number, summary?: string): void =>
    context.emit({
      type: "tool.used",
      task: definition.id,
      attempt: task.attempt,
      tool,
      input,
      ok,
      durationMs,
      ...(summary === undefined ? {} : { summary }),
    });
  const given = options.options ?? {};
  const hooks = given.hooks ?? {};
  return {
    persistSession: false,
    settingSources: [],
    maxTurns: options.maxTurns ?? 50,
    ...given,
    cwd: workspace.root,
    abortController,
    tools: [...OFFERED, ...more],
    permissionMode: "default",
    mcpServers: {
      [SERVER]: ownTools(sdk, context, (use) =>
        emitUse(use.tool, use.input, use.ok, use.durationMs, use.summary),
      ),
    },
    canUseTool: async (tool, input) => {
      try {
        await guardTool(tool, input, workspace, { ours: OURS, more });
        return { behavior: "allow", updatedInput: input };
      } catch (error) {
        return { behavior: "deny", message: error instanceof Error ? error.message : String(error) };
      }
    },
    hooks: {
      ...hooks,
      PreToolUse: [
        {
          // Asked for every use, also where no permission would be asked for. If it fails, the tool does not run.
          onFailure: "block",
          hooks: [
            async (input) => {
              if (input.hook_event_name !== "PreToolUse") return {};
              try {
                await guardTool(input.tool_name, input.tool_input, workspace, { ours: OURS, more });
                return { hookSpecificOutput: { hookEventName: "PreToolUse", permissionDecision: "allow" } };
              } catch (error) {
                const permissionDecisionReason = error instanceof Error ? error.message : String(error);
                return {
                  hookSpecificOutput: {
                    hookEventName: "PreToolUse",
                    permissionDecision: "deny",
                    permissionDecisionReason,
                  },
                };
              }
            },
          ],
        },
        ...(hooks.PreToolUse ?? []),
      ],
      PostToolUse: [
        {
          hooks: [
            async (input) => {
              if (input.hook_event_name === "PostToolUse" && !input.tool_name.startsWith(OURS))
                emitUse(input.tool_name, toJson(input.tool_input), true, input.duration_ms ?? 0);
              return await Promise.resolve({});
            },
          ],
        },
        ...(hooks.PostToolUse ?? []),
      ],
    },
    systemPrompt: { type: "preset", preset: "claude_code", append: payload?.system ?? "" },
    env: { ...environmentOf(options) },
    ...(model === undefined ? {} : { model }),
    ...(definition.budget.usd === undefined ? {} : { maxBudgetUsd: definition.budget.usd }),
    ...(definition.output === undefined ? {} : { outputFormat: formatOf(definition.output) }),
    ...(options.spawnClaudeCodeProcess === undefined
      ? {}
      : {
          // Whoever starts the process decides what that is: the SDK need not look for its binary.
          pathToClaudeCodeExecutable: given.pathToClaudeCodeExecutable ?? "claude",
          spawnClaudeCodeProcess: options.spawnClaudeCodeProcess,
        }),
  };
}

function formatOf(schema: JsonObject): NonNullable<Options["outputFormat"]> {
  return { type: "json_schema", schema };
}

function tokensOf(message: SDKMessage): number {
  if (message.type !== "assistant") return 0;
  const { usage } = message.message;
  return (
    usage.input_tokens +
    usage.output_tokens +
    (usage.cache_creation_input_tokens ?? 0) +
    (usage.cache_read_input_tokens ?? 0)
  );
}

function overBudget(used: number, limit: number): MnemosyneError {
  return new MnemosyneError("E_BUDGET", `Claude Code used ${used} tokens; the task may use ${limit}.`, {
    kind: "budget",
    hint: "Raise the task's budget, or make the task smaller.",
    details: { scope: "task", used, limit },
  });
}

function environmentOf({ environment }: ClaudeAgentOptions): Readonly<Record<string, string | undefined>> {
  if (environment !== undefined) return environment;
  const passed = /^(?:PATH|HOME|LANG|TMPDIR|ANTHROPIC_.*|CLAUDE_.*)$/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => passed.test(name)));
}

function toJson(value: unknown): Json {
  return JSON.parse(JSON.stringify(value ?? null)) as Json;
}

async function loadSdk(): Promise<Sdk> {
  try {
    return await import("@anthropic-ai/claude-agent-sdk");
  } catch (cause) {
    throw new MnemosyneError("E_UNAVAILABLE", "The Claude Agent SDK is not installed.", {
      kind: "unavailable",
      retryable: false,
      hint: "npm install @anthropic-ai/claude-agent-sdk",
      cause,
    });
  }
}
