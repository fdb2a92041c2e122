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
  /** Notes what a refused call was told, wherever it was refused. */
  readonly refused: (told: string) => void;
  /** What the last refused call was told. */
  readonly fault: () => string | undefined;
}

/** Makes `finish` for an output's schema. What does not fit is refused with what is wrong. */
export function createFinish(schema: JsonObject, redact: Redactor): FinishLine {
  let result: Finish | undefined;
  let fault: string | undefined;
  const tool = defineTool<{ report: string; output: Json }>(
    {
      name: "finish",
      description:
        "Hands in the finished work: a report of what was done, and the output. Call it once, at the very end; nothing else follows it.",
      properties: { report: { type: "string", minLength: 1 }, output: embedded(schema) },
      required: ["report", "output"],
      async run({ report, output }) {
        const faults = schemaFaults(schema, output);
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
  return {
    tool,
    result: () => result,
    refused: (told) => {
      fault = told;
    },
    fault: () => fault,
  };
}

/** The schema inside the tool's own. References to its root would lead elsewhere there; such a schema is told as text. */
function embedded(schema: JsonObject): JsonObject {
  const text = JSON.stringify(schema);
  return text.includes('"$ref"') ? { description: `Must fit this JSON Schema: ${text}` } : schema;
}
