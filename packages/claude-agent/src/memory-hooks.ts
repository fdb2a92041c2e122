import type { Finding, MemoryInput, MemoryStore, NamespaceInput, Verdict } from "@mnemosyne/core";
import type {
  HookCallback,
  HookEvent,
  HookInput,
  HookJSONOutput,
  Options,
} from "@anthropic-ai/claude-agent-sdk";
import { fenceMemories } from "./fence.ts";

/** What the stop gate is told. */
export interface StopRequest {
  readonly sessionId: string;
  readonly cwd: string;
  /** What the model says last, e.g. that it is done. */
  readonly lastMessage?: string;
  readonly signal: AbortSignal;
}

/** Options of {@link memoryHooks}. */
export interface MemoryHooksOptions {
  readonly store: Pick<MemoryStore, "store" | "search" | "listRecent">;
  /** Default `global`. */
  readonly namespace?: NamespaceInput;
  /** Most memories that a session begins with. Default 10; 0: none. */
  readonly atStart?: number;
  /** Most memories that are recalled for a prompt. Default 5; 0: none. */
  readonly perPrompt?: number;
  /** Tools whose successful uses are remembered. Default: those that change files or run commands. */
  readonly capture?: readonly string[];
  /** Judges the work when the model wants to stop: whatever does not pass sends it back with the findings. */
  readonly review?: (
    request: StopRequest,
  ) => Promise<{ readonly verdict: Verdict; readonly findings: readonly Finding[] }>;
  /** How often in a session the gate may send it back; then it may stop. Default 3. */
  readonly sendBack?: number;
  /** Told what went wrong; the session goes on without its memory. */
  readonly onError?: (error: unknown) => void;
}

const CAPTURED = ["Write", "Edit", "MultiEdit", "NotebookEdit", "Bash"];
const LONGEST = 20_000;

/**
 * Hooks that keep a session's memory: it begins with what is known, each prompt recalls what fits it, what was done is
 * remembered as an observation, what a compaction would lose is kept, and it stops only when the review passes.
 *
 * @example
 * query({ prompt, options: { hooks: memoryHooks({ store: storage, namespace: "project:app" }) } });
 */
export function memoryHooks(options: MemoryHooksOptions): NonNullable<Options["hooks"]> {
  const { store, atStart = 10, perPrompt = 5, review, sendBack = 3, onError } = options;
  const namespace = options.namespace === undefined ? {} : { namespace: options.namespace };
  const captured: ReadonlySet<string> = new Set(options.capture ?? CAPTURED);
  const prompts = new Map<string, string>();
  const sentBack = new Map<string, number>();

  const keep = async (input: HookInput, memory: Omit<MemoryInput, "namespace">): Promise<void> => {
    const content = Array.from(memory.content).slice(0, LONGEST).join("");
    await store.store({ ...namespace, ...memory, content, thread: input.session_id, actor: "claude-code" });
  };

  const on = <E extends HookEvent>(
    event: E,
    act: (
      input: Extract<HookInput, { hook_event_name: E }>,
      signal: AbortSignal,
    ) => Promise<HookJSONOutput | undefined>,
  ): { readonly hooks: HookCallback[] }[] => [
    {
      hooks: [
        async (input, _toolUseId, { signal }) => {
          if (input.hook_event_name !== event) return {};
          try {
            return (await act(input as Extract<HookInput, { hook_event_name: E }>, signal)) ?? {};
          } catch (error) {
            onError?.(error);
            return {};
          }
        },
      ],
    },
  ];

  return {
    SessionStart: on("SessionStart", async () => {
      if (atStart === 0) return undefined;
      const memories = await store.listRecent({ ...namespace, limit: atStart });
      if (memories.length === 0) return undefined;
      return {
        hookSpecificOutput: { hookEventName: "SessionStart", additionalContext: fenceMemories(memories) },
      };
    }),
    UserPromptSubmit: on("UserPromptSubmit", async ({ prompt, session_id: session }, signal) => {
      prompts.set(session, prompt);
      if (perPrompt === 0) return undefined;
      const hits = await store.search(prompt, { ...namespace, limit: perPrompt, signal });
      if (hits.length === 0) return undefined;
      return {
        hookSpecificOutput: { hookEventName: "UserPromptSubmit", additionalContext: fenceMemories(hits) },
      };
    }),
    PostToolUse: on("PostToolUse", async (input) => {
      if (!captured.has(input.tool_name)) return undefined;
      await keep(input, {
        content: `${input.tool_name} ${describe(input.tool_input)}`,
        type: "agent_event",
        importance: 3,
        trust: "observed",
        idempotencyKey: `tool:${input.tool_use_id}`,
        provenance: { source: "claude-code" },
      });
      return undefined;
    }),
    PreCompact: on("PreCompact", async (input) => {
      const prompt = prompts.get(input.session_id);
      if (prompt === undefined) return undefined;
      await keep(input, {
        content: `Before a compaction the work was: ${prompt}`,
        type: "task",
        importance: 5,
        provenance: { source: "claude-code" },
      });
      return undefined;
    }),
    PostCompact: on("PostCompact", async (input) => {
      await keep(input, {
        content: input.compact_summary,
        type: "insight",
        importance: 6,
        tags: ["compaction"],
        provenance: { source: "claude-code" },
      });
      return undefined;
    }),
    Stop: on("Stop", async (input, signal) => {
      const { session_id: sessionId, cwd, last_assistant_message: lastMessage } = input;
      const times = sentBack.get(sessionId) ?? 0;
      if (review === undefined || times >= sendBack) return undefined;
      const request = { sessionId, cwd, signal, ...(lastMessage === undefined ? {} : { lastMessage }) };
      const { verdict, findings } = await review(request);
      if (verdict === "pass") return undefined;
      sentBack.set(sessionId, times + 1);
      const found = findings.map(({ message, file, line }) => `- ${file ?? ""}:${line ?? ""} ${message}`);
      return {
        decision: "block",
        reason: `The review's verdict is '${verdict}', so this is not done. Resolve:\n${found.join("\n")}`,
      };
    }),
    SessionEnd: on("SessionEnd", async ({ session_id: session }) => {
      prompts.delete(session);
      sentBack.delete(session);
      return await Promise.resolve(undefined);
    }),
  };
}

/** What a tool was used on: the path or the command, never the contents that were written. */
function describe(input: unknown): string {
  if (typeof input !== "object" || input === null) return "";
  const { file_path: file, notebook_path: notebook, command } = input as Readonly<Record<string, unknown>>;
  const what = file ?? notebook ?? command;
  return typeof what === "string" ? what : "";
}
