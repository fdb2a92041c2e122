import type { AgentContext, Tool } from "@mnemosyne/core";
import type { Redactor } from "../secrets.ts";
import { defineTool } from "../tools/define-tool.ts";

/** What a model wants done with its task. */
export interface HandOff {
  readonly tool: Tool;
  /** To whom, once it has asked for it. */
  readonly wanted: () => { readonly to: string; readonly reason: string } | undefined;
}

/** Makes `hand_off`; undefined where there is nobody to hand the task to. */
export function createHandOff({ handOffTo = [] }: AgentContext, redact: Redactor): HandOff | undefined {
  if (handOffTo.length === 0) return undefined;
  let wanted: { to: string; reason: string } | undefined;
  const tool = defineTool<{ to: string; reason: string }>(
    {
      name: "hand_off",
      description: `Gives the rest of this task to another agent (${handOffTo.join(", ")}), who sees all that you did. Only when that one is better placed; say what is left to do.`,
      properties: {
        to: { type: "string", enum: [...handOffTo] },
        reason: { type: "string", minLength: 1 },
      },
      required: ["to", "reason"],
      async run(input) {
        wanted = input;
        return "Accepted. End now with one short sentence and no further tool call.";
      },
    },
    redact,
  );
  return { tool, wanted: () => wanted };
}
