import { isUtf8 } from "node:buffer";
import { diffArrays } from "diff";

/** A stretch of base lines and what one side made of it. */
interface Hunk {
  readonly start: number;
  readonly end: number;
  readonly lines: readonly string[];
}

/**
 * Joins two changes of one text by lines. Undefined where both changed the same or touching lines in different ways,
 * or where a content is no text (NUL bytes, not UTF-8). Line ends are kept as they are.
 */
export function mergeLines(base: Uint8Array, ours: Uint8Array, theirs: Uint8Array): Uint8Array | undefined {
  const texts = [base, ours, theirs].map(asText);
  const [baseText, ourText, theirText] = texts;
  if (baseText === undefined || ourText === undefined || theirText === undefined) return undefined;
  const baseLines = linesOf(baseText);
  const mine = hunksOf(baseLines, linesOf(ourText));
  const other = hunksOf(baseLines, linesOf(theirText));
  if (mine === undefined || other === undefined) return undefined;
  const merged: string[] = [];
  let at = 0;
  for (const { start, end, sides } of groupsOf(mine, other)) {
    for (; at < start; at += 1) merged.push(baseLines[at] ?? "");
    const versions = sides.map((hunks) =>
      hunks.length === 0 ? undefined : rewrite(baseLines, start, end, hunks),
    );
    const [a, b] = versions;
    if (a !== undefined && b !== undefined && a.join("") !== b.join("")) return undefined;
    merged.push(...(a ?? b ?? []));
    at = end;
  }
  for (; at < baseLines.length; at += 1) merged.push(baseLines[at] ?? "");
  return Buffer.from(merged.join(""), "utf8");
}

function asText(bytes: Uint8Array): string | undefined {
  return isUtf8(bytes) && !bytes.includes(0) ? Buffer.from(bytes).toString("utf8") : undefined;
}

/** Lines with their ends, so that a missing last one and CRLF are part of what is compared. */
export function linesOf(text: string): readonly string[] {
  return text === "" ? [] : text.split(/(?<=\n)/u);
}

function hunksOf(base: readonly string[], side: readonly string[]): readonly Hunk[] | undefined {
  const parts = diffArrays([...base], [...side], { timeout: 5_000 });
  if (parts === undefined) return undefined;
  const hunks: Hunk[] = [];
  let at = 0;
  let open: { start: number; end: number; lines: string[] } | undefined;
  for (const { added, removed, value } of parts) {
    if (!added && !removed) {
      if (open !== undefined) hunks.push(open);
      open = undefined;
      at += value.length;
      continue;
    }
    open ??= { start: at, end: at, lines: [] };
    if (removed) {
      at += value.length;
      open.end = at;
    } else {
      open.lines.push(...value);
    }
  }
  if (open !== undefined) hunks.push(open);
  return hunks;
}

interface Group {
  readonly start: number;
  readonly end: number;
  readonly sides: readonly [readonly Hunk[], readonly Hunk[]];
}

/** Hunks of both sides that overlap or touch belong together: no unchanged line stands between them. */
function groupsOf(mine: readonly Hunk[], other: readonly Hunk[]): readonly Group[] {
  const all = [
    ...mine.map((hunk) => ({ hunk, side: 0 as const })),
    ...other.map((hunk) => ({ hunk, side: 1 as const })),
  ].toSorted((a, b) => a.hunk.start - b.hunk.start || a.hunk.end - b.hunk.end);
  const groups: { start: number; end: number; sides: [Hunk[], Hunk[]] }[] = [];
  for (const { hunk, side } of all) {
    let last = groups.at(-1);
    if (last === undefined || hunk.start > last.end) {
      last = { start: hunk.start, end: hunk.end, sides: [[], []] };
      groups.push(last);
    }
    last.end = Math.max(last.end, hunk.end);
    last.sides[side].push(hunk);
  }
  return groups;
}

/** What one side has in the stretch from `start` to `end` of the base. */
function rewrite(
  base: readonly string[],
  start: number,
  end: number,
  hunks: readonly Hunk[],
): readonly string[] {
  const lines: string[] = [];
  let at = start;
  for (const hunk of hunks) {
    lines.push(...base.slice(at, hunk.start), ...hunk.lines);
    at = hunk.end;
  }
  lines.push(...base.slice(at, end));
  return lines;
}
