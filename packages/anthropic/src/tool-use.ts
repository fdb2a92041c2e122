import {
  MnemosyneError,
  isAbortError,
  isMnemosyneError,
  toErrorRecord,
  type ContentBlock,
  type Tool,
  type ToolContext,
  type ToolResult,
  type ToolUse,
} from "@mnemosyne/core";
import { mapError } from "./errors.ts";
import { schemaCheck, type SchemaCheck } from "./json-schema.ts";

/** What the model asked for. */
export type ToolUseBlock = Extract<ContentBlock, { readonly type: "toolUse" }>;

/** Answers tool uses: checks the name and the input, runs the tool, reports the use. */
export type ToolRunner = (use: ToolUseBlock) => Promise<ToolResult>;

/** Errors that end the loop: what they say concerns the caller, not the model. */
const ENDING: ReadonlySet<string> = new Set(["E_CANCELLED", "E_BUDGET", "E_WAITING"]);
const SUMMARY = 300;

/**
 * Makes a runner of tools. An unknown tool, an input that does not fit, and what a tool throws become error results
 * that the model can act on; `E_CANCELLED`, `E_BUDGET` and `E_WAITING` are thrown on. Each use is reported to the
 * context's `onUse` once: by the tool, or for a tool that does not, by the runner.
 * Throws `E_INPUT` for two tools of one name, or a schema that cannot be used.
 */
export function toolRunner(tools: readonly Tool[], context: ToolContext): ToolRunner {
  const known = new Map<string, { readonly tool: Tool; readonly check: SchemaCheck }>();
  for (const [index, tool] of tools.entries()) {
    if (known.has(tool.name))
      throw new MnemosyneError(
        "E_INPUT",
        `Two tools are named '${tool.name}'; give each a name of its own.`,
        {
          kind: "input",
          path: `tools[${index}].name`,
        },
      );
    known.set(tool.name, { tool, check: schemaCheck(tool.inputSchema, `tools[${index}].inputSchema`) });
  }

  return async ({ name, input }) => {
    const began = performance.now();
    let reported = false;
    const report = (use: ToolUse): void => {
      reported = true;
      context.onUse?.(use);
    };
    const done = (result: ToolResult): ToolResult => {
      if (!reported)
        report({
          tool: name,
          input,
          ok: result.isError !== true,
          summary: result.content.slice(0, SUMMARY),
          durationMs: performance.now() - began,
        });
      return result;
    };
    if (context.signal.aborted) throw cancelled(context.signal);
    const entry = known.get(name);
    if (entry === undefined)
      return done(fault(`There is no tool '${name}'. Use one of: ${[...known.keys()].join(", ")}.`));
    const faults = entry.check(input);
    if (faults.length > 0)
      return done(fault(`The input does not fit the tool's schema: ${faults.join("; ")}.`));
    try {
      return done(await entry.tool.execute(input, { ...context, onUse: report }));
    } catch (error) {
      if (isMnemosyneError(error) && ENDING.has(error.code)) throw error;
      if (context.signal.aborted || isAbortError(error)) throw cancelled(context.signal, error);
      return done(fault(describe(error)));
    }
  };
}

function fault(message: string): ToolResult {
  return { content: `Error: ${message}`, isError: true };
}

function describe(error: unknown): string {
  const { code, message, hint } = toErrorRecord(error);
  return `${code === "E_INTERNAL" ? "" : `${code}: `}${message}${hint === undefined ? "" : ` ${hint}`}`;
}

function cancelled(signal: AbortSignal, error?: unknown): MnemosyneError {
  const reason: unknown = signal.reason;
  return mapError(error, { aborted: "cancelled", reason });
}

/** A tool result as a block of the next message. */
export function resultBlock(
  use: ToolUseBlock,
  result: ToolResult,
): Extract<ContentBlock, { readonly type: "toolResult" }> {
  return {
    type: "toolResult",
    toolUseId: use.id,
    content: result.content,
    ...(result.isError === true ? { isError: true } : {}),
  };
}
