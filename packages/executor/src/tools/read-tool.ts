import type { Tool } from "@mnemosyne/core";
import { defineTool } from "./define-tool.ts";
import { linesOf, numbered, readTextFile } from "./text-file.ts";
import { toolFault } from "./tool-fault.ts";
import type { ToolWorld } from "./tool-world.ts";

const MOST_LINES = 2000;
const MOST_CHARACTERS = 60_000;

/** `read`: a text file, or some lines of it, with line numbers. */
export function readTool({ workspace, redact }: ToolWorld): Tool {
  return defineTool<{ path: string; from?: number; to?: number }>(
    {
      name: "read",
      description: `Reads a text file of the workspace with line numbers. Gives at most ${MOST_LINES} lines a call; ask for more with from and to.`,
      readOnly: true,
      properties: {
        path: { type: "string", minLength: 1, description: "Path relative to the workspace" },
        from: { type: "integer", minimum: 1, description: "First line, 1-based" },
        to: { type: "integer", minimum: 1, description: "Last line, included" },
      },
      required: ["path"],
      async run({ path, from = 1, to }) {
        const lines = linesOf(await readTextFile(workspace, path));
        if (lines.length === 0) return `'${path}' is empty.`;
        if (from > lines.length) throw toolFault(`'${path}' has ${lines.length} lines; from is ${from}.`);
        if (to !== undefined && to < from) throw toolFault(`to (${to}) is before from (${from}).`);
        const last = Math.min(to ?? lines.length, lines.length);
        const end = lastThatFits(lines, from, Math.min(last, from + MOST_LINES - 1));
        const text = numbered(lines.slice(from - 1, end), from);
        if (end === lines.length && from === 1) return text;
        const more = end < last ? ` Read on with from: ${end + 1}.` : "";
        return `${text}\n[lines ${from}-${end} of ${lines.length}.${more}]`;
      },
    },
    redact,
  );
}

function lastThatFits(lines: readonly string[], from: number, to: number): number {
  let characters = 0;
  for (let line = from; line <= to; line++) {
    characters += Math.min(lines[line - 1]?.length ?? 0, 2000) + 8;
    if (characters > MOST_CHARACTERS && line > from) return line - 1;
  }
  return to;
}
