import { defineTool } from "@mnemosyne/core";

/** A tool for a model: how many words a text has. */
export const countWordsTool = defineTool({
  name: "count_words",
  description: "Counts the words of a text.",
  readOnly: true,
  inputSchema: {
    type: "object",
    additionalProperties: false,
    required: ["text"],
    properties: { text: { type: "string" } },
  },
  async execute(input, { signal }) {
    signal.throwIfAborted();
    const { text } = input as { readonly text: string };
    return { content: String(text.match(/\S+/g)?.length ?? 0) };
  },
});
