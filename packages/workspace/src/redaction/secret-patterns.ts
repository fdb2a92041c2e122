/** A kind of secret that is known by its looks. The part named `keep` stays in the text. */
export interface SecretPattern {
  readonly pattern: RegExp;
  /** Looks at the secret part; false: it is none. */
  readonly isSecret?: (secret: string) => boolean;
}

const KEYS = [
  // Anthropic, OpenAI and those who write theirs alike
  "sk-[A-Za-z0-9_-]{20,}",
  // Stripe
  "[rs]k_(?:live|test)_[A-Za-z0-9]{16,}",
  // AWS
  "(?:AKIA|ASIA|AGPA|AIDA|AROA)[A-Z0-9]{16}",
  // GitHub, GitLab
  "gh[pousr]_[A-Za-z0-9]{30,}",
  "github_pat_[A-Za-z0-9_]{22,}",
  "glpat-[A-Za-z0-9_-]{20,}",
  // Slack
  "xox[abeoprs]-[A-Za-z0-9-]{10,}",
  // npm, Google, Hugging Face
  "npm_[A-Za-z0-9]{36,}",
  "AIza[A-Za-z0-9_-]{35,}",
  "hf_[A-Za-z0-9]{30,}",
  // JSON web tokens
  "eyJ[A-Za-z0-9_-]{10,400}\\.eyJ[A-Za-z0-9_-]{10,}(?:\\.[A-Za-z0-9_-]*)?",
];

const NAMES =
  "pass(?:word|wd|phrase)?|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|auth[_-]?key|credentials?";

/**
 * Private keys, from their first line to their last. One without its last line is masked as far as it looks like a key:
 * the rest may have been cut off.
 */
export function privateKeyRanges(text: string): readonly { readonly from: number; readonly to: number }[] {
  const head = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/gu;
  // All that a key consists of, its end and escaped line ends included.
  const body = /[\w+/=:,.\s\\-]*/uy;
  const last = /-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/uy;
  const found: { from: number; to: number }[] = [];
  for (let match = head.exec(text); match !== null; match = head.exec(text)) {
    body.lastIndex = head.lastIndex;
    body.exec(text);
    const end = text.indexOf("-----END", head.lastIndex);
    last.lastIndex = Math.max(0, end);
    const closes = end >= 0 && end < body.lastIndex && last.exec(text) !== null;
    const to = closes ? last.lastIndex : body.lastIndex;
    found.push({ from: match.index, to });
    head.lastIndex = to;
  }
  return found;
}

/** All other kinds. Each is found within a few hundred characters of its beginning. */
export const SECRET_PATTERNS: readonly SecretPattern[] = [
  { pattern: new RegExp(KEYS.join("|"), "gu") },
  { pattern: /(?<keep>\b(?:Bearer|Basic|token)[ \t]{1,4})[A-Za-z0-9._~+/=-]{16,}/giu, isSecret: looksRandom },
  // Credentials in a URL
  {
    pattern: /(?<keep>\b[a-z][a-z0-9+.-]{1,30}:\/\/[^\s/:@'"`<>]{0,100}:)[^\s/@'"`<>]{1,200}(?=@)/giu,
    isSecret: isNoPlaceholder,
  },
  {
    pattern: new RegExp(
      `(?<keep>(?:${NAMES})[A-Za-z0-9_-]{0,20}["']?\\s{0,4}(?:=|:|=>)\\s{0,4}["'\`]?)[^\\s"'\`,;<>(){}[\\]]{8,}`,
      "giu",
    ),
    isSecret: looksRandom,
  },
];

function isNoPlaceholder(value: string): boolean {
  return !/^(?:\$|%|\*+$|x+$|\[)/iu.test(value);
}

/** Letters and digits (or signs) in no order: not a word, a path, a call or a placeholder. */
function looksRandom(value: string): boolean {
  if (!isNoPlaceholder(value) || /^(?:process|import|env|os|config|options|this|self)\./iu.test(value))
    return false;
  if (!/[A-Za-z]/u.test(value) || !/[0-9+/=!@#$^&*-]/u.test(value)) return false;
  if (/^[a-z]+(?:[-_./][a-z]+)*$/iu.test(value)) return false;
  return entropy(value.slice(0, 200)) >= 2.8;
}

/** Bits for each character, from the characters' frequencies. */
function entropy(text: string): number {
  const counts = new Map<string, number>();
  for (const char of text) counts.set(char, (counts.get(char) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}
