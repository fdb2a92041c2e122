import { Anthropic, type ClientOptions } from "@anthropic-ai/sdk";
import {
  MnemosyneError,
  type LanguageModel,
  type ModelCatalog,
  type ModelOptions,
  type ModelRequest,
  type TokenCount,
  type TokenCounter,
} from "@mnemosyne/core";
import { createCircuitBreaker, type CircuitOptions } from "./circuit-breaker.ts";
import { ask, type AskContext } from "./ask.ts";
import { defaultModel } from "./default-model.ts";
import { mapError } from "./errors.ts";
import { generateObject } from "./generate-object.ts";
import { baseParams, messageParams, withMessages, type MessageParams } from "./message-params.ts";
import { createModelCatalog } from "./model-catalog.ts";
import { usdOf } from "./prices.ts";
import { streamAnswer } from "./stream.ts";
import { runToolLoop } from "./tool-loop.ts";

/** Options of {@link createAnthropicModel}. */
export interface AnthropicModelOptions {
  /** A client of your own; then `apiKey`, `baseURL` and `fetch` do not count. */
  readonly client?: Anthropic;
  /** Default: `ANTHROPIC_API_KEY`, or what else the SDK finds (a token, a profile). */
  readonly apiKey?: string;
  /** Default: `ANTHROPIC_BASE_URL`, else the provider's address. */
  readonly baseURL?: string;
  readonly fetch?: NonNullable<ClientOptions["fetch"]>;
  /** Default: `MNEMOSYNE_MODEL`, else `claude-sonnet-5-5`. */
  readonly model?: string;
  /** What every response and record names. Default `anthropic`; `scripted` where a script answers. */
  readonly provider?: string;
  /** Tries after the first for 408, 409, 429, 5xx, lost connections and broken replies. Default: the client's, 2. */
  readonly maxRetries?: number;
  /** Milliseconds for one answer with all its tries and waits. Default: the client's, 10 minutes. */
  readonly timeout?: number;
  /** Milliseconds without a byte of a stream before it counts as stalled. Default 2 minutes. */
  readonly idleTimeout?: number;
  /** When a provider that keeps failing is left alone: 5 failed questions in a row, for 30 s. `false`: never. */
  readonly circuit?: CircuitOptions | false;
  /** Mark system prompt, tools and the growing end of tool loops for the provider's prompt cache. Default true. */
  readonly promptCache?: boolean;
  /** Windows and prices. Default: the built-in table. */
  readonly catalog?: ModelCatalog;
  /** Gives the upper estimates that observers reserve by, and learns from each answer. Default: core's estimate. */
  readonly counter?: TokenCounter;
}

/** A language model on the Anthropic API. */
export interface AnthropicModel extends LanguageModel {
  readonly catalog: ModelCatalog;
  /** Asks the provider how many input tokens a request has; exact, free of charge, limited in rate. */
  countTokens(request: ModelRequest, options?: { readonly signal?: AbortSignal }): Promise<TokenCount>;
}

const DEFAULT_IDLE_TIMEOUT = 120_000;

/**
 * A language model on the Anthropic API through its SDK. No request leaves before a method is called, and no key is
 * needed before that; without one the first call throws `E_MODEL_AUTH`. Errors are those of {@link LanguageModel},
 * `E_SCRIPT` where a script or a tape has no answer, and `E_MODEL` for requests that the provider refuses.
 *
 * @example
 * const model = createAnthropicModel({ model: "claude-haiku-5-5" });
 * const { text, usage } = await model.generate({ messages: [{ role: "user", content: "Hello" }] });
 */
export function createAnthropicModel(options: AnthropicModelOptions = {}): AnthropicModel {
  const client = options.client ?? createClient(options);
  const model = options.model ?? defaultModel();
  const catalog = options.catalog ?? createModelCatalog({ client });
  const cache = options.promptCache ?? true;
  const context: AskContext = {
    client,
    provider: options.provider ?? "anthropic",
    maxRetries: whole("maxRetries", options.maxRetries ?? client.maxRetries, 0),
    timeout: whole("timeout", options.timeout ?? client.timeout, 1),
    idleTimeout: whole("idleTimeout", options.idleTimeout ?? DEFAULT_IDLE_TIMEOUT, 1),
    counter: options.counter,
    circuit: createCircuitBreaker(options.circuit === false ? { failures: Infinity } : options.circuit),
    usdOf: (usage, name) => usdOf(usage, catalog.get(name) ?? catalog.get(model)),
  };
  const base = (request: ModelRequest, tools?: Parameters<LanguageModel["runTools"]>[0]["tools"]) => {
    const name = request.model ?? model;
    return baseParams(request, {
      model: name,
      maxOutputTokens: catalog.get(name)?.maxOutputTokens,
      cachePrefix: cache,
      ...(tools === undefined ? {} : { tools }),
    });
  };
  const paramsOf = (request: ModelRequest): MessageParams =>
    withMessages(base(request), messageParams(request.messages), false);

  return {
    provider: context.provider,
    model,
    catalog,
    async generate(request, options = {}) {
      const { response } = await ask(context, paramsOf(request), options, 1);
      return response;
    },
    stream: (request, options: ModelOptions = {}) => streamAnswer(context, paramsOf(request), options),
    generateObject: async (request, options = {}) =>
      generateObject(context, base(request), messageParams(request.messages), request.schema, options),
    runTools: async (request, options) =>
      runToolLoop(context, base(request, request.tools), request, options, cache),
    async countTokens(request, { signal } = {}) {
      const { max_tokens: _, stop_sequences: __, ...counted } = paramsOf(request);
      try {
        const { input_tokens: value } = await client.messages.countTokens(
          counted,
          signal === undefined ? {} : { signal },
        );
        return { value, low: value, high: value, source: "countTokens" };
      } catch (error) {
        throw mapError(
          error,
          signal?.aborted === true ? { aborted: "cancelled", reason: signal.reason } : {},
        );
      }
    },
  };
}

function createClient({ apiKey, baseURL, fetch }: AnthropicModelOptions): Anthropic {
  return new Anthropic({
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(baseURL === undefined ? {} : { baseURL }),
    ...(fetch === undefined ? {} : { fetch }),
    // A library prints nothing, unless the SDK's own switch asks for it.
    ...(process.env["ANTHROPIC_LOG"] === undefined ? { logLevel: "off" as const } : {}),
  });
}

function whole(path: string, value: number, least: number): number {
  if (Number.isInteger(value) && value >= least) return value;
  throw new MnemosyneError("E_INPUT", `${path} is ${value}; give a whole number from ${least} on.`, {
    kind: "input",
    path,
  });
}
