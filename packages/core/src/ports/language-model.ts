import type { Json, JsonObject } from "../json.ts";
import type { Tool, ToolContext } from "./tool.ts";

/** A piece of a message. */
export type ContentBlock =
  | {
      readonly type: "text";
      readonly text: string;
      /** End of a stable prefix: the provider may cache up to here. */ readonly cache?: boolean;
    }
  | { readonly type: "toolUse"; readonly id: string; readonly name: string; readonly input: Json }
  | {
      readonly type: "toolResult";
      readonly toolUseId: string;
      readonly content: string;
      readonly isError?: boolean;
    };

/** One message of a conversation. */
export interface ModelMessage {
  readonly role: "user" | "assistant";
  readonly content: string | readonly ContentBlock[];
}

/** Tokens and money of one call, as the provider reported them. */
export interface ModelUsage {
  /** Uncached input. */
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  readonly usd: number;
}

/** What a model is asked. */
export interface ModelRequest {
  /** Stable instructions; recalled text never belongs here. */
  readonly system?: string;
  readonly messages: readonly ModelMessage[];
  /** Default 4096. */
  readonly maxTokens?: number;
  readonly effort?: "low" | "medium" | "high" | "max";
  readonly stopSequences?: readonly string[];
  /** Another model of the same provider for this call. */
  readonly model?: string;
}

/** Why a model stopped. */
export type StopReason =
  | "end"
  | "maxTokens"
  | "stopSequence"
  | "toolUse"
  | "refusal"
  | "contextOverflow"
  | "pause";

/** What a model answered. */
export interface ModelResponse {
  readonly id: string;
  readonly provider: string;
  readonly model: string;
  readonly content: readonly ContentBlock[];
  /** All text blocks joined. */
  readonly text: string;
  readonly stopReason: StopReason;
  readonly usage: ModelUsage;
  readonly durationMs: number;
}

/** A call that is about to leave: enough to reserve its upper bound. */
export interface ModelCall {
  readonly provider: string;
  readonly model: string;
  /** Upper estimate of the input's tokens. */
  readonly inputTokens: number;
  readonly maxTokens: number;
  readonly turn: number;
}

/** Sees every call before and after; throwing before (e.g. `E_BUDGET`) keeps it from being sent. */
export interface CallObserver {
  before?(call: ModelCall): Promise<void> | void;
  /** `response` is missing when the call failed. */
  after?(
    call: ModelCall,
    result: { readonly response?: ModelResponse; readonly error?: unknown; readonly durationMs: number },
  ): Promise<void> | void;
}

/** Options of every call. */
export interface ModelOptions {
  readonly signal?: AbortSignal;
  readonly observer?: CallObserver;
}

/** A conversation in which the model uses tools until it is done. */
export interface ToolLoopRequest extends ModelRequest {
  readonly tools: readonly Tool[];
  /** Reaching it is a failure (`E_TURN_LIMIT`), never success. Default 20. */
  readonly maxTurns?: number;
}

/** Options of a tool loop. */
export interface ToolLoopOptions extends ModelOptions {
  readonly toolContext: ToolContext;
  readonly onTurn?: (response: ModelResponse) => void;
  /**
   * Called with the whole conversation when the tools of a turn have answered; the model is asked again when it resolves,
   * and the loop ends with what it throws.
   */
  readonly afterTools?: (messages: readonly ModelMessage[]) => Promise<void> | void;
}

/** What a tool loop came to. */
export interface ToolLoopResult {
  readonly response: ModelResponse;
  readonly messages: readonly ModelMessage[];
  readonly turns: number;
  readonly usage: ModelUsage;
}

/** A piece of a streamed answer. */
export type ModelStreamEvent =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "toolUse"; readonly id: string; readonly name: string }
  | { readonly type: "done"; readonly response: ModelResponse };

/**
 * A language model. Errors: `E_MODEL_AUTH` (not retryable), `E_MODEL_OVERLOADED` (429, 529, 5xx; retryable), `E_MODEL_REFUSED`,
 * `E_CONTEXT_OVERFLOW`, `E_MODEL_OUTPUT` (output does not fit its schema after one repair), `E_TURN_LIMIT`, `E_CANCELLED`, `E_TIMEOUT`.
 */
export interface LanguageModel {
  readonly provider: string;
  readonly model: string;
  generate(request: ModelRequest, options?: ModelOptions): Promise<ModelResponse>;
  stream(request: ModelRequest, options?: ModelOptions): AsyncIterable<ModelStreamEvent>;
  /** An answer that fits a JSON Schema; one try to repair a misfit. */
  generateObject(
    request: ModelRequest & { readonly schema: JsonObject; readonly schemaName?: string },
    options?: ModelOptions,
  ): Promise<{ readonly value: Json; readonly response: ModelResponse; readonly usage: ModelUsage }>;
  runTools(request: ToolLoopRequest, options: ToolLoopOptions): Promise<ToolLoopResult>;
}

/** Prices in USD per million tokens. */
export interface ModelPrices {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  /** From this many prompt tokens on, other prices apply to the whole call. */
  readonly above?: { readonly tokens: number; readonly input: number; readonly output: number };
}

/** What is known of a model. */
export interface ModelInfo {
  readonly model: string;
  readonly contextTokens: number;
  readonly maxOutputTokens: number;
  readonly prices?: ModelPrices;
  /** `table`: built in; `api`: read from the provider. */
  readonly source: "table" | "api";
}

/** Knows models: windows and prices. */
export interface ModelCatalog {
  get(model: string): ModelInfo | undefined;
  list(): readonly ModelInfo[];
  /** Reads the provider's list; prices that it does not give stay. */
  refresh(options?: { readonly signal?: AbortSignal }): Promise<void>;
}

/** A number of tokens and how sure it is. */
export interface TokenCount {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly source: "usage" | "countTokens" | "estimate";
}

/** Counts tokens of text. */
export interface TokenCounter {
  count(text: string, model?: string): TokenCount;
  /** Learns from an exact figure of the provider for a text that was estimated. */
  calibrate(estimate: number, exact: number, model?: string): void;
}
