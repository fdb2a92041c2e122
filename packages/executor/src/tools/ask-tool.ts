import type { Tool } from "@mnemosyne/core";
import type { Redactor } from "../secrets.ts";
import { defineTool } from "./define-tool.ts";

/** `ask`: a question to a person; the execution ends and goes on when it is answered. */
export function askTool(ask: (question: string) => never, redact: Redactor): Tool {
  return defineTool<{ question: string }>(
    {
      name: "ask",
      description:
        "Asks the person who runs this a question and stops until it is answered. Only for what neither the task nor the files can tell and a wrong guess would spoil.",
      properties: { question: { type: "string", minLength: 1, maxLength: 4000 } },
      required: ["question"],
      run: async ({ question }) => ask(question),
    },
    redact,
  );
}
