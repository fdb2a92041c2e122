import type { ModelOptions, ModelStreamEvent } from "@mnemosyne/core";
import { calibrate, checked, openExchange, refuseNonAnswer, type AskContext } from "./ask.ts";
import { boundInput } from "./input-bound.ts";
import type { MessageParams } from "./message-params.ts";
import { watchInputs } from "./whole-inputs.ts";

/**
 * Asks and passes the answer on as it comes; the last event is `done`. A stream that breaks off throws and has no
 * `done`; it is not begun again, because its reader has seen a part. Leaving the loop ends the request.
 */
export async function* streamAnswer(
  context: AskContext,
  params: MessageParams,
  options: ModelOptions,
): AsyncGenerator<ModelStreamEvent, void, undefined> {
  context.circuit.enter();
  const input = boundInput(params, context.counter);
  const exchange = openExchange(context, params, input.high, options, 1, context.maxRetries);
  const inputs = watchInputs();
  let known = false;
  try {
    const events = context.client.messages.stream(params, exchange.request);
    for await (const event of events) {
      inputs.see(event);
      if (event.type === "content_block_delta" && event.delta.type === "text_delta")
        yield { type: "text", text: event.delta.text };
      else if (event.type === "content_block_start" && event.content_block.type === "tool_use")
        yield { type: "toolUse", id: event.content_block.id, name: event.content_block.name };
    }
    const message = await events.finalMessage();
    inputs.check(message);
    known = true;
    const response = await exchange.succeed(checked(message));
    context.circuit.succeeded();
    calibrate(context, input.value, response);
    refuseNonAnswer(response, message);
    yield { type: "done", response };
  } catch (error) {
    known = true;
    const failure = await exchange.fail(error);
    context.circuit.failed(failure);
    throw failure;
  } finally {
    // The reader left in the middle: what was sent is charged, and the observer has to hear of it.
    if (!known)
      context.circuit.failed(
        await exchange.fail(new DOMException("The reader left the stream.", "AbortError")),
      );
    exchange.end();
  }
}
