import type { Json, JsonObject } from "../json.ts";

/** What a tool may use while it runs. */
export interface ToolContext {
  readonly signal: AbortSignal;
  /** The same for a repeated execution of the same attempt. */
  readonly idempotencyKey: string;
  /** Called with what the tool did, to be journalled. */
  readonly onUse?: (use: ToolUse) => void;
}

/** One use of a tool. */
export interface ToolUse {
  readonly tool: string;
  readonly input: Json;
  readonly ok: boolean;
  /** The first part of what it answered. */
  readonly summary: string;
  readonly durationMs: number;
}

/** What a tool answers the model. */
export interface ToolResult {
  readonly content: string;
  readonly isError?: boolean;
}

/** Something a model can call. */
export interface Tool {
  /** Letters, digits, `_` and `-`; at most 64. */
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the input: an object. */
  readonly inputSchema: JsonObject;
  /** Changes nothing. */
  readonly readOnly?: boolean;
  /** Changes with what it does: part of a finished task's key, beside its name, description and schema. */
  readonly version?: string;
  /**
   * Input has been checked against the schema. A thrown error becomes an error result that the model sees; a thrown
   * `E_CANCELLED`, `E_BUDGET` or `E_WAITING` ends the loop.
   */
  execute(input: Json, context: ToolContext): Promise<ToolResult>;
}
