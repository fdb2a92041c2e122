/** Requirements, one a line; `clear` ones say what would be wrong, `vague` ones need a question first. */
export interface LabelledRequirements {
  readonly clear: readonly string[];
  readonly vague: readonly string[];
}

/** The lines of a text. */
export function lines(text: string): readonly string[] {
  return text.trim().split("\n");
}
