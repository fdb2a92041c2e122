import type { Anthropic } from "@anthropic-ai/sdk";

/** Watches the tool inputs of a stream. */
export interface InputWatch {
  see(event: Anthropic.MessageStreamEvent): void;
  /** Throws when a tool's input has not come whole in an answer that was not cut at its limit. */
  check(message: Anthropic.Message): void;
}

/**
 * A watch for inputs that end in the middle. The SDK closes an unfinished object silently, and a tool would then
 * act on half of what the model wrote.
 */
export function watchInputs(): InputWatch {
  const inputs = new Map<number, string>();
  return {
    see(event) {
      if (event.type !== "content_block_delta" || event.delta.type !== "input_json_delta") return;
      inputs.set(event.index, (inputs.get(event.index) ?? "") + event.delta.partial_json);
    },
    check(message) {
      if (message.stop_reason === "max_tokens") return;
      for (const json of inputs.values()) if (json !== "") JSON.parse(json);
    },
  };
}
