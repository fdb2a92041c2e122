import type { Json, JsonObject } from "@mnemosyne/core";

/** A content block as the Messages API carries it. */
export interface WireBlock extends JsonObject {
  readonly type: string;
  readonly text?: string;
  readonly id?: string;
  readonly name?: string;
  readonly input?: Json;
  readonly tool_use_id?: string;
  readonly content?: string | readonly WireBlock[];
  readonly is_error?: boolean;
  readonly cache_control?: JsonObject | null;
}

/** A message as the Messages API carries it. */
export interface WireMessage extends JsonObject {
  readonly role: "user" | "assistant" | "system";
  readonly content: string | readonly WireBlock[];
}

/** A tool as the Messages API carries it. */
export interface WireTool extends JsonObject {
  readonly name: string;
  readonly description?: string;
  readonly input_schema?: JsonObject;
  readonly cache_control?: JsonObject | null;
}

/** The body of a request to `/v1/messages`, checked. */
export interface WireRequest extends JsonObject {
  readonly model: string;
  readonly max_tokens: number;
  readonly messages: readonly WireMessage[];
  readonly system?: string | readonly WireBlock[];
  readonly tools?: readonly WireTool[];
  readonly stream?: boolean;
  readonly output_config?: JsonObject & { readonly format?: { readonly schema: JsonObject } | null };
}

/** Usage as the Messages API carries it. */
export interface WireUsage extends JsonObject {
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly cache_creation_input_tokens: number;
  readonly cache_read_input_tokens: number;
}

/** A reply as the Messages API carries it. */
export interface WireReply extends JsonObject {
  readonly id: string;
  readonly model: string;
  readonly content: readonly WireBlock[];
  readonly stop_reason: string;
  readonly usage: WireUsage;
}

/** The blocks of a message or of a tool result; a text is one block. */
export function blocksOf(content: string | readonly WireBlock[] | undefined): readonly WireBlock[] {
  if (content === undefined) return [];
  return typeof content === "string" ? [{ type: "text", text: content }] : content;
}

/** All text of a block: its own, a tool use's input, a tool result's content. */
export function textOf(block: WireBlock): string {
  if (block.type === "tool_use") return `${block.name} ${JSON.stringify(block.input)}`;
  if (block.type === "tool_result") return blocksOf(block.content).map(textOf).join("\n");
  return block.text ?? "";
}
