import { estimateTokenCount, type TokenCount, type TokenCounter } from "@mnemosyne/core";
import type { MessageParams } from "./message-params.ts";

/** Tokens that a provider adds to a request, a tool and a message of its own, rounded up. */
const FRAME = { request: 32, tools: 600, tool: 60, message: 8, schema: 600 } as const;

/** Middle and upper estimate of a request's input. */
export interface InputBound {
  readonly value: number;
  readonly high: number;
}

/** Counts a request's input piece by piece. `high` is meant as a bound: it is the band's upper end and every frame. */
export function boundInput(params: MessageParams, counter: TokenCounter | undefined): InputBound {
  let value = 0;
  let high = FRAME.request;
  const add = (text: string): void => {
    const count: TokenCount =
      counter === undefined ? estimateTokenCount(text, params.model) : counter.count(text, params.model);
    value += count.value;
    high += count.high;
  };
  if (typeof params.system === "string") add(params.system);
  else for (const block of params.system ?? []) add(block.text);
  if (params.tools !== undefined && params.tools.length > 0) high += FRAME.tools;
  for (const tool of params.tools ?? []) {
    high += FRAME.tool;
    add(JSON.stringify(tool));
  }
  const format = params.output_config?.format;
  if (format !== undefined && format !== null) {
    high += FRAME.schema;
    add(JSON.stringify(format.schema));
  }
  for (const message of params.messages) {
    high += FRAME.message;
    if (typeof message.content === "string") add(message.content);
    else for (const block of message.content) add(block.type === "text" ? block.text : JSON.stringify(block));
  }
  return { value, high };
}
