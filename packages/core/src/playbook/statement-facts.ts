/** What a statement says that a shorter one could lose. */
export interface StatementFacts {
  /** Code, paths, URLs, quotations, identifiers, proper names: as they stand. */
  readonly names: readonly string[];
  readonly numbers: readonly string[];
  /** A marker such as `unless`, and the words that it governs. */
  readonly conditions: readonly { readonly marker: string; readonly words: readonly string[] }[];
}

const QUOTED = /`([^`\n]{1,200})`|"([^"\n]{1,200})"|“([^”\n]{1,200})”/gu;
const URL_LIKE = /\b[a-z][a-z0-9+.-]{1,15}:\/\/[^\s<>"')\]]+/giu;
const PATH_LIKE =
  /(?<![\p{L}\p{N}_])(?:[@~.]{0,2}[\w@.-]{0,80}\/[\w@./*-]{0,200}[\w*]|[\w-]{1,80}(?:\.[\w-]{1,80}){0,8}\.[A-Za-z][A-Za-z0-9]{0,5})(?![\p{L}\p{N}_])/gu;
const IDENTIFIER =
  /(?<![\p{L}\p{N}_-])(?:--?[A-Za-z][\w-]*|[\p{L}_$][\p{L}\p{N}$]*(?:[._][\p{L}\p{N}$_]+)+|\p{Ll}+\p{Lu}[\p{L}\p{N}]*|\p{Lu}\p{Ll}+\p{Lu}[\p{L}\p{N}]*|[\p{L}]+\p{N}[\p{L}\p{N}]*)(?![\p{L}\p{N}_])/gu;
const CAPITALS = /(?<![\p{L}\p{N}_])\p{Lu}{2,}[\p{L}\p{N}]*(?![\p{L}\p{N}_])/gu;
const PROPER = /(?<=[\p{L}\p{N}_,;:)'’-]\s+)\p{Lu}[\p{L}\p{N}]+(?![\p{L}\p{N}_])/gu;
const NUMBER = /(?<![\p{L}\p{N}_.])\d+(?:[.,:]\d+)*/gu;
const NUMBER_WORDS: Readonly<Record<string, string>> = {
  two: "2",
  three: "3",
  four: "4",
  five: "5",
  six: "6",
  seven: "7",
  eight: "8",
  nine: "9",
  ten: "10",
  twelve: "12",
  twice: "2",
};
const NUMBER_WORD = new RegExp(`\\b(?:${Object.keys(NUMBER_WORDS).join("|")})\\b`, "giu");

/** Markers of one line say the same. */
const MARKERS: Readonly<Record<string, RegExp>> = {
  if: /\b(?:if|when|whenever|in case|as long as|provided|once|where|while|during)\b/iu,
  unless: /\b(?:unless|except|without|other than|excluding)\b/iu,
  not: /\b(?:never|not|no|none|cannot|can't|don't|doesn't|won't|mustn't|shouldn't|avoid)\b/iu,
  before: /\b(?:before|until|till|prior to)\b/iu,
  after: /\b(?:after|since|following)\b/iu,
  only: /\b(?:only|solely|exclusively)\b/iu,
  least: /(?:\bat least\b|\bminimum\b|≥|>=|\bno (?:fewer|less) than\b)/iu,
  most: /(?:\bat most\b|\bmaximum\b|≤|<=|\bno more than\b|\bup to\b)/iu,
  above: /(?:\babove\b|\bmore than\b|\bover\b|\bexceeds?\b|\bgreater than\b|\blarger than\b)/iu,
  below: /(?:\bbelow\b|\bless than\b|\bfewer than\b|\bunder\b|\bsmaller than\b)/iu,
};
const EVERY_MARKER = Object.entries(MARKERS).map(
  ([marker, pattern]) => [marker, new RegExp(pattern.source, "giu")] as const,
);

const CLAUSE_WORDS = 6;
const CLAUSE_LENGTH = 200;
const WORD = /[\p{L}\p{N}_]+/gu;
const SMALL_WORDS = new Set(
  (
    "a an and any are as at be been but by can could did do does each else every for from had has have how i in into is it its may might more " +
    "most much must of on one or our out over should so some such than that the their them then there these they this those to too up use used " +
    "using very was we were what which who will with would you your"
  ).split(" "),
);

/** The names, numbers and conditions of a statement. Pure; any text is legal. */
export function statementFacts(text: string): StatementFacts {
  const source = text.normalize("NFKC");
  const names = new Set<string>();
  for (const match of source.matchAll(QUOTED)) add(names, match[1] ?? match[2] ?? match[3] ?? "");
  for (const pattern of [URL_LIKE, PATH_LIKE, IDENTIFIER, CAPITALS, PROPER])
    for (const [found] of source.matchAll(pattern)) add(names, found);
  const numbers = new Set(Array.from(source.matchAll(NUMBER), ([found]) => found));
  for (const [found] of source.matchAll(NUMBER_WORD)) numbers.add(NUMBER_WORDS[found.toLowerCase()] ?? found);
  return { names: [...names], numbers: [...numbers], conditions: conditionsOf(source) };
}

/** The words that carry a statement's meaning, in lower case, each once. */
export function statementWords(text: string): ReadonlySet<string> {
  const words = text.normalize("NFKC").toLowerCase().match(WORD) ?? [];
  return new Set(words.filter((word) => word.length > 1 && !SMALL_WORDS.has(word)).map(base));
}

/** What of a statement another one does not say, as phrases for people; empty when nothing is missing. */
export function missingFacts(before: string, after: string): readonly string[] {
  if (before === after) return [];
  const wanted = statementFacts(before);
  const there = after.normalize("NFKC").toLowerCase();
  const numbers = new Set(statementFacts(after).numbers);
  const words = statementWords(after);
  const missing = [
    ...wanted.names.filter((name) => !mentions(there, name.toLowerCase())).map((name) => `'${name}'`),
    ...wanted.numbers.filter((number) => !numbers.has(number) && !mentions(there, number)),
  ];
  for (const { marker, words: governed } of wanted.conditions) {
    const met = governed.filter((word) => words.has(word)).length;
    if ((MARKERS[marker] ?? NEVER).test(there) && met * 2 >= governed.length) continue;
    missing.push(`the condition '${[marker, ...governed].join(" ")}'`);
  }
  return missing;
}

/** The share of a statement's words that another one still has, 0 to 1. */
export function wordsKept(before: string, after: string): number {
  const wanted = statementWords(before);
  if (wanted.size === 0) return 1;
  const there = statementWords(after);
  let kept = 0;
  for (const word of wanted) if (there.has(word)) kept++;
  return kept / wanted.size;
}

const NEVER = /(?!)/u;

function add(names: Set<string>, found: string): void {
  const name = found.trim().replace(/[.,;:!?]+$/u, "");
  if (/[\p{L}\p{N}]/u.test(name)) names.add(name);
}

function conditionsOf(text: string): StatementFacts["conditions"] {
  const found: { marker: string; words: readonly string[] }[] = [];
  for (const [marker, pattern] of EVERY_MARKER)
    for (const match of text.matchAll(pattern)) {
      const start = match.index + match[0].length;
      const rest = text.slice(start, start + CLAUSE_LENGTH);
      const clause = rest.split(/[.;!?\n]|, /u, 1)[0] ?? "";
      const words = [...statementWords(clause)].slice(0, CLAUSE_WORDS);
      found.push({ marker, words });
    }
  return found;
}

/** A literal occurrence that is not a part of a longer word or number. */
function mentions(text: string, name: string): boolean {
  for (let at = text.indexOf(name); at !== -1; at = text.indexOf(name, at + 1)) {
    const before = text[at - 1] ?? " ";
    const after = text.slice(at + name.length, at + name.length + 2);
    const inWord = /[\p{L}\p{N}_]/u;
    if (
      inWord.test(name[0] ?? "") &&
      (inWord.test(before) || (/\d/.test(name[0] ?? "") && /[.\d]/.test(before)))
    )
      continue;
    if (inWord.test(name.at(-1) ?? "") && (inWord.test(after[0] ?? " ") || /^[.,:]\d/.test(after))) continue;
    return true;
  }
  return false;
}

/** Without the commonest endings, so that a plural or a tense is no loss. */
function base(word: string): string {
  if (word.length <= 4 || /[^a-z]/.test(word)) return word;
  return word.replace(/(?:ing|ies|ed|es|s)$/u, "").replace(/e$/u, "");
}
