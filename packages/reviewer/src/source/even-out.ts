/** A text with all white space as single spaces. */
export function evenOut(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}
