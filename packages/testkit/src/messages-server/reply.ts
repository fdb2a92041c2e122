import type { ScriptTurn } from "../script/script.ts";
import type { CacheShare } from "./prompt-cache.ts";
import { replyTokens } from "./token-count.ts";
import type { WireBlock, WireReply, WireRequest } from "./wire.ts";

/** The reply that a turn comes to. Text beyond `max_tokens` is cut off, as a model's would be. */
export function buildReply(
  turn: ScriptTurn,
  request: WireRequest,
  number: number,
  share: CacheShare,
): WireReply {
  const spoken = speak(turn, number);
  const cut = turn.stopReason === undefined ? cutOff(spoken, request.max_tokens) : undefined;
  const content = cut ?? spoken;
  const usage = turn.usage ?? {};
  const stop =
    cut === undefined ? (turn.stopReason ?? (turn.toolUses?.length ? "tool_use" : "end_turn")) : "max_tokens";
  return {
    id: `msg_${padded(number)}`,
    type: "message",
    role: "assistant",
    model: request.model,
    container: null,
    content,
    diagnostics: null,
    stop_reason: stop,
    stop_sequence: null,
    stop_details:
      stop === "refusal" ? { type: "refusal", category: null, explanation: turn.text ?? null } : null,
    usage: {
      input_tokens: usage.inputTokens ?? share.uncached,
      output_tokens: usage.outputTokens ?? Math.min(replyTokens(content), request.max_tokens),
      cache_creation_input_tokens: usage.cacheWriteTokens ?? share.write,
      cache_read_input_tokens: usage.cacheReadTokens ?? share.read,
      cache_creation: {
        ephemeral_5m_input_tokens: usage.cacheWriteTokens ?? share.write,
        ephemeral_1h_input_tokens: 0,
      },
      output_tokens_details: null,
      server_tool_use: null,
      service_tier: "standard",
      speed: "standard",
      inference_geo: null,
    },
  };
}

function speak(turn: ScriptTurn, number: number): readonly WireBlock[] {
  const blocks: WireBlock[] = [];
  if (turn.text !== undefined && turn.text !== "")
    blocks.push({ type: "text", text: turn.text, citations: null });
  for (const [index, use] of (turn.toolUses ?? []).entries())
    blocks.push({
      type: "tool_use",
      id: use.id ?? `toolu_${padded(number)}_${index + 1}`,
      name: use.name,
      input: use.input,
      caller: { type: "direct" },
    });
  return blocks;
}

/** The part of a reply that fits, or `undefined` when all of it does. Tool uses that do not fit are left out. */
function cutOff(content: readonly WireBlock[], maxTokens: number): readonly WireBlock[] | undefined {
  const total = replyTokens(content);
  if (total <= maxTokens) return undefined;
  const [first] = content;
  if (first?.type !== "text" || first.text === undefined) return [];
  const tokens = replyTokens([first]);
  const kept = Math.floor((first.text.length * Math.min(tokens, maxTokens)) / Math.max(1, tokens));
  return kept === 0 ? [] : [{ ...first, text: first.text.slice(0, kept) }];
}

function padded(number: number): string {
  return String(number).padStart(6, "0");
}
