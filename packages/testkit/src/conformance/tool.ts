import {
  isMnemosyneError,
  type Json,
  type Tool,
  type ToolContext,
  type ToolResult,
  type ToolUse,
} from "@mnemosyne/core";
import { holds, same, soon, type ConformanceCheck } from "./check.ts";

/** What the suite needs to exercise a tool. */
export interface ToolConformanceOptions {
  readonly tool: Tool;
  /** Inputs that fit its schema. */
  readonly inputs: readonly Json[];
}

/** What every tool must do. */
export function toolConformance({ tool, inputs }: ToolConformanceOptions): readonly ConformanceCheck[] {
  return [
    {
      name: "its name, description and schema can be sent to a model",
      async run() {
        holds(/^[A-Za-z0-9_-]{1,64}$/.test(tool.name), `'${tool.name}' is not a legal name`);
        holds(tool.description.trim() !== "", "the description is empty");
        same(tool.inputSchema["type"], "object", "type of the input schema");
        same(JSON.parse(JSON.stringify(tool.inputSchema)), tool.inputSchema, "the schema as JSON");
      },
    },
    ...inputs.map((input, index) => ({
      name: `it answers input ${index + 1} with text, and leaves the input as it was`,
      async run() {
        const before = JSON.stringify(input);
        const uses: ToolUse[] = [];
        const result = await tool.execute(input, toolContext(new AbortController().signal, uses));
        checkResult(result);
        same(JSON.stringify(input), before, "the input");
        holds(uses.length <= 1, `one execution was reported ${uses.length} times`);
        for (const use of uses) {
          same(use.tool, tool.name, "the reported name");
          same(use.ok, result.isError !== true, "whether the reported use was ok");
        }
      },
    })),
    {
      name: "it ends soon when it is aborted before it begins, and does not claim success by a crash",
      async run() {
        const [input] = inputs;
        holds(input !== undefined, "give the suite at least one input");
        const call = tool
          .execute(input, toolContext(AbortSignal.abort(), []))
          .then(checkResult, (error: unknown) =>
            holds(
              isMnemosyneError(error) || (error instanceof Error && error.name === "AbortError"),
              `it threw ${String(error)}, which is neither an abort nor a MnemosyneError`,
            ),
          );
        await soon(call, 2000, "an aborted execution");
      },
    },
  ];
}

function checkResult(result: ToolResult): void {
  same(typeof result.content, "string", "type of the content");
  holds(result.isError === undefined || typeof result.isError === "boolean", "isError is no boolean");
}

function toolContext(signal: AbortSignal, uses: ToolUse[]): ToolContext {
  return { signal, idempotencyKey: "conformance:tool:1", onUse: (use) => void uses.push(use) };
}
