import type { WireBlock, WireReply } from "./wire.ts";

const TEXT_PIECE = 24;
const JSON_PIECE = 16;

/**
 * A reply as the server-sent events of a stream, each as the text that goes over the wire. `cutInput`: the JSON of tool
 * inputs ends in the middle.
 */
export function streamEvents(reply: WireReply, cutInput = false): readonly string[] {
  const { usage } = reply;
  const events = [
    event("message_start", {
      message: {
        ...reply,
        content: [],
        stop_reason: null,
        stop_details: null,
        usage: { ...usage, output_tokens: 1 },
      },
    }),
    event("ping", {}),
  ];
  for (const [index, block] of reply.content.entries()) events.push(...blockEvents(block, index, cutInput));
  events.push(
    event("message_delta", {
      delta: {
        stop_reason: reply.stop_reason,
        stop_sequence: null,
        stop_details: reply["stop_details"] ?? null,
        container: null,
      },
      usage: {
        input_tokens: usage.input_tokens,
        output_tokens: usage.output_tokens,
        cache_creation_input_tokens: usage.cache_creation_input_tokens,
        cache_read_input_tokens: usage.cache_read_input_tokens,
        output_tokens_details: null,
        server_tool_use: null,
      },
    }),
    event("message_stop", {}),
  );
  return events;
}

/** The event that ends a stream whose model has failed. */
export function errorEvent(type: string, message: string): string {
  return event("error", { error: { type, message } }, "error");
}

function blockEvents(block: WireBlock, index: number, cutInput: boolean): readonly string[] {
  const isText = block.type === "text";
  const json = JSON.stringify(block.input) ?? "";
  const input = cutInput ? json.slice(0, Math.ceil(json.length / 2)) : json;
  const whole = isText ? (block.text ?? "") : input;
  const start = isText ? { ...block, text: "" } : { ...block, input: {} };
  const deltas = pieces(whole, isText ? TEXT_PIECE : JSON_PIECE).map((part) =>
    event("content_block_delta", {
      index,
      delta: isText ? { type: "text_delta", text: part } : { type: "input_json_delta", partial_json: part },
    }),
  );
  return [
    event("content_block_start", { index, content_block: start }),
    ...deltas,
    event("content_block_stop", { index }),
  ];
}

function pieces(text: string, size: number): readonly string[] {
  // By code points, so that no piece ends within a surrogate pair.
  const points = Array.from(text);
  const parts: string[] = [];
  for (let at = 0; at < points.length; at += size) parts.push(points.slice(at, at + size).join(""));
  return parts;
}

function event(name: string, data: Readonly<Record<string, unknown>>, type = name): string {
  return `event: ${name}\ndata: ${JSON.stringify({ type, ...data })}\n\n`;
}
