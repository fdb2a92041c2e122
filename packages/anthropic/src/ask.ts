import { setTimeout as sleep } from "node:timers/promises";
import type { Anthropic } from "@anthropic-ai/sdk";
import { MnemosyneError, type ModelOptions, type ModelResponse, type TokenCounter } from "@mnemosyne/core";
import type { CircuitBreaker } from "./circuit-breaker.ts";
import { isBrokenReply, mapError } from "./errors.ts";
import { beginExchange, type Exchange } from "./exchange.ts";
import { boundInput } from "./input-bound.ts";
import type { MessageParams } from "./message-params.ts";
import type { TokenUsage } from "./prices.ts";
import { watchInputs } from "./whole-inputs.ts";

/** What every question needs: the client and how to treat it. */
export interface AskContext {
  readonly client: Anthropic;
  readonly provider: string;
  readonly maxRetries: number;
  readonly timeout: number;
  readonly idleTimeout: number;
  readonly counter: TokenCounter | undefined;
  readonly usdOf: (usage: TokenUsage, model: string) => number;
  readonly circuit: CircuitBreaker;
}

/** An answer, and the message that the next request repeats. */
export interface Answer {
  readonly message: Anthropic.Message;
  readonly response: ModelResponse;
}

/** From this many output tokens on the answer is streamed: a connection that is silent for minutes gets cut. */
const STREAM_FROM = 8192;
const FIRST_PAUSE = 500;

/**
 * Asks once and gives the whole answer. A reply that breaks off is asked for again, within the same number of retries
 * as other failures. Throws `E_MODEL_REFUSED` and `E_CONTEXT_OVERFLOW` for answers that are none.
 */
export async function ask(
  context: AskContext,
  params: MessageParams,
  options: ModelOptions,
  turn: number,
): Promise<Answer> {
  context.circuit.enter();
  try {
    const answer = await askUntilWhole(context, params, options, turn);
    context.circuit.succeeded();
    return answer;
  } catch (error) {
    context.circuit.failed(error);
    throw error;
  }
}

async function askUntilWhole(
  context: AskContext,
  params: MessageParams,
  options: ModelOptions,
  turn: number,
): Promise<Answer> {
  const input = boundInput(params, context.counter);
  let left = context.maxRetries;
  for (let round = 0; ; round++) {
    const exchange = openExchange(context, params, input.high, options, turn, left);
    try {
      const message = await askOnce(context.client, params, exchange);
      const response = await exchange.succeed(checked(message));
      calibrate(context, input.value, response);
      refuseNonAnswer(response, message);
      return { message, response };
    } catch (error) {
      const failure = await exchange.fail(error);
      left -= Math.max(1, exchange.attempts());
      if (!isBrokenReply(failure) || left < 0) throw failure;
    } finally {
      exchange.end();
    }
    // Between half and all of it, so that many that broke together do not come back together.
    await pause(FIRST_PAUSE * 2 ** round * (0.5 + Math.random() / 2), options.signal);
  }
}

/** Begins the exchange of one question with its facts for the observer. */
export function openExchange(
  context: AskContext,
  params: MessageParams,
  inputTokens: number,
  { observer, signal }: ModelOptions,
  turn: number,
  maxRetries: number,
): Exchange {
  return beginExchange({
    call: {
      provider: context.provider,
      model: params.model,
      inputTokens,
      maxTokens: params.max_tokens,
      turn,
    },
    observer,
    signal,
    maxRetries,
    timeout: context.timeout,
    idleTimeout: context.idleTimeout,
    response: { provider: context.provider, usdOf: context.usdOf },
  });
}

async function askOnce(
  client: Anthropic,
  params: MessageParams,
  exchange: Exchange,
): Promise<Anthropic.Message> {
  if (params.max_tokens <= STREAM_FROM)
    return client.messages.create({ ...params, stream: false }, exchange.request);
  const inputs = watchInputs();
  const stream = client.messages.stream(params, exchange.request);
  stream.on("streamEvent", (event) => inputs.see(event));
  const message = await stream.finalMessage();
  inputs.check(message);
  return message;
}

/** The message, if it is one: a proxy's page or half an object is a reply that could not be read. */
export function checked(message: Anthropic.Message): Anthropic.Message {
  const whole =
    typeof message === "object" &&
    message !== null &&
    Array.isArray(message.content) &&
    typeof message.stop_reason === "string" &&
    typeof message.usage?.input_tokens === "number" &&
    typeof message.usage.output_tokens === "number";
  if (!whole) throw new TypeError("the answer is not a whole message of the Messages API");
  return message;
}

/** Lets the counter learn from the provider's figure. */
export function calibrate(context: AskContext, estimate: number, response: ModelResponse): void {
  const { inputTokens, cacheReadTokens, cacheWriteTokens } = response.usage;
  context.counter?.calibrate(estimate, inputTokens + cacheReadTokens + cacheWriteTokens, response.model);
}

/** Throws for answers that carry none: refusals, and prompts that left no room. */
export function refuseNonAnswer(response: ModelResponse, message: Anthropic.Message): void {
  if (response.stopReason === "refusal") {
    const { category, explanation } = message.stop_details ?? {};
    throw new MnemosyneError(
      "E_MODEL_REFUSED",
      `The model refused to answer${explanation === undefined || explanation === null ? "" : `: ${explanation}`}.`,
      { kind: "conflict", hint: "Change the instructions.", details: { category: category ?? null } },
    );
  }
  if (response.stopReason === "contextOverflow")
    throw new MnemosyneError(
      "E_CONTEXT_OVERFLOW",
      "The model's context window is full; the answer was cut.",
      {
        kind: "conflict",
        hint: "Send less: lower the context's budget, or start a new conversation.",
      },
    );
}

async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(milliseconds, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    throw mapError(error, { aborted: "cancelled", reason: signal?.reason });
  }
}
