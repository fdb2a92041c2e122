import { privateKeyRanges, SECRET_PATTERNS } from "./secret-patterns.ts";
import { secretForms } from "./secret-forms.ts";

/** Options of {@link createRedactor}. */
export interface RedactorOptions {
  /** Values that must not show up anywhere. Shorter than 6 characters they are not looked for. */
  readonly secrets?: readonly string[];
}

/** Redacts a text that comes in pieces. */
export interface RedactionStream {
  /** Takes a piece and gives what is safe to pass on; the rest is held back. */
  write(piece: string): string;
  /** Gives what was held back. The stream can be used again afterwards. */
  end(): string;
}

/** Masks secrets in text. */
export interface Redactor {
  /** The text with `[redacted]` in place of each secret. */
  readonly redact: (text: string) => string;
  /** For pieces: a secret is masked wherever the text was split. Together they give what `redact` gives for the whole. */
  readonly stream: () => RedactionStream;
}

const MASK = "[redacted]";
/** Every kind of secret shows itself within so many characters. */
const HOLD = 512;
/** A secret longer than this is cut in pieces. */
const LONGEST = 65_536;

interface Range {
  readonly from: number;
  readonly to: number;
}

/** A secret, and where that begins by which it is known: `password=` stands before it. */
interface Finding extends Range {
  readonly start: number;
}

/**
 * Makes a redactor for known values (also in base64, hex, JSON and URLs) and for what looks like a key: of Anthropic,
 * AWS, GitHub, Slack and others, private keys, bearer tokens, passwords in URLs, random-looking values after names such
 * as `password`. It is a net, not a proof: a secret in another disguise goes through.
 *
 * @example
 * const { redact } = createRedactor({ secrets: ["hunter2-hunter2"] });
 * redact("pw is hunter2-hunter2"); // "pw is [redacted]"
 */
export function createRedactor(options: RedactorOptions = {}): Redactor {
  const forms = [...new Set((options.secrets ?? []).flatMap(secretForms))].toSorted(
    (a, b) => b.length - a.length,
  );
  const hold = Math.max(HOLD, forms[0]?.length ?? 0);
  const find = (text: string): readonly Finding[] => [...valueRanges(text, forms), ...patternRanges(text)];
  const redact = (text: string): string => masked(text, joined(find(text)));
  return { redact, stream: () => redactionStream(find, hold) };
}

function redactionStream(find: (text: string) => readonly Finding[], hold: number): RedactionStream {
  let held = "";
  return {
    write(piece) {
      held += piece;
      // Looking again at each small piece would take quadratic time.
      if (held.length < hold * 2) return "";
      const found = find(held);
      let cut = held.length - hold;
      // What stands before a secret stays with it, or the rest would not be known for one.
      const whole = joined(found.map(({ start, to }) => ({ from: start, to })));
      const across = whole.find(({ from, to }) => from < cut && to > cut);
      if (across !== undefined) cut = across.to - across.from > LONGEST ? cut : across.from;
      // Never between the halves of a character.
      if (/[\ud800-\udbff]/u.test(held.charAt(cut - 1))) cut -= 1;
      const safe = masked(held.slice(0, cut), clipped(joined(found), cut));
      held = held.slice(cut);
      return safe;
    },
    end() {
      const rest = masked(held, joined(find(held)));
      held = "";
      return rest;
    },
  };
}

function clipped(ranges: readonly Range[], end: number): readonly Range[] {
  return ranges.filter(({ from }) => from < end).map(({ from, to }) => ({ from, to: Math.min(to, end) }));
}

function valueRanges(text: string, forms: readonly string[]): readonly Finding[] {
  const found: Finding[] = [];
  for (const form of forms) {
    // From each next character, because two of them may overlap.
    for (let at = text.indexOf(form); at >= 0; at = text.indexOf(form, at + 1)) {
      found.push({ start: at, from: at, to: at + form.length });
    }
  }
  return found;
}

function patternRanges(text: string): readonly Finding[] {
  const found: Finding[] = privateKeyRanges(text).map(({ from, to }) => ({ start: from, from, to }));
  for (const { pattern, isSecret } of SECRET_PATTERNS) {
    for (const match of text.matchAll(pattern)) {
      const from = match.index + (match.groups?.["keep"]?.length ?? 0);
      const to = match.index + match[0].length;
      if (isSecret?.(text.slice(from, to)) ?? true) found.push({ start: match.index, from, to });
    }
  }
  return found;
}

/** Ranges in order, those that overlap or touch made one. */
function joined(ranges: readonly Range[]): readonly Range[] {
  const all: { from: number; to: number }[] = [];
  for (const { from, to } of ranges.toSorted((a, b) => a.from - b.from)) {
    const last = all.at(-1);
    if (last !== undefined && from <= last.to) last.to = Math.max(last.to, to);
    else all.push({ from, to });
  }
  return all;
}

function masked(text: string, ranges: readonly Range[]): string {
  let result = "";
  let at = 0;
  for (const { from, to } of ranges) {
    result += text.slice(at, from) + MASK;
    at = to;
  }
  return result + text.slice(at);
}
