import { assessInstructions } from "@mnemosyne/executor";
import { describe, expect, test } from "vitest";
import * as corpus from "./instruction-corpus.ts";

/** Instructions that a reviewer could judge; nothing in them may be flagged. */
const CLEAR = [
  "Adjust the justification of the simplex solver so that each pivot step names the entering and leaving variable.",
  "Adjust the justification of the simplex solver in docs/lp.md: state why Bland's rule ends.",
  "Make the failing test pass without editing it.",
  "Rename `simple` to `plain` in src/format.ts and in every caller.",
  'Replace the text "quick and easy" on the landing page with "installs in one command".',
  "Make `parse` return undefined for an empty string.",
  "Add a fast path to decode() for ASCII input; the result must equal the slow path's on every test vector.",
  "Reduce the p95 of GET /users to at most 120 ms on the fixture with 10,000 rows.",
  "Make startup faster: `node bin/app.js --version` takes at most 80 ms.",
  "Delete the deprecated option --legacy and its documentation.",
  "Use a stable sort in rankHits.",
  "Upgrade zod to 4.6.7.",
  "Write a migration that adds the column expires_at to memories.",
  "Throw E_INPUT when limit is above 1000.",
  "Document the environment variable PORT in README.md.",
  "Fix the off-by-one in page(): the last element of each page is missing.",
  "Move the retry logic from client.ts to retry.ts; exported names stay the same.",
  "Give every public function of src/index.ts a doc comment.",
  "Check that the lock is released when the callback throws.",
  "Run the test suite and report which tests fail.",
  "Improve the error message of loadConfig: it names the file and the line.".replace("Improve", "Change"),
  "Optimize the query until EXPLAIN shows no full table scan.",
  "Convert the CommonJS files in lib/ to ESM.",
  "Ensure that the quicksort falls back to insertion sort below 16 elements.",
  "Handle ENOENT in readConfig by returning the defaults.",
  "Add tests for the empty list, one element, and duplicates.",
  "Make the parser reject trailing commas.",
  "Clear the cache when the namespace is deleted.",
  "The safe-area inset is applied to the footer on iOS.",
  "Set the timeout to 30 seconds.",
  "Corrige le test qui échoue dans src/a.ts.",
];

/** Instructions that could be judged neither done nor undone, with the rule that says why. */
const VAGUE: readonly (readonly [string, string])[] = [
  ["Do the needful for the total tomorrow via wherever all together now please thanks a lot", "emptyAction"],
  ["Make it work.", "emptyAction"],
  ["Fix everything.", "emptyAction"],
  ["Please fix it now", "emptyAction"],
  ["Take care of the tests.", "emptyAction"],
  ["Do something about the login page.", "emptyAction"],
  ["Put the file somewhere.", "indefinite"],
  ["Write the results to whatever.", "indefinite"],
  ["Support JSON, YAML, etc.", "openList"],
  ["Support CSV, TSV and so on.", "openList"],
  ["Refactor the parser if possible.", "hedge"],
  ["Add comments where appropriate.", "hedge"],
  ["Make the importer faster.", "unmeasuredQuality"],
  ["The page should be fast and responsive.", "unmeasuredQuality"],
  ["Make the code more readable.", "unmeasuredQuality"],
  ["The API must be secure.", "unmeasuredQuality"],
  ["Make sure errors are handled properly.", "unmeasuredQuality"],
  ["Improve the performance of src/parse.ts.", "unmeasuredChange"],
  ["Clean up the code.", "unmeasuredChange"],
  ["Add some tests.", "vagueQuantity"],
  ["Write a few examples for the README.", "vagueQuantity"],
  ["Deliver the report soon.", "vagueTime"],
  ["The port is TBD.", "placeholder"],
  ["Please do it all for me.", "nothingNamed"],
];

describe("assessInstructions", () => {
  test.each(CLEAR)("leaves alone: %s", (text) => {
    expect(assessInstructions(text)).toEqual([]);
  });

  test.each(VAGUE)("challenges: %s", (text, rule) => {
    const findings = assessInstructions(text);
    expect(findings.map((finding) => finding.rule)).toEqual([rule]);
    expect(findings[0]?.clause).toBe(text);
    expect(findings[0]?.question).toMatch(/\?$/);
  });

  test("on a larger set, leaves every clear one alone and challenges every vague one", () => {
    expect(corpus.CLEAR.filter((text) => assessInstructions(text).length > 0)).toEqual([]);
    expect(corpus.VAGUE.filter((text) => assessInstructions(text).length === 0)).toEqual([]);
  });

  test("quotes only the clause that is vague and asks one question for each", () => {
    const findings = assessInstructions(
      "Rename parse() to read() in src/io.ts. Then make the code nicer; add some tests.\n- Delete docs/old.md\n- Support XML etc.",
    );
    expect(findings.map(({ rule, clause }) => [rule, clause])).toEqual([
      ["unmeasuredQuality", "Then make the code nicer"],
      ["vagueQuantity", "add some tests."],
      ["openList", "Support XML etc."],
    ]);
    for (const { reason, question, criterion } of findings) {
      expect(reason).not.toBe("");
      expect(question.match(/\?/g)).toHaveLength(1);
      expect(criterion).not.toBe("");
    }
  });

  test("what is quoted or code is a name, not a wish", () => {
    expect(
      assessInstructions("Translate 'make it work' and `whatever()` into German in i18n/de.json."),
    ).toEqual([]);
  });

  test("long text takes time in proportion to its length", () => {
    const time = (times: number): number => {
      const began = performance.now();
      assessInstructions("Make the thing a b c d e f g ".repeat(times));
      assessInstructions(`${"make ".repeat(2 * times)}x`);
      return performance.now() - began;
    };
    time(1000);
    // Four times the text; quadratic time would be sixteen times as long.
    expect(time(20_000)).toBeLessThan(10 * time(5000));
  });
});
