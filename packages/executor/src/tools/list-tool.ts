import type { Tool } from "@mnemosyne/core";
import { defineTool } from "./define-tool.ts";
import type { ToolWorld } from "./tool-world.ts";

const MOST_PATHS = 500;

/** `list`: paths of files. */
export function listTool({ workspace, redact }: ToolWorld): Tool {
  return defineTool<{ glob?: string }>(
    {
      name: "list",
      description: `Lists files of the workspace, sorted, at most ${MOST_PATHS}; ignored and cache folders are left out.`,
      readOnly: true,
      properties: {
        glob: { type: "string", minLength: 1, description: "Such as src/**/*.ts. Default: all files" },
      },
      required: [],
      async run({ glob }) {
        const paths = await workspace.list(glob, { limit: MOST_PATHS + 1 });
        if (paths.length === 0)
          return glob === undefined ? "The workspace has no files." : `No file matches '${glob}'.`;
        if (paths.length <= MOST_PATHS) return paths.join("\n");
        return `${paths.slice(0, MOST_PATHS).join("\n")}\n[cut after ${MOST_PATHS} files; narrow the glob to see the others]`;
      },
    },
    redact,
  );
}
