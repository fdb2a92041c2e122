import type { Json, JsonObject, Tool } from "@mnemosyne/core";
import { schemaFaults } from "../json-schema.ts";
import { defineTool } from "../tools/define-tool.ts";
import type { Redactor } from "../secrets.ts";

/** What a model handed in through `finish`. */
export interface Finish {
  readonly report: string;
  readonly output: Json;
}

/** The tool by which a model hands in structured output, and what it handed in. */
export interface FinishLine {
  readonly tool: Tool;
  /** The last accepted result. */
  readonly result: () => Finish | undefined;
  /** What was wrong with the last refused one. */
  readonly faults: () => readonly string[];
}

/** Makes `finish` for an output's schema. What does not fit is refused with what is wrong. */
export function createFinish(schema: JsonObject, redact: Redactor): FinishLine {
  let result: Finish | undefined;
  let faults: readonly string[] = [];
  const tool = defineTool<{ report: string; output: Json }>(
    {
      name: "finish",
      description:
        "Hands in the finished work: a report of what was done, and the output. Call it once, at the very end; nothing else follows it.",
      properties: { report: { type: "string", minLength: 1 }, output: withoutReferences(schema) },
      required: ["report", "output"],
      async run({ report, output }) {
        faults = schemaFaults(schema, output);
        if (faults.length > 0)
          return {
            content: `Error: the output does not fit its schema: ${faults.join("; ")}. Correct it and call finish again.`,
            isError: true,
          };
        result = { report, output };
        return "Accepted. The task is over: end now with one short sentence and no further tool call.";
      },
    },
    redact,
  );
  return { tool, result: () => result, faults: () => faults };
}

/** A schema with references to its own root cannot stand inside another one; its root keywords are then checked by `run` alone. */
function withoutReferences(schema: JsonObject): JsonObject {
  return JSON.stringify(schema).includes('"$ref"') ? {} : schema;
}
