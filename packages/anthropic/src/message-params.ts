import type { Anthropic } from "@anthropic-ai/sdk";
import {
  MnemosyneError,
  type ContentBlock,
  type ModelMessage,
  type ModelRequest,
  type Tool,
} from "@mnemosyne/core";

/** A request as the SDK takes it, before it is told whether to stream. */
export type MessageParams = Omit<Anthropic.MessageCreateParamsNonStreaming, "stream">;

type BlockParam = Anthropic.ContentBlockParam;
type Marked = { cache_control?: Anthropic.CacheControlEphemeral | null };

/** Cache breakpoints that one request may carry. */
const BREAKPOINTS = 4;
const DEFAULT_MAX_TOKENS = 4096;

/** What a request's parameters are made from, besides the request. */
export interface ParamsContext {
  readonly model: string;
  /** The model's largest output; a larger `maxTokens` is lowered to it. */
  readonly maxOutputTokens: number | undefined;
  readonly tools?: readonly Tool[];
  /** Mark the tools and the system prompt as a prefix that may be cached. */
  readonly cachePrefix: boolean;
}

/** A request's parameters without its messages. */
export function baseParams(request: ModelRequest, context: ParamsContext): Omit<MessageParams, "messages"> {
  const { system, maxTokens = DEFAULT_MAX_TOKENS, stopSequences, effort } = request;
  const limit = Math.min(maxTokens, context.maxOutputTokens ?? maxTokens);
  if (!(Number.isInteger(limit) && limit > 0))
    throw new MnemosyneError("E_INPUT", `maxTokens is ${maxTokens}; give a whole number above 0.`, {
      kind: "input",
      path: "maxTokens",
    });
  const tools = context.tools?.map(toolParam) ?? [];
  const last = tools.at(-1);
  const hasSystem = system !== undefined && system !== "";
  if (context.cachePrefix && !hasSystem && last !== undefined) mark(last);
  return {
    model: context.model,
    max_tokens: limit,
    ...(hasSystem ? { system: systemParam(system, context.cachePrefix) } : {}),
    ...(tools.length === 0 ? {} : { tools }),
    ...(stopSequences === undefined || stopSequences.length === 0
      ? {}
      : { stop_sequences: [...stopSequences] }),
    ...(effort === undefined ? {} : { output_config: { effort } }),
  };
}

/** Messages as the SDK takes them. Empty texts are left out: the API refuses them. */
export function messageParams(messages: readonly ModelMessage[]): Anthropic.MessageParam[] {
  return messages.map((message, index) => {
    if (typeof message.content === "string") return { role: message.role, content: message.content };
    const content = message.content.flatMap(blockParam);
    if (content.length === 0)
      throw new MnemosyneError("E_INPUT", `messages[${index}] has no content; give it a text.`, {
        kind: "input",
        path: `messages[${index}].content`,
      });
    return { role: message.role, content } as Anthropic.MessageParam;
  });
}

/**
 * The parameters of one request: at most four cache breakpoints, the first of the prefix, then the newest of the
 * conversation. `growing`: the end of the conversation is a breakpoint too, because the next request repeats it.
 */
export function withMessages(
  base: Omit<MessageParams, "messages">,
  messages: readonly Anthropic.MessageParam[],
  growing: boolean,
): MessageParams {
  const copies = messages.map((message) =>
    typeof message.content === "string"
      ? { ...message }
      : { ...message, content: message.content.map((block) => ({ ...block })) },
  ) as Anthropic.MessageParam[];
  if (growing) markEnd(copies);
  let left = BREAKPOINTS - prefixMarks(base);
  for (const message of copies.toReversed()) {
    if (typeof message.content === "string") continue;
    for (const block of (message.content as readonly (BlockParam & Marked)[]).toReversed()) {
      if (block.cache_control === undefined || block.cache_control === null) continue;
      if (left > 0) left -= 1;
      else delete block.cache_control;
    }
  }
  return { ...base, messages: copies };
}

function prefixMarks(base: Omit<MessageParams, "messages">): number {
  const system = typeof base.system === "string" ? [] : (base.system ?? []);
  return [...system, ...(base.tools ?? [])].filter((item) => "cache_control" in item).length;
}

function markEnd(messages: readonly Anthropic.MessageParam[]): void {
  const last = messages.at(-1);
  if (last?.role !== "user") return;
  if (typeof last.content === "string") last.content = [{ type: "text", text: last.content }];
  const block = last.content.at(-1);
  if (block !== undefined && (block.type === "text" || block.type === "tool_result")) mark(block);
}

function systemParam(system: string, cache: boolean): NonNullable<MessageParams["system"]> {
  if (!cache) return system;
  const block: Anthropic.TextBlockParam = { type: "text", text: system };
  mark(block);
  return [block];
}

function toolParam(tool: Tool): Anthropic.Tool {
  return {
    name: tool.name,
    description: tool.description,
    input_schema: tool.inputSchema as Anthropic.Tool.InputSchema,
  };
}

function blockParam(block: ContentBlock): BlockParam[] {
  if (block.type === "toolUse")
    return [{ type: "tool_use", id: block.id, name: block.name, input: block.input }];
  if (block.type === "toolResult")
    return [
      {
        type: "tool_result",
        tool_use_id: block.toolUseId,
        content: block.content,
        ...(block.isError === true ? { is_error: true } : {}),
      },
    ];
  if (block.text === "") return [];
  const text: Anthropic.TextBlockParam = { type: "text", text: block.text };
  if (block.cache === true) mark(text);
  return [text];
}

function mark(item: Marked): void {
  item.cache_control = { type: "ephemeral" };
}
