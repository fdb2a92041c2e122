import type { Anthropic } from "@anthropic-ai/sdk";
import type { ContentBlock, Json, ModelResponse, ModelUsage, StopReason } from "@mnemosyne/core";
import type { TokenUsage } from "./prices.ts";

const STOP_REASONS: Readonly<Record<NonNullable<Anthropic.Message["stop_reason"]>, StopReason>> = {
  end_turn: "end",
  max_tokens: "maxTokens",
  stop_sequence: "stopSequence",
  tool_use: "toolUse",
  pause_turn: "pause",
  refusal: "refusal",
  model_context_window_exceeded: "contextOverflow",
};

/** What a response is made from, besides the message. */
export interface ResponseContext {
  readonly provider: string;
  readonly usdOf: (usage: TokenUsage, model: string) => number;
  readonly durationMs: number;
}

/** A message of the SDK as a response. Thinking stays out of it: it belongs to the provider. */
export function toResponse(message: Anthropic.Message, context: ResponseContext): ModelResponse {
  const content = message.content.flatMap(toBlock);
  const tokens: TokenUsage = {
    inputTokens: message.usage.input_tokens,
    outputTokens: message.usage.output_tokens,
    cacheReadTokens: message.usage.cache_read_input_tokens ?? 0,
    cacheWriteTokens: message.usage.cache_creation_input_tokens ?? 0,
  };
  const usage: ModelUsage = { ...tokens, usd: context.usdOf(tokens, message.model) };
  return {
    id: message.id,
    provider: context.provider,
    model: message.model,
    content,
    text: content.map((block) => (block.type === "text" ? block.text : "")).join(""),
    stopReason: message.stop_reason === null ? "end" : STOP_REASONS[message.stop_reason],
    usage,
    durationMs: context.durationMs,
  };
}

function toBlock(block: Anthropic.ContentBlock): readonly ContentBlock[] {
  if (block.type === "text") return [{ type: "text", text: block.text }];
  if (block.type === "tool_use")
    return [{ type: "toolUse", id: block.id, name: block.name, input: block.input as Json }];
  return [];
}

/** A message as the next request repeats it: all of it, thinking too, but for the empty texts that the API refuses. */
export function repeatable(message: Anthropic.Message): Anthropic.MessageParam {
  return {
    role: "assistant",
    content: message.content.filter(
      (block) => block.type !== "text" || block.text !== "",
    ) as Anthropic.ContentBlockParam[],
  };
}

/** The sum of two usages. */
export function addModelUsage(a: ModelUsage, b: ModelUsage): ModelUsage {
  return {
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    cacheReadTokens: a.cacheReadTokens + b.cacheReadTokens,
    cacheWriteTokens: a.cacheWriteTokens + b.cacheWriteTokens,
    // Whole nano-dollars, so that a sum of many calls stays exact.
    usd: (Math.round(a.usd * 1e9) + Math.round(b.usd * 1e9)) / 1e9,
  };
}

/** Usage of nothing. */
export const NO_MODEL_USAGE: ModelUsage = {
  inputTokens: 0,
  outputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  usd: 0,
};
