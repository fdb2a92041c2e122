import { EventEmitter } from "node:events";
import { createInterface } from "node:readline";
import { PassThrough } from "node:stream";
import type { SpawnedProcess, SpawnOptions } from "@anthropic-ai/claude-agent-sdk";

type Message = Record<string, unknown>;

/** What a fake session can do: the SDK on the other side is the real one. */
export interface FakeSession {
  readonly cwd: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly prompt: string;
  send(message: Message): void;
  /** Calls every hook of an event and gives what each answered. */
  hook(event: string, input: Message): Promise<readonly Message[]>;
  permission(tool: string, input: Message): Promise<Message>;
  /** Sends a request to the server in the SDK's process. */
  mcp(server: string, method: string, params?: Message): Promise<Message>;
}

/** Plays the process: speaks its lines of JSON, and does what the script says for each prompt. */
export function fakeClaude(
  script: (session: FakeSession) => Promise<void>,
): (options: SpawnOptions) => SpawnedProcess {
  return (options) => {
    const stdin = new PassThrough();
    const stdout = new PassThrough();
    const events = new EventEmitter();
    const waiting = new Map<string, (response: Message) => void>();
    let exitCode: number | null = null;
    let hooks: Readonly<Record<string, readonly { readonly hookCallbackIds: readonly string[] }[]>> = {};
    let count = 0;
    const send = (message: Message): void => {
      stdout.write(`${JSON.stringify(message)}\n`);
    };
    const request = async (body: Message): Promise<Message> => {
      count += 1;
      const id = `cli_${count}`;
      const answered = new Promise<Message>((resolve) => waiting.set(id, resolve));
      send({ type: "control_request", request_id: id, request: body });
      const { response = {}, error } = (await answered) as { response?: Message; error?: string };
      if (error !== undefined) throw new Error(error);
      return response;
    };
    const end = (): void => {
      if (exitCode !== null) return;
      exitCode = 0;
      stdout.end();
      events.emit("exit", 0, null);
    };
    const session = (prompt: string): FakeSession => ({
      cwd: options.cwd ?? "",
      args: options.args,
      env: options.env,
      prompt,
      send,
      async hook(event, input) {
        const base = {
          session_id: "s1",
          transcript_path: "",
          cwd: options.cwd ?? "",
          hook_event_name: event,
        };
        const ids = (hooks[event] ?? []).flatMap(({ hookCallbackIds }) => hookCallbackIds);
        return await Promise.all(
          ids.map((id) =>
            request({ subtype: "hook_callback", callback_id: id, input: { ...base, ...input } }),
          ),
        );
      },
      permission: (tool, input) =>
        request({
          subtype: "can_use_tool",
          tool_name: tool,
          input,
          tool_use_id: "t1",
          permission_suggestions: [],
        }),
      async mcp(server, method, params = {}) {
        count += 1;
        const message = { jsonrpc: "2.0", id: count, method, params };
        const { mcp_response: answer } = await request({
          subtype: "mcp_message",
          server_name: server,
          message,
        });
        return (answer as { readonly result: Message }).result;
      },
    });
    createInterface({ input: stdin })
      .on("line", (line) => {
        const message = JSON.parse(line) as Message & {
          request?: Message;
          response?: Message;
          message?: Message;
        };
        if (message["type"] === "control_response") {
          waiting.get(String(message.response?.["request_id"]))?.(message.response ?? {});
        } else if (message["type"] === "control_request") {
          if (message.request?.["subtype"] === "initialize")
            hooks = (message.request["hooks"] ?? {}) as typeof hooks;
          const response = {
            commands: [],
            hook_on_failure_supported: true,
            agents: [],
            output_style: "default",
            available_output_styles: [],
            models: [],
            account: {},
          };
          send({
            type: "control_response",
            response: { subtype: "success", request_id: message["request_id"], response },
          });
        } else if (message["type"] === "user") {
          const content = message.message?.["content"];
          script(session(typeof content === "string" ? content : JSON.stringify(content))).catch(
            (error: unknown) => {
              send(failed("error_during_execution", [String(error)]));
            },
          );
        }
      })
      .on("close", end);
    return {
      stdin,
      stdout,
      get killed() {
        return false;
      },
      get exitCode() {
        return exitCode;
      },
      kill() {
        end();
        return true;
      },
      on: events.on.bind(events),
      once: events.once.bind(events),
      off: events.off.bind(events),
    };
  };
}

const MODEL_USAGE = {
  "claude-sonnet-5-5": {
    inputTokens: 100,
    outputTokens: 20,
    cacheReadInputTokens: 5,
    cacheCreationInputTokens: 7,
    webSearchRequests: 0,
    costUSD: 0.01,
    contextWindow: 1_000_000,
  },
};

const RESULT = {
  type: "result",
  duration_ms: 1,
  duration_api_ms: 1,
  num_turns: 1,
  stop_reason: "end_turn",
  total_cost_usd: 0.01,
  usage: { input_tokens: 100, output_tokens: 20 },
  modelUsage: MODEL_USAGE,
  permission_denials: [],
  session_id: "s1",
  uuid: "u1",
};

/** The last message of a session that worked. */
export function done(result: string, more: Message = {}): Message {
  return { ...RESULT, subtype: "success", is_error: false, result, ...more };
}

/** The last message of one that did not. */
export function failed(subtype: string, errors: readonly string[]): Message {
  return { ...RESULT, subtype, is_error: true, errors };
}

/** A turn of the model that used so many tokens. */
export function turn(inputTokens: number): Message {
  return {
    type: "assistant",
    session_id: "s1",
    uuid: "u2",
    parent_tool_use_id: null,
    message: {
      id: "m1",
      type: "message",
      role: "assistant",
      model: "claude-sonnet-5-5",
      content: [{ type: "text", text: "working" }],
      stop_reason: null,
      usage: { input_tokens: inputTokens, output_tokens: 1 },
    },
  };
}
