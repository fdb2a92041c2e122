import {
  isMnemosyneError,
  toErrorRecord,
  type Json,
  type JsonObject,
  type Tool,
  type ToolContext,
  type ToolResult,
} from "@mnemosyne/core";
import { concernsEngine } from "../failure.ts";
import { schemaFaults } from "../json-schema.ts";
import { journalled, type Redactor } from "../secrets.ts";
import { firstCharacters } from "../text-cap.ts";

/** What a tool's work gives: its answer, or the answer with what is recorded of it. */
export type ToolAnswer = string | (ToolResult & { readonly summary?: string });

/** A tool as its author writes it: checked input in, text out. */
export interface ToolDefinition<Input> {
  readonly name: string;
  readonly description: string;
  readonly properties: JsonObject;
  readonly required: readonly (keyof Input & string)[];
  readonly readOnly?: boolean;
  /** What it throws the model reads as an error, except what concerns the engine. */
  readonly run: (input: Input, context: ToolContext) => Promise<ToolAnswer>;
}

/**
 * Makes a tool that checks its input by its schema, answers errors as text that says what to do, and reports each use
 * to `onUse` with its input redacted and capped.
 */
export function defineTool<Input extends object>(definition: ToolDefinition<Input>, redact: Redactor): Tool {
  const inputSchema: JsonObject = {
    type: "object",
    properties: definition.properties,
    required: definition.required,
    additionalProperties: false,
  };
  return {
    name: definition.name,
    description: definition.description,
    inputSchema,
    ...(definition.readOnly === true ? { readOnly: true } : {}),
    async execute(input, context) {
      const began = performance.now();
      const use = (
        result: ToolResult,
        summary = firstCharacters(redact(result.content), 300),
      ): ToolResult => {
        context.onUse?.({
          tool: definition.name,
          input: journalled(input, redact),
          ok: result.isError !== true,
          summary,
          durationMs: performance.now() - began,
        });
        return result;
      };
      try {
        context.signal.throwIfAborted();
        const faults = schemaFaults(inputSchema, input);
        if (faults.length > 0) return use(toolError(`The input is not right: ${faults.join("; ")}`));
        const answer = await definition.run(input as Input & Json, context);
        if (typeof answer === "string") return use({ content: answer });
        const { summary, ...result } = answer;
        return use(result, summary);
      } catch (error) {
        if (context.signal.aborted || (isMnemosyneError(error) && concernsEngine(error))) throw error;
        return use(toolError(sayError(error)));
      }
    },
  };
}

/** An answer that tells the model what went wrong. */
export function toolError(message: string): ToolResult {
  return { content: `Error: ${message}`, isError: true };
}

function sayError(error: unknown): string {
  const { code, message, hint } = toErrorRecord(error);
  return `${code === "E_INTERNAL" ? "" : `${code}: `}${message}${hint === undefined ? "" : ` ${hint}`}`;
}
