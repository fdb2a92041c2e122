import { diffArrays } from "diff";

/** A line with its number, from 1. */
export interface NumberedLine {
  readonly line: number;
  readonly text: string;
}

/** The lines that differ between two texts. */
export interface LineDiff {
  /** Numbered in the new text. */
  readonly added: readonly NumberedLine[];
  /** Numbered in the old text. */
  readonly removed: readonly NumberedLine[];
}

/** Edits beyond this are not worth an exact alignment: lines are then compared as a bag. */
const MAX_EDITS = 4000;

/** The lines of a text, without their ends. */
export function linesOf(text: string): string[] {
  return text.split(/\r\n|\r|\n/);
}

/** The difference by lines. A line that merely moved far away in a file with thousands of edits counts as unchanged. */
export function diffLines(before: string, after: string): LineDiff {
  const old = linesOf(before);
  const now = linesOf(after);
  const parts = diffArrays(old, now, { maxEditLength: MAX_EDITS });
  if (parts === undefined) return diffBags(old, now);
  const added: NumberedLine[] = [];
  const removed: NumberedLine[] = [];
  let oldLine = 1;
  let newLine = 1;
  for (const part of parts) {
    if (part.added) for (const text of part.value) added.push({ line: newLine++, text });
    else if (part.removed) for (const text of part.value) removed.push({ line: oldLine++, text });
    else {
      oldLine += part.value.length;
      newLine += part.value.length;
    }
  }
  return { added, removed };
}

/** Lines that both texts have, as a share of the longer one's, 0 to 1; blank lines do not count. */
export function similarity(a: string, b: string): number {
  const [short, long] = [a, b]
    .map((text) =>
      linesOf(text)
        .map((line) => line.trim())
        .filter((line) => line !== ""),
    )
    .toSorted((x, y) => x.length - y.length);
  if (short === undefined || long === undefined || short.length === 0) return 0;
  return (short.length - missing(short, long).length) / long.length;
}

function diffBags(old: readonly string[], now: readonly string[]): LineDiff {
  return { added: missing(now, old), removed: missing(old, now) };
}

/** Lines of `lines` that `others` does not have, counted. */
function missing(lines: readonly string[], others: readonly string[]): NumberedLine[] {
  const left = new Map<string, number>();
  for (const text of others) left.set(text, (left.get(text) ?? 0) + 1);
  return lines.flatMap((text, index) => {
    const count = left.get(text) ?? 0;
    if (count === 0) return [{ line: index + 1, text }];
    left.set(text, count - 1);
    return [];
  });
}
