import { badRequest, type ApiError } from "./api-error.ts";
import { blocksOf, type WireBlock, type WireMessage } from "./wire.ts";

/**
 * The first rule about messages that a conversation breaks, or `undefined`. Only a paused reply, repeated as it was,
 * may be its end: `isPaused` knows those.
 */
export function checkConversation(
  messages: unknown,
  isPaused: (content: WireMessage["content"]) => boolean,
): ApiError | undefined {
  if (messages === undefined) return badRequest("messages: Field required");
  if (!Array.isArray(messages)) return badRequest("messages: Input should be a valid list");
  if (messages.length === 0) return badRequest("messages: at least one message is required");
  const list = messages as readonly WireMessage[];
  for (const [index, message] of list.entries()) {
    const found = checkMessage(message, index, index === list.length - 1);
    if (found !== undefined) return found;
  }
  if (list[0]?.role !== "user") return badRequest('messages: first message must use the "user" role');
  const last = list.at(-1);
  if (last?.role === "assistant" && !isPaused(last.content))
    return badRequest(
      "This model does not support assistant message prefill. The conversation must end with a user message.",
    );
  return checkToolPairs(list);
}

function checkMessage(message: WireMessage, index: number, last: boolean): ApiError | undefined {
  const path = `messages.${index}`;
  if (typeof message !== "object" || message === null)
    return badRequest(`${path}: Input should be a valid dictionary`);
  if (!["user", "assistant", "system"].includes(message.role))
    return badRequest(`${path}.role: Input should be 'user', 'assistant' or 'system'`);
  const { content } = message;
  if (content === undefined) return badRequest(`${path}.content: Field required`);
  if (typeof content !== "string" && !Array.isArray(content))
    return badRequest(`${path}.content: Input should be a valid string or list`);
  if (content.length === 0 && !(last && message.role === "assistant"))
    return badRequest(`${path}: ${message.role} messages must have non-empty content`);
  for (const [at, block] of blocksOf(content).entries()) {
    const found = checkBlock(block, message.role, `${path}.content.${at}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

function checkBlock(block: WireBlock, role: string, path: string): ApiError | undefined {
  switch (block.type) {
    case "text":
      if (typeof block.text !== "string") return badRequest(`${path}.text.text: Field required`);
      return block.text === "" ? badRequest("messages: text content blocks must be non-empty") : undefined;
    case "tool_use":
      if (role !== "assistant")
        return badRequest(`${path}: tool_use blocks can only be in assistant messages`);
      if (typeof block.id !== "string" || typeof block.name !== "string")
        return badRequest(`${path}.tool_use.id: Field required`);
      return typeof block.input === "object" && block.input !== null
        ? undefined
        : badRequest(`${path}.tool_use.input: Input should be a valid dictionary`);
    case "tool_result":
      if (role !== "user") return badRequest(`${path}: tool_result blocks can only be in user messages`);
      return typeof block.tool_use_id === "string"
        ? undefined
        : badRequest(`${path}.tool_result.tool_use_id: Field required`);
    case "thinking":
    case "redacted_thinking":
      return role === "assistant"
        ? undefined
        : badRequest(`${path}: thinking blocks can only be in assistant messages`);
    case "image":
    case "document":
    case "search_result":
      return role === "assistant"
        ? badRequest(`${path}: ${block.type} blocks are not permitted here`)
        : undefined;
    default:
      return badRequest(
        `${path}: Input tag '${block.type}' found using 'type' does not match any of the expected tags`,
      );
  }
}

function checkToolPairs(messages: readonly WireMessage[]): ApiError | undefined {
  const seen = new Set<string>();
  for (const [index, message] of messages.entries()) {
    const blocks = blocksOf(message.content);
    const before = messages[index - 1];
    const asked = before?.role === "assistant" ? idsOf(blocksOf(before.content), "tool_use", "id") : [];
    const answered = idsOf(blocks, "tool_result", "tool_use_id");
    for (const id of answered)
      if (!asked.includes(id))
        return badRequest(
          `messages.${index}.content: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${id}. Each \`tool_result\` block must have a corresponding \`tool_use\` block in the previous message.`,
        );
    if (new Set(answered).size < answered.length)
      return badRequest(`messages.${index}.content: each tool_use must have a single result`);
    const missing = asked.filter((id) => !answered.includes(id));
    if (missing.length > 0)
      return badRequest(
        `messages.${index - 1}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${missing.join(", ")}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`,
      );
    const firstOther = blocks.findIndex((block) => block.type !== "tool_result");
    if (firstOther >= 0 && blocks.slice(firstOther).some((block) => block.type === "tool_result"))
      return badRequest(`messages.${index}.content: tool_result blocks must come before other content`);
    for (const id of idsOf(blocks, "tool_use", "id")) {
      if (seen.has(id)) return badRequest("messages: `tool_use` ids must be unique");
      seen.add(id);
    }
  }
  return undefined;
}

function idsOf(blocks: readonly WireBlock[], type: string, key: "id" | "tool_use_id"): readonly string[] {
  return blocks.flatMap((block) => {
    const id = block.type === type ? block[key] : undefined;
    return id === undefined ? [] : [id];
  });
}
