import type { Tool } from "@mnemosyne/core";
import { defineTool } from "./define-tool.ts";
import { linesOf } from "./text-file.ts";
import type { ToolWorld } from "./tool-world.ts";

/** `write`: a whole file. */
export function writeTool({ workspace, redact }: ToolWorld): Tool {
  return defineTool<{ path: string; content: string }>(
    {
      name: "write",
      description:
        "Writes a whole text file of the workspace; folders are made, an existing file is replaced. To change part of a file use edit.",
      properties: {
        path: { type: "string", minLength: 1, description: "Path relative to the workspace" },
        content: { type: "string", maxLength: 2_000_000, description: "The whole new content" },
      },
      required: ["path", "content"],
      async run({ path, content }) {
        const existed = await workspace.exists(path);
        await workspace.write(path, content);
        const lines = linesOf(content).length;
        return `${existed ? "Replaced" : "Created"} '${path}': ${lines} ${lines === 1 ? "line" : "lines"}, ${Buffer.byteLength(content)} bytes.`;
      },
    },
    redact,
  );
}
