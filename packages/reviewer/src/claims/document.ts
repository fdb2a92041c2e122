/** A sentence of a report or document, with where it stands. */
export interface Sentence {
  readonly text: string;
  /** The text with what stands in backticks overwritten by `_`, so that words in code do not count as words. */
  readonly words: string;
  /** From 1. */
  readonly line: number;
  /** The heading it stands under. */
  readonly section: string;
  /** A list's item, with its box if it has one. */
  readonly box?: "open" | "ticked";
  readonly heading: boolean;
}

/** A fenced block. */
export interface CodeBlock {
  readonly line: number;
  /** What follows the opening fence. */
  readonly info: string;
  readonly text: string;
  /** The last line of prose before it. */
  readonly lead: string;
}

/** A Markdown text, taken apart. */
export interface ParsedDocument {
  readonly sentences: readonly Sentence[];
  readonly blocks: readonly CodeBlock[];
  /** Relative links and images. */
  readonly links: readonly { readonly target: string; readonly line: number; readonly text: string }[];
}

interface Paragraph {
  text: string;
  /** Line of each character's line start, as [offset, line]. */
  readonly starts: [offset: number, line: number][];
  readonly box?: Sentence["box"];
  readonly heading: boolean;
  /** Of a list. */
  readonly item: boolean;
}

/** Takes a Markdown text apart into sentences, fenced blocks and links. `keep` may leave lines out (by number). */
export function parseDocument(text: string, keep: (line: number) => boolean = () => true): ParsedDocument {
  const sentences: Sentence[] = [];
  const blocks: CodeBlock[] = [];
  const links: { target: string; line: number; text: string }[] = [];
  let section = "";
  /** A line that ends with a colon, above the list that it opens. */
  let leadIn = "";
  let open: Paragraph | undefined;
  let fence: { mark: string; line: number; info: string; lead: string; lines: string[] } | undefined;
  let lead = "";

  const close = (): void => {
    if (open === undefined) return;
    const under = open.item && leadIn !== "" ? `${section} > ${leadIn}` : section;
    for (const part of sentencesIn(open)) sentences.push({ ...part, section: under });
    if (!open.item) leadIn = /:\W*$/.test(open.text) ? open.text : "";
    if (open.heading) section = open.text;
    open = undefined;
  };

  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = index + 1;
    const mark = /^\s*(`{3,}|~{3,})(.*)$/.exec(raw);
    if (fence !== undefined) {
      if (mark?.[1] !== undefined && mark[1].startsWith(fence.mark) && mark[2]?.trim() === "") {
        blocks.push({ line: fence.line, info: fence.info, text: fence.lines.join("\n"), lead: fence.lead });
        fence = undefined;
      } else if (keep(line)) fence.lines.push(raw);
      continue;
    }
    if (mark?.[1] !== undefined) {
      close();
      fence = { mark: mark[1], line, info: (mark[2] ?? "").trim(), lead, lines: [] };
      continue;
    }
    const heading = /^\s*#{1,6}\s+(.*?)\s*#*\s*$/.exec(raw);
    const item = /^\s*(?:[-*+]|\d+[.)])\s+(?:\[([ xX])\]\s+)?(.*)$/.exec(raw);
    if (raw.trim() !== "") lead = raw.trim();
    if (!keep(line)) {
      close();
      if (heading?.[1] !== undefined) section = heading[1];
      continue;
    }
    for (const match of maskCode(raw).matchAll(
      /!?\[([^\]]{0,300})\]\(\s{0,5}<?([^)>\s]{1,500})>?(?:\s[^)]{0,200})?\)/g,
    ))
      links.push({ target: match[2] ?? "", line, text: match[0] });
    if (raw.trim() === "" || /^\s*(?:[-*_]\s*){3,}$/.test(raw)) close();
    else if (heading?.[1] !== undefined) {
      close();
      open = { text: heading[1], starts: [[0, line]], heading: true, item: false };
      close();
    } else if (item !== null) {
      close();
      const box =
        item[1] === undefined ? {} : { box: item[1] === " " ? ("open" as const) : ("ticked" as const) };
      open = { text: item[2] ?? "", starts: [[0, line]], heading: false, item: true, ...box };
    } else if (raw.trimStart().startsWith("|")) {
      close();
      open = { text: raw.trim(), starts: [[0, line]], heading: false, item: false };
      close();
    } else if (open === undefined)
      open = { text: raw.trim(), starts: [[0, line]], heading: false, item: false };
    else {
      open.starts.push([open.text.length + 1, line]);
      open.text += ` ${raw.trim()}`;
    }
  }
  close();
  // A fence that is never closed runs to the end.
  if (fence !== undefined)
    blocks.push({ line: fence.line, info: fence.info, text: fence.lines.join("\n"), lead: fence.lead });
  return { sentences, blocks, links };
}

/** Characters beyond which a sentence is cut: patterns that try every start take time with the square of its length. */
const LONGEST_SENTENCE = 1000;

function sentencesIn({ text, starts, box, heading }: Paragraph): Omit<Sentence, "section">[] {
  const words = maskCode(text);
  const found: Omit<Sentence, "section">[] = [];
  let from = 0;
  const push = (to: number): void => {
    const raw = text.slice(from, to);
    if (raw.trim() !== "") {
      const skip = raw.length - raw.trimStart().length;
      const line = starts.findLast(([offset]) => offset <= from + skip)?.[1] ?? 1;
      const trimmed = raw.trim();
      found.push({
        text: trimmed,
        words: words.slice(from + skip, from + skip + trimmed.length),
        line,
        heading,
        ...(box === undefined ? {} : { box }),
      });
    }
    from = to;
  };
  // Whoever writes longer sentences still has them read, piece by piece.
  const pushAll = (to: number): void => {
    for (const end of piecesTo(text, from, to)) push(end);
  };
  for (const match of words.matchAll(
    /(?<!\b(?:e\.g|i\.e|etc|cf|vs|approx|no|Mr|Dr))[.!?]["')\]*]*\s+(?=[A-Z_`"'([*\d@./-])/g,
  ))
    pushAll(match.index + match[0].length);
  pushAll(text.length);
  return found;
}

/** Where a stretch is cut so that no piece is too long, at a space if there is one; its end last. */
function piecesTo(text: string, from: number, to: number): readonly number[] {
  const ends: number[] = [];
  let at = from;
  while (to - at > LONGEST_SENTENCE) {
    const space = text.lastIndexOf(" ", at + LONGEST_SENTENCE);
    at = space > at ? space : at + LONGEST_SENTENCE;
    ends.push(at);
  }
  return [...ends, to];
}

/** Overwrites what stands in backticks, the ticks included, and emphasis marks stay. */
export function maskCode(text: string): string {
  return text.replaceAll(/(?<!`)(`{1,3})(?!`)[\s\S]{0,1000}?(?<!`)\1(?!`)/g, (code) =>
    "_".repeat(code.length),
  );
}
