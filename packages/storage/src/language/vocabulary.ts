import { inputError } from "../input.ts";
import { ENGLISH } from "./english.ts";
import type { SearchLanguage } from "./language.ts";

/** A language made ready for looking words up. */
export interface Vocabulary {
  readonly stopWords: ReadonlySet<string>;
  /** The word that stands for an irregular form. */
  readonly forms: ReadonlyMap<string, string>;
  /** A text with its irregular forms replaced. */
  readonly regular: (text: string) => string;
  readonly time: RegExp;
  readonly asksForTime: RegExp;
  readonly months: readonly string[];
  readonly stem: (word: string) => string;
}

/** Checks a language and makes it ready. Throws `E_INPUT`. */
export function vocabularyOf(language: SearchLanguage = ENGLISH): Vocabulary {
  const { stopWords, forms, time, asksForTime, months } = language;
  for (const [name, list] of Object.entries({ stopWords, months }))
    if (!Array.isArray(list)) throw inputError(`language.${name}`, "must be an array of words");
  if (!Array.isArray(forms) || !forms.every(Array.isArray))
    throw inputError("language.forms", "must be an array of arrays of words");
  if (months.length !== 12) throw inputError("language.months", "must have twelve names");
  for (const [name, pattern] of Object.entries({ time, asksForTime }))
    if (!(pattern instanceof RegExp) || pattern.global || pattern.sticky)
      throw inputError(`language.${name}`, "must be a regular expression without the flags g and y");
  const standing = new Map<string, string>();
  for (const [first = "", ...others] of forms)
    for (const form of others) if (!standing.has(form)) standing.set(form, first);
  return {
    stopWords: new Set(stopWords),
    forms: standing,
    regular: replacerOf(standing),
    time,
    asksForTime,
    months,
    stem: language.stem ?? itself,
  };
}

function itself(word: string): string {
  return word;
}

// oxlint-disable-next-line no-control-regex -- the range of ASCII
const ASCII = /^[\u0000-\u007f]*$/;

const SYNTAX = /[\\^$.*+?()[\]{}|/]/g;

/** One expression of all forms is several times as quick as a look at each word. */
function replacerOf(forms: ReadonlyMap<string, string>): (text: string) => string {
  if (forms.size === 0) return itself;
  const any = `(?:${[...forms.keys()].map((form) => form.replaceAll(SYNTAX, "\\$&")).join("|")})`;
  const whole = new RegExp(`(?<![\\p{L}\\p{N}\\p{M}])${any}(?![\\p{L}\\p{N}\\p{M}])`, "giu");
  const wholeInAscii = ASCII.test(any) ? new RegExp(`\\b${any}\\b`, "gi") : whole;
  return (text) =>
    text.replace(ASCII.test(text) ? wholeInAscii : whole, (form) => forms.get(form.toLowerCase()) ?? form);
}
