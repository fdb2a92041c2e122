/**
 * What search knows of a language: data that another language can replace. Texts of every language are found without
 * it; it makes the order of what is found better.
 */
export interface SearchLanguage {
  /** Names it, e.g. `en`. */
  readonly name: string;
  /** Words in lower case that say nothing about what is looked for. */
  readonly stopWords: readonly string[];
  /**
   * Groups of words in lower case that are one word in forms that no stem shows: `go went gone`. Each is indexed, and
   * looked for, as the first of its group.
   */
  readonly forms: readonly (readonly string[])[];
  /** Finds an expression of time in a text (`yesterday`, `last May`). No `g` or `y` flag. */
  readonly time: RegExp;
  /** Finds out whether a query asks for a time (`when`, `how long`). No `g` or `y` flag. */
  readonly asksForTime: RegExp;
  /** The months' names, January first: dates are found by them. */
  readonly months: readonly string[];
  /** The stem of a word in lower case; words of one stem are looked for once. Default: the word itself. */
  readonly stem?: (word: string) => string;
}
