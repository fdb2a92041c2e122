/** A test as it stands in a source file. */
export interface TestCase {
  /** With the names of the suites around it, `outer > inner`. */
  readonly name: string;
  readonly line: number;
  /** Its whole text. */
  readonly body: string;
  /** Texts of what it asserts, white space evened out; assertions that cannot fail are left out. */
  readonly assertions: readonly string[];
  /** What keeps it, or others, from running; missing for a test that runs. */
  readonly off?: "skip" | "only" | "todo";
}
