import { isMnemosyneError, type Tool, type Workspace } from "@mnemosyne/core";
import { concernsEngine } from "../failure.ts";
import { defineTool } from "./define-tool.ts";
import { createInterruptible } from "./interruptible.ts";
import { linesOf, textOf } from "./text-file.ts";
import { toolFault } from "./tool-fault.ts";
import type { ToolWorld } from "./tool-world.ts";

const MOST_MATCHES = 200;
const MOST_CHARACTERS = 30_000;
const LONGEST_PATTERN = 500;
/** Characters of a line that are searched; longer lines are of generated files. */
const LONGEST_LINE = 5000;
const LINE_SHOWN = 300;
/** Milliseconds of matching, for one file and in total. A healthy pattern needs far less. */
const FILE_TIME = 100;
const TOTAL_TIME = 2000;

interface Match {
  readonly line: number;
  readonly text: string;
}

/** `search`: lines that match a regular expression. */
export function searchTool({ workspace, redact }: ToolWorld): Tool {
  return defineTool<{ pattern: string; glob?: string; ignoreCase?: boolean }>(
    {
      name: "search",
      description: `Finds lines that match a JavaScript regular expression in text files of the workspace. Gives path:line: text, at most ${MOST_MATCHES} lines.`,
      readOnly: true,
      properties: {
        pattern: { type: "string", minLength: 1, maxLength: LONGEST_PATTERN },
        glob: { type: "string", minLength: 1, description: "Such as src/**/*.ts. Default: all files" },
        ignoreCase: { type: "boolean" },
      },
      required: ["pattern"],
      async run({ pattern, glob, ignoreCase = false }, { signal }) {
        const expression = compile(pattern, ignoreCase);
        const interruptible = createInterruptible();
        const found: string[] = [];
        let characters = 0;
        let spent = 0;
        let skipped = 0;
        for (const path of await workspace.list(glob)) {
          signal.throwIfAborted();
          const text = await textToSearch(workspace, path);
          if (text === undefined) {
            skipped++;
            continue;
          }
          const began = performance.now();
          const matches = interruptible(FILE_TIME, () => matching(expression, linesOf(text), MOST_MATCHES));
          spent += performance.now() - began;
          if (matches === undefined || spent > TOTAL_TIME)
            throw toolFault(
              `The pattern takes too long (stopped at '${path}'). Avoid nested repetition such as (a+)+, or narrow the glob.`,
            );
          for (const { line, text: shown } of matches.value) {
            const entry = `${path}:${line}: ${shown}`;
            characters += entry.length;
            if (found.length >= MOST_MATCHES || characters > MOST_CHARACTERS)
              return `${found.join("\n")}\n[cut after ${found.length} matches; narrow the pattern or the glob to see the others]`;
            found.push(entry);
          }
        }
        const note =
          skipped === 0
            ? ""
            : `[${skipped} ${skipped === 1 ? "file was" : "files were"} not searched: not text, too large, or outside]`;
        if (found.length === 0) return `No line matches.${note === "" ? "" : `\n${note}`}`;
        return note === "" ? found.join("\n") : `${found.join("\n")}\n${note}`;
      },
    },
    redact,
  );
}

/** Text of a listed file; `undefined` for what is no text, or cannot be read: a link that leads out, a file gone since. */
async function textToSearch(workspace: Workspace, path: string): Promise<string | undefined> {
  try {
    return textOf(await workspace.readBytes(path));
  } catch (error) {
    if (isMnemosyneError(error) && !concernsEngine(error)) return undefined;
    throw error;
  }
}

function compile(pattern: string, ignoreCase: boolean): RegExp {
  try {
    return new RegExp(pattern, ignoreCase ? "i" : "");
  } catch (error) {
    throw toolFault(
      `'${pattern}' is not a regular expression (${error instanceof Error ? error.message : String(error)}). Escape characters such as ( [ { . * + ? with a backslash to search for them.`,
    );
  }
}

function matching(expression: RegExp, lines: readonly string[], limit: number): readonly Match[] {
  const matches: Match[] = [];
  for (let index = 0; index < lines.length && matches.length <= limit; index++) {
    const line = lines[index] ?? "";
    const searched = line.length > LONGEST_LINE ? line.slice(0, LONGEST_LINE) : line;
    if (expression.test(searched))
      matches.push({
        line: index + 1,
        text: searched.length > LINE_SHOWN ? `${searched.slice(0, LINE_SHOWN)}…` : searched,
      });
  }
  return matches;
}
