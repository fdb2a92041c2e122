// oxlint-disable-next-line no-control-regex -- the range of ASCII
const ASCII = /^[\u0000-\u007f]*$/;
const MARKS = /\p{M}+/gu;
const NOT_WORD = /[^\p{L}\p{N}]+/gu;
const encoder = new TextEncoder();

/** A text as a model's words are written: no accents, lower case, in UTF-8; beyond ASCII nothing but letters and digits. */
export function folded(text: string): Uint8Array {
  if (ASCII.test(text)) return encoder.encode(text.toLowerCase());
  return encoder.encode(text.normalize("NFKD").replaceAll(MARKS, "").toLowerCase().replaceAll(NOT_WORD, " "));
}
