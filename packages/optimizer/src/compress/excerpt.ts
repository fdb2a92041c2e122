import type { Compressor } from "@mnemosyne/core";

/** Share of an excerpt that comes from the beginning; the rest comes from the end. */
const HEAD = 0.7;

/**
 * Keeps the beginning and the end of a text, whole lines where it can, and says how much was left out between them.
 * `count` gives the upper estimate of a text's tokens.
 */
export function createExcerptCompressor(count: (text: string) => number): Compressor {
  return {
    name: "excerpt",
    compress(item, tokens) {
      const whole = count(item.text);
      if (whole <= tokens) return item;
      // The first guess follows from the text's own density; each miss aims lower.
      let characters = Math.floor((item.text.length * tokens) / whole);
      for (let round = 0; round < 12 && characters > 0; round++) {
        const text = excerpt(item.text, characters, item.id);
        const took = count(text);
        if (took <= tokens) return { ...item, text };
        characters = Math.floor(characters * Math.min(0.9, tokens / took)) - 8;
      }
      return undefined;
    },
  };
}

/** About so many characters of a text: its beginning and its end. */
export function excerpt(text: string, characters: number, id: string): string {
  if (text.length <= characters) return text;
  let head = whole(text, Math.floor(characters * HEAD));
  let tail = text.length - (characters - head);
  if (isLowSurrogate(text, tail)) tail++;
  const lineEnd = text.lastIndexOf("\n", head);
  if (lineEnd > head / 2) head = lineEnd;
  const lineStart = text.indexOf("\n", tail);
  if (lineStart !== -1 && lineStart + 1 - tail < (text.length - tail) / 2) tail = lineStart + 1;
  const left = text.slice(head, tail);
  const lines = left.split("\n").length - 1;
  const amount = lines > 2 ? `${lines} lines` : `${left.length} characters`;
  return `${text.slice(0, head)}\n[... ${amount} left out; read them back by the id ${JSON.stringify(id)} ...]\n${text.slice(tail)}`;
}

function whole(text: string, at: number): number {
  return isLowSurrogate(text, at) ? at - 1 : at;
}

function isLowSurrogate(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 0xdc00 && code <= 0xdfff;
}
