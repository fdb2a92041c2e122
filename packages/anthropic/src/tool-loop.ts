import type { Anthropic } from "@anthropic-ai/sdk";
import {
  MnemosyneError,
  type ModelMessage,
  type ToolLoopOptions,
  type ToolLoopRequest,
  type ToolLoopResult,
} from "@mnemosyne/core";
import { ask, type AskContext } from "./ask.ts";
import { messageParams, withMessages, type MessageParams } from "./message-params.ts";
import { NO_MODEL_USAGE, addModelUsage, repeatable } from "./response.ts";
import { resultBlock, toolRunner, type ToolUseBlock } from "./tool-use.ts";

const DEFAULT_TURNS = 20;

/**
 * Lets the model use tools until it answers without. Tools of one turn run one after another, in the order in which
 * the model asked. Every request carries the whole conversation, thinking included; its end is a cache breakpoint.
 */
export async function runToolLoop(
  context: AskContext,
  base: Omit<MessageParams, "messages">,
  request: ToolLoopRequest,
  options: ToolLoopOptions,
  cache: boolean,
): Promise<ToolLoopResult> {
  const { maxTurns = DEFAULT_TURNS } = request;
  if (!(Number.isInteger(maxTurns) && maxTurns > 0))
    throw new MnemosyneError("E_INPUT", `maxTurns is ${maxTurns}; give a whole number above 0.`, {
      kind: "input",
      path: "maxTurns",
    });
  const run = toolRunner(request.tools, options.toolContext);
  const asking = { ...options, signal: options.signal ?? options.toolContext.signal };
  const sent: Anthropic.MessageParam[] = messageParams(request.messages);
  const messages: ModelMessage[] = [...request.messages];
  let usage = NO_MODEL_USAGE;
  for (let turn = 1; turn <= maxTurns; turn++) {
    const { message, response } = await ask(context, withMessages(base, sent, cache), asking, turn);
    usage = addModelUsage(usage, response.usage);
    options.onTurn?.(response);
    messages.push({ role: "assistant", content: response.content });
    switch (response.stopReason) {
      case "end":
      case "stopSequence":
        return { response, messages, turns: turn, usage };
      case "maxTokens":
        throw cutOff(base.max_tokens, turn);
      case "pause":
        sent.push(repeatable(message));
        break;
      case "toolUse": {
        if (turn === maxTurns) break;
        const uses = response.content.filter((block): block is ToolUseBlock => block.type === "toolUse");
        if (uses.length === 0) throw noToolUse(turn);
        const results = [];
        for (const use of uses) results.push(resultBlock(use, await run(use)));
        const answer: ModelMessage = { role: "user", content: results };
        messages.push(answer);
        sent.push(repeatable(message), ...messageParams([answer]));
        await options.afterTools?.(messages);
        break;
      }
      case "refusal":
      case "contextOverflow":
        throw new MnemosyneError("E_INTERNAL", `A ${response.stopReason} came through as an answer.`, {
          kind: "internal",
        });
    }
  }
  throw new MnemosyneError("E_TURN_LIMIT", `The model was not done after ${maxTurns} turns.`, {
    kind: "conflict",
    hint: "Raise maxTurns, or make the task smaller.",
    details: { turns: maxTurns },
  });
}

function cutOff(maxTokens: number, turn: number): MnemosyneError {
  return new MnemosyneError(
    "E_MODEL_OUTPUT",
    `The model's answer in turn ${turn} was cut at ${maxTokens} tokens; a tool use in it cannot be trusted.`,
    {
      kind: "conflict",
      retryable: true,
      hint: "Raise maxTokens, or ask for smaller steps.",
      details: { turn, maxTokens },
    },
  );
}

function noToolUse(turn: number): MnemosyneError {
  return new MnemosyneError(
    "E_MODEL_OUTPUT",
    `The model stopped for a tool in turn ${turn} but named none.`,
    {
      kind: "conflict",
      retryable: true,
      details: { turn },
    },
  );
}
