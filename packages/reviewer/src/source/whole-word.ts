/** A text as a pattern that matches just it. */
export function escapePattern(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/-]/g, String.raw`\$&`);
}

/** A name as a whole word, also where it holds `$` or begins with `#`. */
export function wholeWord(name: string): RegExp {
  return new RegExp(`(?<![\\w$])${escapePattern(name)}(?![\\w$])`);
}
