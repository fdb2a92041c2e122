import { readScriptSegments, type Span } from "./syntax.ts";
import { languageOf, type Language } from "./language.ts";

/** A comment or a string in a source text. */
export interface Segment {
  readonly start: number;
  readonly end: number;
  /** Line of its start, from 1. */
  readonly line: number;
  /** With its delimiters. */
  readonly text: string;
}

/** A source text, taken apart. */
export interface SourceText {
  readonly text: string;
  /** The text with comments and the insides of strings blanked out; every offset and line stays where it was. */
  readonly code: string;
  /** The text with only comments blanked out. */
  readonly uncommented: string;
  readonly comments: readonly Segment[];
  readonly strings: readonly Segment[];
}

/** Tells comments and strings from code, in any language whose way of writing them is known; others are all code. */
export function readSource(path: string, text: string): SourceText {
  const language = languageOf(path);
  if (language === undefined) return { text, code: text, uncommented: text, comments: [], strings: [] };
  return (/\.[jt]sx$/.test(path) ? fromTree(path, text) : undefined) ?? new Scanner(text, language).scan();
}

/** Text between JSX tags holds apostrophes and slashes that only a parser can tell from strings and comments. */
function fromTree(path: string, text: string): SourceText | undefined {
  const found = readScriptSegments(path, text);
  if (found === undefined) return undefined;
  const asSegments = (spans: readonly Span[]): Segment[] =>
    spans.map(({ start, end, line }) => ({ start, end, line, text: text.slice(start, end) }));
  const [comments, strings] = [asSegments(found.comments), asSegments(found.strings)];
  const uncommented = blank(text, comments, 0);
  return { text, code: blank(uncommented, strings, 1), uncommented, comments, strings };
}

/** Words after which a `/` starts a regular expression instead of a division. */
const BEFORE_REGEX =
  /(?:^|[^\w$.])(?:return|typeof|case|in|of|do|else|void|delete|throw|new|yield|await)\s*$/;

class Scanner {
  readonly #text: string;
  readonly #language: Language;
  readonly #comments: Segment[] = [];
  readonly #strings: Segment[] = [];
  #at = 0;
  #line = 1;

  constructor(text: string, language: Language) {
    this.#text = text;
    this.#language = language;
  }

  scan(): SourceText {
    this.#code(() => false);
    const { comments, text } = { comments: this.#comments, text: this.#text };
    const uncommented = blank(text, comments, 0);
    return {
      text,
      code: blank(uncommented, this.#strings, 1),
      uncommented,
      comments,
      strings: this.#strings,
    };
  }

  /** Reads code until `ends` says that it is over (for `${…}` in a template) or the text is. */
  #code(ends: (character: string) => boolean): void {
    const { lineComments, blockComments, quotes, script, lifetimes } = this.#language;
    while (this.#at < this.#text.length) {
      const character = this.#text[this.#at] ?? "";
      if (ends(character)) return;
      const block = blockComments.find(([open]) => this.#startsWith(open));
      if (block !== undefined) this.#take(this.#comments, () => this.#skipPast(block[1], block[0].length));
      else if (lineComments.some((mark) => this.#startsWith(mark)) && this.#mayComment())
        this.#take(this.#comments, () => this.#skipLine());
      else if (script === true && character === "`") this.#template();
      else if (script === true && character === "/" && this.#mayBeRegex())
        this.#take(this.#strings, () => this.#regex());
      else {
        const quote = quotes.find((kind) => this.#startsWith(kind.quote));
        if (quote === undefined || (lifetimes === true && quote.quote === "'" && !this.#isCharacterLiteral()))
          this.#next();
        else this.#take(this.#strings, () => this.#string(quote));
      }
    }
  }

  #string({ quote, multiline, escapes }: Language["quotes"][number]): void {
    this.#next(quote.length);
    while (this.#at < this.#text.length) {
      if (this.#startsWith(quote)) return this.#next(quote.length);
      const character = this.#text[this.#at];
      if (character === "\n" && !multiline) return;
      this.#next(escapes && character === "\\" ? 2 : 1);
    }
  }

  /** Its text parts are strings, its `${…}` parts code. */
  #template(): void {
    let start = this.#at;
    let line = this.#line;
    const close = (): void => {
      this.#strings.push({ start, end: this.#at, line, text: this.#text.slice(start, this.#at) });
    };
    this.#next();
    while (this.#at < this.#text.length) {
      if (this.#startsWith("`")) {
        this.#next();
        return close();
      }
      if (this.#startsWith("${")) {
        this.#next(2);
        close();
        let depth = 0;
        this.#code((character) => {
          if (character === "{") depth++;
          return character === "}" && depth-- === 0;
        });
        start = this.#at;
        line = this.#line;
      } else this.#next(this.#text[this.#at] === "\\" ? 2 : 1);
    }
    close();
  }

  #regex(): void {
    this.#next();
    let inClass = false;
    while (this.#at < this.#text.length) {
      const character = this.#text[this.#at];
      if (character === "\n") return;
      if (character === "[") inClass = true;
      if (character === "]") inClass = false;
      if (character === "/" && !inClass) return this.#next();
      this.#next(character === "\\" ? 2 : 1);
    }
  }

  #mayBeRegex(): boolean {
    const before = this.#text.slice(Math.max(0, this.#at - 40), this.#at).trimEnd();
    if (before === "") return true;
    // After `<` it is a closing tag of JSX, not a regular expression.
    return /[({[=,;:!&|?+\-*%~^>\n]$/.test(before) ? !/\+\+$|--$/.test(before) : BEFORE_REGEX.test(before);
  }

  #mayComment(): boolean {
    return (
      this.#language.spaceBeforeComment !== true ||
      this.#at === 0 ||
      /\s/.test(this.#text[this.#at - 1] ?? "")
    );
  }

  #isCharacterLiteral(): boolean {
    return /^'(?:\\[^\n]{1,10}?|[^'\\\n])'/u.test(this.#text.slice(this.#at, this.#at + 16));
  }

  #startsWith(mark: string): boolean {
    return this.#text.startsWith(mark, this.#at);
  }

  #skipPast(mark: string, opening: number): void {
    const end = this.#text.indexOf(mark, this.#at + opening);
    this.#next((end < 0 ? this.#text.length : end + mark.length) - this.#at);
  }

  #skipLine(): void {
    const end = this.#text.indexOf("\n", this.#at);
    this.#next((end < 0 ? this.#text.length : end) - this.#at);
  }

  #take(into: Segment[], read: () => void): void {
    const start = this.#at;
    const line = this.#line;
    read();
    into.push({ start, end: this.#at, line, text: this.#text.slice(start, this.#at) });
  }

  #next(count = 1): void {
    const end = Math.min(this.#at + count, this.#text.length);
    for (; this.#at < end; this.#at++) if (this.#text[this.#at] === "\n") this.#line++;
  }
}

/** Spaces over the segments, except for their outermost `keep` characters and for line ends. */
function blank(text: string, segments: readonly Segment[], keep: number): string {
  let result = "";
  let at = 0;
  for (const { start, end } of segments.toSorted((a, b) => a.start - b.start)) {
    const from = Math.min(start + keep, end);
    const to = Math.max(end - keep, from);
    result += text.slice(at, from) + text.slice(from, to).replaceAll(/[^\n]/g, " ");
    at = to;
  }
  return result + text.slice(at);
}
