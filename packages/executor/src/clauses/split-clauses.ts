/** One clause of a text: what can be judged, or not, on its own. */
export interface Clause {
  /** As it stands in the text. */
  readonly text: string;
  /** The same length, with quoted text, code and paths blanked out: these are names, not wishes. */
  readonly plain: string;
}

const LITERAL =
  /```[\s\S]*?```|`[^`\n]*`|"[^"\n]*"|“[^”\n]*”|(?<![\p{L}\p{N}])'[^'\n]*'(?![\p{L}\p{N}])|\bhttps?:\/\/\S+|(?<!\S)[\w@.-]*\/[\w@./*-]*[\w@/*-]|\b[\w-]+\.[a-z]{1,5}\b/gu;

/** A sentence's end, a list's next item, or where a new order begins in the same sentence. */
const BOUNDARY =
  /(?<=[.!?])\s+(?=\S)|;\s+|\n+\s*(?:[-*•]\s+|\d+[.)]\s+)?|,?\s+(?:and\s+then|then|but)\s+(?=\p{L})|,\s+and\s+(?=\p{L})/gu;

const LIST_MARK = /^\s*(?:[-*•]|\d+[.)])\s+/;

/** Splits a text into its clauses, in order; empty ones are left out. */
export function splitClauses(text: string): readonly Clause[] {
  const masked = text.replaceAll(LITERAL, (literal) => "\u0000".repeat(literal.length));
  const clauses: Clause[] = [];
  let start = 0;
  for (const boundary of [...masked.matchAll(BOUNDARY), undefined]) {
    const end = boundary?.index ?? text.length;
    add(clauses, text.slice(start, end), masked.slice(start, end));
    start = end + (boundary?.[0].length ?? 0);
  }
  return clauses;
}

function add(clauses: Clause[], text: string, masked: string): void {
  const mark = LIST_MARK.exec(text)?.[0].length ?? 0;
  const clause = text.slice(mark).trim();
  if (!/[\p{L}\p{N}]/u.test(clause)) return;
  const lead = mark + (text.slice(mark).length - text.slice(mark).trimStart().length);
  clauses.push({ text: clause, plain: masked.slice(lead, lead + clause.length) });
}
