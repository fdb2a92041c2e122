import type { Workspace } from "@mnemosyne/core";
import { toolFault } from "./tool-fault.ts";

/** Largest file that the tools take in. */
export const LARGEST_FILE = 4 * 1024 * 1024;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The text of a file, or `undefined` for what is not UTF-8 text or too large. */
export function textOf(bytes: Uint8Array): string | undefined {
  if (bytes.length > LARGEST_FILE || bytes.subarray(0, 8192).includes(0)) return undefined;
  try {
    return utf8.decode(bytes);
  } catch {
    // Not UTF-8: the decoder was told to throw, and callers say "not text".
    return undefined;
  }
}

/** The text of a workspace's file; refuses what is not text, saying so. */
export async function readTextFile(workspace: Workspace, path: string): Promise<string> {
  const bytes = await workspace.readBytes(path);
  const text = textOf(bytes);
  if (text !== undefined) return text;
  throw toolFault(
    bytes.length > LARGEST_FILE
      ? `'${path}' has ${bytes.length} bytes; at most ${LARGEST_FILE} can be read. Use search to find the part you need.`
      : `'${path}' is not a text file (${bytes.length} bytes).`,
  );
}

/** Lines of a text without their ends; a final line end opens no line of its own. */
export function linesOf(text: string): readonly string[] {
  if (text === "") return [];
  const lines = text.split("\n").map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line));
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

/** Lines with their numbers, from `first` on. */
export function numbered(lines: readonly string[], first: number, longest = 2000): string {
  return lines
    .map((line, index) => {
      const text =
        line.length > longest
          ? `${line.slice(0, longest)}… [${line.length - longest} more characters]`
          : line;
      return `${String(first + index).padStart(6)}\t${text}`;
    })
    .join("\n");
}
