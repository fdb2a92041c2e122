import { createAnthropicModel, type AnthropicModel, type AnthropicModelOptions } from "@mnemosyne/anthropic";
import type {
  CallObserver,
  MnemosyneError,
  ModelCall,
  ModelRequest,
  ModelResponse,
  Tool,
  ToolContext,
  ToolUse,
} from "@mnemosyne/core";
import { isMnemosyneError } from "@mnemosyne/core";
import {
  loopbackOnly,
  startMessagesServer,
  type MessagesServer,
  type MessagesServerOptions,
  type Script,
} from "@mnemosyne/testkit";

/** A scripted server and a model that talks to it, closed together. */
export interface Scene extends AsyncDisposable {
  readonly server: MessagesServer;
  readonly model: AnthropicModel;
}

export async function openScene(
  turns: Script["turns"],
  options: Partial<AnthropicModelOptions> & { readonly server?: MessagesServerOptions } = {},
): Promise<Scene> {
  const { server: serverOptions, ...modelOptions } = options;
  const server = await startMessagesServer({ name: "test", turns }, serverOptions);
  const model = createAnthropicModel({
    baseURL: server.url,
    apiKey: "test-key-0123456789",
    model: "claude-sonnet-5-5",
    fetch: loopbackOnly(),
    ...modelOptions,
  });
  return { server, model, [Symbol.asyncDispose]: server.close };
}

export function ask(content: string, more: Partial<ModelRequest> = {}): ModelRequest {
  return { messages: [{ role: "user", content }], ...more };
}

/** What an observer saw, in order. */
export interface Sighting {
  readonly when: "before" | "after";
  readonly call: ModelCall;
  readonly response?: ModelResponse;
  readonly error?: unknown;
}

export function recorder(): CallObserver & { readonly seen: Sighting[] } {
  const seen: Sighting[] = [];
  return {
    seen,
    before: (call) => void seen.push({ when: "before", call }),
    after: (call, { response, error }) => {
      seen.push({
        when: "after",
        call,
        ...(response === undefined ? {} : { response }),
        ...(error === undefined ? {} : { error }),
      });
    },
  };
}

/** The error that a promise rejects with; fails when it does not. */
export async function failure(promise: Promise<unknown>): Promise<MnemosyneError> {
  try {
    await promise;
  } catch (error) {
    if (isMnemosyneError(error)) return error;
    throw error;
  }
  throw new Error("it did not fail");
}

export function fileTool(files: Readonly<Record<string, string>>): Tool {
  return {
    name: "read",
    description: "Reads a file.",
    inputSchema: {
      type: "object",
      properties: { path: { type: "string" } },
      required: ["path"],
      additionalProperties: false,
    },
    readOnly: true,
    execute: async (input) => ({ content: files[(input as { path: string }).path] ?? "nothing" }),
  };
}

export function toolContext(uses: ToolUse[] = [], signal = new AbortController().signal): ToolContext {
  return { signal, idempotencyKey: "run:task:1", onUse: (use) => void uses.push(use) };
}
