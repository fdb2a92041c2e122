import type { Tool } from "@mnemosyne/core";
import { defineTool } from "./define-tool.ts";
import { linesOf, numbered, readTextFile } from "./text-file.ts";
import { toolFault } from "./tool-fault.ts";
import type { ToolWorld } from "./tool-world.ts";

const CONTEXT_LINES = 3;

/** `edit`: replaces an exact piece of a file, one or more lines, that occurs once (or everywhere with `all`). */
export function editTool({ workspace, redact }: ToolWorld): Tool {
  return defineTool<{ path: string; old: string; new: string; all?: boolean }>(
    {
      name: "edit",
      description:
        "Replaces an exact piece of text in a file. `old` must be copied from the file without line numbers, may span lines, and must occur exactly once unless all is true.",
      properties: {
        path: { type: "string", minLength: 1, description: "Path relative to the workspace" },
        old: { type: "string", minLength: 1, description: "The text as it stands in the file" },
        new: { type: "string", description: "What to put in its place; empty to remove it" },
        all: { type: "boolean", description: "Replace every occurrence. Default false" },
      },
      required: ["path", "old", "new"],
      async run({ path, old, new: replacement, all = false }) {
        if (old === replacement) throw toolFault("old and new are the same; nothing would change.");
        const text = await readTextFile(workspace, path);
        const piece = inFileForm(text, old, replacement);
        const places = occurrences(text, piece.old);
        if (places.length === 0) throw toolFault(notFound(path, text, old));
        if (places.length > 1 && !all)
          throw toolFault(
            `old occurs ${places.length} times in '${path}' (lines ${places
              .slice(0, 10)
              .map((place) => lineAt(text, place))
              .join(", ")}). Give more of the lines around it, or all: true.`,
          );
        const changed = replaceAt(text, places, piece.old.length, piece.new);
        await workspace.write(path, changed);
        const first = lineAt(changed, places[0] ?? 0);
        const count = piece.new === "" ? 0 : piece.new.split("\n").length;
        const lines = linesOf(changed);
        const from = Math.max(1, first - CONTEXT_LINES);
        const to = Math.min(lines.length, first + Math.min(count, 40) + CONTEXT_LINES);
        const times = places.length === 1 ? "" : ` in ${places.length} places; the first`;
        return `Edited '${path}'${times}:\n${numbered(lines.slice(from - 1, to), from)}`;
      },
    },
    redact,
  );
}

/** A model sees no carriage returns; in a file that has them its line ends are meant as the file's. */
function inFileForm(text: string, old: string, replacement: string): { old: string; new: string } {
  if (text.includes(old) || !text.includes("\r\n")) return { old, new: replacement };
  return { old: withReturns(old), new: withReturns(replacement) };
}

function withReturns(value: string): string {
  return value.replaceAll(/\r?\n/g, "\r\n");
}

function occurrences(text: string, piece: string): readonly number[] {
  const places: number[] = [];
  for (let at = text.indexOf(piece); at !== -1; at = text.indexOf(piece, at + piece.length)) places.push(at);
  return places;
}

function replaceAt(text: string, places: readonly number[], length: number, replacement: string): string {
  let result = "";
  let end = 0;
  for (const place of places) {
    result += text.slice(end, place) + replacement;
    end = place + length;
  }
  return result + text.slice(end);
}

function lineAt(text: string, index: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at !== -1 && at < index; at = text.indexOf("\n", at + 1)) line++;
  return line;
}

function notFound(path: string, text: string, old: string): string {
  const wanted = old.split("\n").map((line) => line.trim());
  while (wanted[0] === "") wanted.shift();
  while (wanted.at(-1) === "") wanted.pop();
  const lines = text.split("\n").map((line) => line.trim());
  const at =
    wanted.length === 0
      ? -1
      : lines.findIndex((_, start) => wanted.every((line, offset) => lines[start + offset] === line));
  if (at !== -1)
    return `old is not in '${path}' as given, but the same lines with other white space begin at line ${at + 1}; read them and copy them exactly.`;
  return `old is not in '${path}'. Read the file and copy the text exactly, without line numbers.`;
}
