import { FREQUENT_HAN } from "./frequent-han.ts";

/**
 * What tokenizers spend tokens on, as features that can be counted in one pass: each costs a constant number of tokens.
 *
 * - `word`: runs of letters; `wordLength`, `wordExcess`: letters beyond 5 and beyond 14 of each part of a word;
 *   `hump`: changes of case within a word; `capitals`: letters beyond 3 of a word in capitals; `accent`: letters that
 *   are not ASCII; `consonants`: letters of words that nobody can speak, as in hashes
 * - `number`, `digits`: runs of digits, and their digits beyond 3
 * - `gap`: more than one space between words; `gapLength`: the length of gaps and indents
 * - `line`, `blankLine`: line ends
 * - `mark`, `markAfterSpace`, `markAfterMark`: punctuation by what stands before it; `rule`, `ruleLength`: a mark
 *   repeated more than twice
 * - the rest: characters by script (Chinese ones by whether they are frequent; Greek and Cyrillic by word and length)
 */
export const TOKEN_FEATURES = [
  "word",
  "wordLength",
  "wordExcess",
  "hump",
  "capitals",
  "accent",
  "consonants",
  "number",
  "digits",
  "gap",
  "gapLength",
  "line",
  "blankLine",
  "mark",
  "markAfterSpace",
  "markAfterMark",
  "rule",
  "ruleLength",
  "han",
  "rareHan",
  "hiragana",
  "katakana",
  "hangul",
  "cjkMark",
  "greekWord",
  "greekLength",
  "semitic",
  "indic",
  "symbol",
  "surrogate",
  "other",
  "control",
] as const;

/** A feature's name. */
export type TokenFeature = (typeof TOKEN_FEATURES)[number];

const index = (name: TokenFeature): number => TOKEN_FEATURES.indexOf(name);

// Plain numbers, so that the loop below does nothing but add.
const WORD = index("word");
const WORD_LENGTH = index("wordLength");
const WORD_EXCESS = index("wordExcess");
const HUMP = index("hump");
const CAPITALS = index("capitals");
const ACCENT = index("accent");
const CONSONANTS = index("consonants");
const NUMBER = index("number");
const DIGITS = index("digits");
const GAP = index("gap");
const GAP_LENGTH = index("gapLength");
const LINE = index("line");
const BLANK_LINE = index("blankLine");
const MARK = index("mark");
const MARK_AFTER_SPACE = index("markAfterSpace");
const MARK_AFTER_MARK = index("markAfterMark");
const RULE = index("rule");
const RULE_LENGTH = index("ruleLength");
const GREEK_WORD = index("greekWord");
const GREEK_LENGTH = index("greekLength");
const SYMBOL = index("symbol");

// Classes of characters. Those from `IS_SINGLE` on are counted one by one, under the feature of that number.
const IS_LOWER = -1;
const IS_UPPER = -2;
const IS_ACCENTED = -3;
const IS_DIGIT = -4;
const IS_SPACE = -5;
const IS_LINE_END = -6;
const IS_MARK = -7;
const IS_GREEK = -8;
const IS_SYMBOL = -9;
const IS_SINGLE = 0;

/** Where each class begins; it reaches to the next one's beginning. */
const RANGES: readonly (readonly [from: number, kind: number])[] = [
  [0x00, index("control")],
  [0x21, IS_MARK],
  [0x30, IS_DIGIT],
  [0x3a, IS_MARK],
  [0x41, IS_UPPER],
  [0x5b, IS_MARK],
  [0x61, IS_LOWER],
  [0x7b, IS_MARK],
  [0x7f, index("control")],
  [0xa0, IS_SYMBOL],
  [0xc0, IS_ACCENTED],
  [0x250, index("other")],
  [0x370, IS_GREEK],
  [0x530, index("indic")],
  [0x590, index("semitic")],
  [0x780, index("indic")],
  [0x1e00, IS_ACCENTED],
  [0x1f00, IS_GREEK],
  [0x2000, IS_SYMBOL],
  [0x2e80, index("other")],
  [0x3000, index("cjkMark")],
  [0x3040, index("hiragana")],
  [0x30a0, index("katakana")],
  [0x3100, index("other")],
  [0x3400, index("rareHan")],
  [0xa000, index("other")],
  [0xac00, index("hangul")],
  [0xd800, index("surrogate")],
  [0xe000, index("other")],
  [0xff00, index("cjkMark")],
];

let classes: Int8Array | undefined;

/** The class of every UTF-16 code unit; built with the first text. */
function classTable(): Int8Array {
  if (classes !== undefined) return classes;
  const table = new Int8Array(0x10000);
  for (const [position, [from, kind]] of RANGES.entries())
    table.fill(kind, from, RANGES[position + 1]?.[0] ?? 0x10000);
  for (const space of "\t ") table[space.charCodeAt(0)] = IS_SPACE;
  for (const end of "\n\r") table[end.charCodeAt(0)] = IS_LINE_END;
  for (const sign of "×÷") table[sign.charCodeAt(0)] = IS_SYMBOL;
  for (const character of FREQUENT_HAN) table[character.charCodeAt(0)] = index("han");
  classes = table;
  return table;
}

/** A bit for each of a, e, i, o, u and y by its place in the alphabet. */
const VOWELS = 0b10001000001000001000100010;

/** Counts the features of a text, in the order of {@link TOKEN_FEATURES}. Linear; reads each character about once. */
export function tokenFeatures(text: string): Float64Array {
  const table = classTable();
  const found = new Float64Array(TOKEN_FEATURES.length);
  const length = text.length;
  let before = IS_LINE_END;
  let at = 0;
  while (at < length) {
    const code = text.charCodeAt(at);
    const kind = table[code] as number;
    let end = at + 1;
    if (kind >= IS_SINGLE) found[kind]! += 1;
    else if (kind >= IS_ACCENTED) end = countWord(text, at, found, table);
    else if (kind === IS_SPACE) {
      while (end < length && table[text.charCodeAt(end)] === IS_SPACE) end++;
      if (end - at > 1 && before !== IS_LINE_END) found[GAP]! += 1;
      found[GAP_LENGTH]! += end - at - 1;
    } else if (kind === IS_MARK || kind === IS_SYMBOL) {
      while (end < length && text.charCodeAt(end) === code) end++;
      if (end - at > 2) {
        found[RULE]! += 1;
        found[RULE_LENGTH]! += end - at - 1;
        if (kind === IS_SYMBOL) found[SYMBOL]! += 1;
      } else {
        end = at + 1;
        const feature =
          kind === IS_SYMBOL
            ? SYMBOL
            : before === IS_MARK
              ? MARK_AFTER_MARK
              : before === IS_SPACE
                ? MARK_AFTER_SPACE
                : MARK;
        found[feature]! += 1;
      }
    } else if (kind === IS_DIGIT) {
      while (end < length && table[text.charCodeAt(end)] === IS_DIGIT) end++;
      found[NUMBER]! += 1;
      if (end - at > 3) found[DIGITS]! += end - at - 3;
    } else if (kind === IS_LINE_END) {
      let lines = code === 10 ? 1 : 0;
      for (; end < length && table[text.charCodeAt(end)] === IS_LINE_END; end++)
        if (text.charCodeAt(end) === 10) lines++;
      found[LINE]! += 1;
      if (lines > 1) found[BLANK_LINE]! += lines - 1;
    } else {
      while (end < length && table[text.charCodeAt(end)] === IS_GREEK) end++;
      found[GREEK_WORD]! += 1;
      found[GREEK_LENGTH]! += end - at - 1;
    }
    before = kind;
    at = end;
  }
  return found;
}

/** Counts one run of letters and gives where it ends. */
function countWord(text: string, start: number, found: Float64Array, table: Int8Array): number {
  let upper = 0;
  let humps = 0;
  let vowels = 0;
  let accents = 0;
  let before = IS_SINGLE;
  let at = start;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const kind = table[code] as number;
    if (kind === IS_LOWER) {
      // The end of an acronym: the S of `parseXMLString` begins a part.
      if (before === IS_UPPER && upper > 1 && at - start > 1) humps++;
      vowels += (VOWELS >> (code & 31)) & 1;
    } else if (kind === IS_UPPER) {
      if (before === IS_LOWER) humps++;
      upper++;
      vowels += (VOWELS >> (code & 31)) & 1;
    } else if (kind === IS_ACCENTED) {
      accents++;
      vowels++;
    } else break;
    before = kind;
  }
  const length = at - start;
  found[WORD]! += 1;
  if (upper === length && length > 1) {
    if (length > 3) found[CAPITALS]! += length - 3;
  } else {
    found[HUMP]! += humps;
    const parts = humps + 1;
    if (length > 5 * parts) found[WORD_LENGTH]! += length - 5 * parts;
    if (length > 14 * parts) found[WORD_EXCESS]! += length - 14 * parts;
  }
  if (length >= 4 && vowels * 5 < length) found[CONSONANTS]! += length - 2;
  found[ACCENT]! += accents;
  return at;
}
