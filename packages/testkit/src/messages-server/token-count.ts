import { canonicalJson, estimateTokens } from "@mnemosyne/core";
import { blocksOf, textOf, type WireBlock, type WireRequest } from "./wire.ts";

/** Tokens that a message's frame and each tool add to their texts. */
const PER_MESSAGE = 4;
const PER_TOOL = 12;

/** One piece of a prompt, in the order in which a provider reads it: tools, system, messages. */
export interface PromptPiece {
  readonly key: string;
  readonly tokens: number;
  /** The prompt up to here may be cached. */
  readonly breakpoint: boolean;
}

/** A prompt in pieces with the tokens of each. Deterministic: the same request has the same count. */
export function promptPieces(
  request: Pick<WireRequest, "system" | "tools" | "messages">,
): readonly PromptPiece[] {
  const pieces: PromptPiece[] = [];
  for (const tool of request.tools ?? []) {
    const text = canonicalJson({ ...tool, cache_control: undefined });
    pieces.push({
      key: `tool ${text}`,
      tokens: PER_TOOL + estimateTokens(text),
      breakpoint: isBreakpoint(tool.cache_control),
    });
  }
  for (const block of blocksOf(request.system)) pieces.push(piece("system", block, 0));
  for (const message of request.messages) {
    for (const [index, block] of blocksOf(message.content).entries())
      pieces.push(piece(message.role, block, index === 0 ? PER_MESSAGE : 0));
  }
  return pieces;
}

function piece(role: string, block: WireBlock, frame: number): PromptPiece {
  return {
    key: `${role} ${canonicalJson({ ...block, cache_control: undefined })}`,
    tokens: frame + estimateTokens(textOf(block)),
    breakpoint: isBreakpoint(block.cache_control),
  };
}

function isBreakpoint(control: unknown): boolean {
  return control !== undefined && control !== null;
}

/** Tokens of a whole prompt. */
export function promptTokens(request: Pick<WireRequest, "system" | "tools" | "messages">): number {
  let tokens = 0;
  for (const piece of promptPieces(request)) tokens += piece.tokens;
  return tokens;
}

/** Tokens of what a model wrote. */
export function replyTokens(content: readonly WireBlock[]): number {
  let tokens = 0;
  for (const block of content) tokens += estimateTokens(textOf(block));
  return tokens;
}
