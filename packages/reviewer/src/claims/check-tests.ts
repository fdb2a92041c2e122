import { readTestCases } from "../testing/test-cases.ts";
import { isTestPath } from "../testing/test-files.ts";
import { readTestOutcome } from "../testing/read-outcome.ts";
import { HOLDS, NO_CLAIM, refuted, sumChecked, type Checked, type ClaimContext } from "./claim.ts";
import type { CodeBlock, Sentence } from "./document.ts";
import { shownTests, testsPass, type ShownTests } from "./evidence.ts";
import { moodOf, type Mood } from "./mood.ts";

const WORDS =
  "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty".split(
    " ",
  );
const NUMBER = String.raw`(\d+|(?<!\b(?:every|each|any|no|this|that|which|last|only)\s)(?:${WORDS.toReversed().join("|")})|a\s+dozen|both)`;
const TESTS = String.raw`(?:(?:new|unit|integration|existing|other|remaining|of\s+the|the|regression|[A-Za-z][\w-]*)\s+){0,3}?(?:tests?|test\s+cases?|specs?|assertions?)`;
const PASS = String.raw`(?:pass(?:ed|es|ing)?|succeed(?:ed|s)?|(?:are|is|were|went|stay|run|ran)\s+(?:all\s+|now\s+|still\s+)*(?:green|passing|successful\w*)|green)`;
const ADVERBS = String.raw`(?:,|\s*[—–-])?(?:\s+(?:now|all|still|also|again|then|both|do|have|locally))*\s+`;

/** "12 tests pass", "all 12 tests are green". */
const COUNT_PASS = new RegExp(`\\b${NUMBER}\\s+${TESTS}(?:\\s+in\\s+[\\w_./-]+)?${ADVERBS}${PASS}\\b`, "gi");
/** "12 passed, 0 failed", "12 passing". */
const SHORT_PASS = /\b(\d+)\s+(?:passed|passing|pass)\b(?!\s+through)/gi;
/** "12/12 tests", "12 of 12 pass". */
const OUT_OF = new RegExp(
  `\\b(\\d+)\\s*(?:/|\\s+of\\s+|\\s+out\\s+of\\s+)(?:the\\s+)?(\\d+)\\s+(?:${TESTS}|${PASS})`,
  "gi",
);
/** "all tests passing (12/12)". */
const PASS_OUT_OF = /\b(?:pass\w*|green|succeed\w*)\s*(?:\(|:|,)?\s*(\d+)\s*\/\s*(\d+)/gi;
/** "the suite (12 tests) is green". */
const SUITE_OF = new RegExp(
  `\\b(?:suite|run|specs?)\\s*\\(\\s*(?:all\\s+)?${NUMBER}\\s+${TESTS}\\s*\\)\\s*(?:now\\s+)?(?:is\\s+|are\\s+)?(?:now\\s+)?${PASS}`,
  "gi",
);
/** "pass all 12 tests". */
const PASS_COUNT = new RegExp(`\\b(?:pass(?:es|ed|ing)?)\\s+(?:all\\s+|the\\s+)*${NUMBER}\\s+${TESTS}`, "gi");
/** "passes with 9 tests", "green (9 tests)". */
const PASS_WITH = new RegExp(
  `\\b(?:pass(?:es|ed|ing)?|green|succeed(?:s|ed)?)\\s*(?:,|:|\\(|with|at|on)\\s*(?:all\\s+|the\\s+)*${NUMBER}\\s+${TESTS}`,
  "gi",
);
const COUNT_FAIL = new RegExp(`\\b${NUMBER}\\s+(?:${TESTS}\\s+)?(?:fail(?:ed|ures?|ing|s)?)\\b`, "gi");
/** "All tests pass", "the suite is green", "tests: passing". */
const ALL_PASS = new RegExp(
  `\\b(?:(?:all|every|the|those|these|full|whole|entire|existing|new|failing|unit|my|our|its|previously)\\s+)*(?:tests?|test\\s+suite|suite|test\\s+run|specs?|everything)(?:\\s+in\\s+[\\w_./-]+)?(?:\\s*[:=]\\s*|${ADVERBS})(?:${PASS}|(?:is|are)\\s+(?:now\\s+|all\\s+)*green|pass(?:es|ed|ing)?|✅|✔)`,
  "gi",
);
const ADDED = new RegExp(
  `\\b(?:add(?:ed)?|wr(?:ote|itten)|creat(?:ed)?|introduced)\\s+(?:exactly\\s+|another\\s+|a\\s+total\\s+of\\s+|in\\s+total\\s+)?${NUMBER}\\s+(?:(?:new|more|unit|integration|additional|extra|regression|small|further)\\s+)*tests?\\b(?!\\s+(?:files?|suites?|helpers?|fixtures?))`,
  "gi",
);

/** "Added tests for the parser", without a number. */
const ADDED_SOME =
  /\b(?:added|wrote|(?:have|has)\s+written)\s+(?:(?:new|more|unit|integration|some|further|regression|additional|extensive|comprehensive|thorough|the|a|corresponding|matching|proper|several|missing)\s+)*tests?\b(?!\s+(?:files?|helpers?|fixtures?|data|script|command|runner|setup|dependenc\w+))/gi;

/** Told of another time, another place, or of a part. */
const EARLIER =
  /\b(?:before|previously|initially|originally|at\s+first|baseline|at\s+the\s+start|was|were|had|used\s+to|prior|until|main|master|upstream|base|old)\b/i;
const PART =
  /\b(?:new|added|these|those|other|remaining|first|last|two|more|additional|in|for|of\s+the|regression|unit|integration|existing|\w+ing)\b|_/i;
const MADE_TO = /\b(?:make|makes|making|get|gets|getting|let|lets|see|have|help|to)\s+(?:\w+\s+){0,4}$/i;

/** What a sentence says of tests that pass, fail or were added. */
export function checkTestClaims(context: ClaimContext, sentence: Sentence): Checked {
  if (context.document !== undefined) return NO_CLAIM;
  const checks: Checked[] = [];
  const taken: [number, number][] = [];
  const each = (pattern: RegExp, check: (match: RegExpExecArray, mood: Mood) => Checked): void => {
    for (const match of sentence.words.matchAll(pattern)) {
      const [start, end] = [match.index, match.index + match[0].length];
      if (taken.some(([from, to]) => start < to && end > from)) continue;
      taken.push([start, end]);
      const mood = moodOf(sentence, start, end);
      if (!mood.supposed && !mood.negated) checks.push(check(match, mood));
    }
  };

  each(OUT_OF, (match, mood) => checkOutOf(context, sentence, Number(match[1]), Number(match[2]), mood));
  each(PASS_OUT_OF, (match, mood) => checkOutOf(context, sentence, Number(match[1]), Number(match[2]), mood));
  each(ADDED, (match, mood) => checkAdded(context, sentence, numberOf(match[1]), mood));
  each(ADDED_SOME, (_match, mood) => checkAdded(context, sentence, 1, mood));
  each(COUNT_PASS, (match, mood) => checkPassCount(context, sentence, numberOf(match[1]), match[0], mood));
  each(SUITE_OF, (match, mood) => checkPassCount(context, sentence, numberOf(match[1]), "", mood));
  each(PASS_COUNT, (match, mood) => checkPassCount(context, sentence, numberOf(match[1]), match[0], mood));
  each(PASS_WITH, (match, mood) => checkPassCount(context, sentence, numberOf(match[1]), "", mood));
  if (/\btests?\b|\bfail|\bskip|\bsuite\b/i.test(sentence.text))
    each(SHORT_PASS, (match, mood) => checkPassCount(context, sentence, numberOf(match[1]), match[0], mood));
  each(COUNT_FAIL, (match, mood) => checkFailCount(context, sentence, numberOf(match[1]), mood));
  each(ALL_PASS, (match, mood) =>
    MADE_TO.test(mood.before) && /\bpass$/i.test(match[0])
      ? NO_CLAIM
      : checkAllPass(context, sentence, match[0], mood),
  );
  return sumChecked(checks);
}

/** A runner's summary that is quoted in a fenced block. */
export function checkQuotedRun(context: ClaimContext, block: CodeBlock): Checked {
  if (
    context.document !== undefined ||
    /\b(?:before|previously|baseline|initially|at\s+first|expected|example|should)\b/i.test(block.lead)
  )
    return NO_CLAIM;
  if (/^(?:diff|patch)\b/.test(block.info)) return NO_CLAIM;
  const quoted = readTestOutcome(block.text);
  if (quoted === undefined || quoted.passed + quoted.failed + quoted.skipped === 0) return NO_CLAIM;
  const sentence = { text: block.text.trim().split("\n").slice(-8).join(" / "), line: block.line };
  const shown = shownTests(context);
  if (shown.length === 0)
    return unproven(context, sentence, "Nothing shows the run of the tests that is quoted.");
  if (shown.some((tests) => tests.passed === quoted.passed && tests.failed === quoted.failed)) return HOLDS;
  return refuted(
    context,
    "testCount",
    sentence,
    "The quoted run of the tests is not the one that is shown.",
    describe(shown),
  );
}

function checkPassCount(
  context: ClaimContext,
  sentence: Sentence,
  claimed: number,
  words: string,
  mood: Mood,
): Checked {
  if (EARLIER.test(mood.before) || (mood.past && EARLIER.test(mood.after))) return NO_CLAIM;
  const shown = shownTests(context);
  if (shown.length === 0) {
    const known = testsPass(context);
    if (known === undefined) return unproven(context, sentence, "Nothing shows that tests were run.");
    return known.pass
      ? HOLDS
      : refuted(context, "tests", sentence, "The tests do not pass.", `shown by ${known.by}`);
  }
  // Some of them, by name or by place: no more than all can pass.
  const part =
    PART.test(words.replace(/^\S+\s+/, "").replaceAll(/\bpass\w*|\btests?\b|\ball\b|\bnow\b/gi, "")) ||
    /\bin\s+_|^\s*in\s/.test(mood.after);
  const fits = shown.some(({ passed }) => (part ? claimed <= passed : claimed === passed));
  return fits
    ? HOLDS
    : refuted(context, "testCount", sentence, `Not ${claimed} tests pass.`, describe(shown));
}

function checkOutOf(
  context: ClaimContext,
  sentence: Sentence,
  passed: number,
  total: number,
  mood: Mood,
): Checked {
  if (EARLIER.test(mood.before)) return NO_CLAIM;
  const shown = shownTests(context);
  if (shown.length === 0) return checkPassCount(context, sentence, passed, "", mood);
  const fits = shown.some(
    (tests) =>
      tests.passed === passed &&
      [tests.passed + tests.failed, tests.passed + tests.failed + tests.skipped].includes(total),
  );
  return fits
    ? HOLDS
    : refuted(context, "testCount", sentence, `Not ${passed} of ${total} tests pass.`, describe(shown));
}

function checkFailCount(context: ClaimContext, sentence: Sentence, claimed: number, mood: Mood): Checked {
  if (EARLIER.test(mood.before) || EARLIER.test(mood.after) || claimed !== 0) return NO_CLAIM;
  return checkAllPass(context, sentence, "", mood);
}

function checkAllPass(context: ClaimContext, sentence: Sentence, words: string, mood: Mood): Checked {
  if (/\b(?:previously|before)\b/i.test(mood.before) && !/\bnow\b/i.test(words)) return NO_CLAIM;
  const known = testsPass(context);
  if (known === undefined) return unproven(context, sentence, "Nothing shows that tests were run.");
  return known.pass
    ? HOLDS
    : refuted(context, "tests", sentence, "The tests do not pass.", `shown by ${known.by}`);
}

function checkAdded(context: ClaimContext, sentence: Sentence, claimed: number, mood: Mood): Checked {
  if (/\b(?:already|previous\w*|earlier)\b/i.test(mood.before)) return NO_CLAIM;
  let fresh = 0;
  for (const { path, from, before, after } of context.repository.deltas) {
    if (!isTestPath(path)) continue;
    const old = before === undefined ? 0 : readTestCases(from ?? path, before).length;
    const now = after === undefined ? 0 : readTestCases(path, after).length;
    fresh += Math.max(0, now - old);
  }
  // A table of cases makes several tests of one that is written.
  const tables = context.repository.deltas.some(
    ({ path, added }) =>
      isTestPath(path) && added.some(({ text }) => /\.each\b|\bfor\s*\(|parametrize|\bt\.Run\(/.test(text)),
  );
  // More of an existing test is written, too.
  const extended =
    claimed === 1 &&
    context.repository.deltas.some(({ path, added }) => isTestPath(path) && added.length > 0);
  if (fresh >= claimed || tables || extended) return HOLDS;
  return refuted(
    context,
    "testsAdded",
    sentence,
    `Not ${claimed} tests were added.`,
    `tests that the change adds: ${fresh}`,
  );
}

/** Where the tests gate was asked and could not judge, the claim is neither shown nor refuted: that verdict blocks by itself. */
function unproven(
  context: ClaimContext,
  sentence: Pick<Sentence, "text" | "line">,
  message: string,
): Checked {
  if (context.judged.some(({ gate }) => gate === "tests")) return NO_CLAIM;
  return refuted(
    context,
    "testsNotRun",
    sentence,
    message,
    "no command among this attempt's effects runs tests, and no tests gate judged them",
  );
}

function describe(shown: readonly ShownTests[]): string {
  return shown
    .map(
      ({ passed, failed, skipped, by }) => `${passed} passed, ${failed} failed, ${skipped} skipped by ${by}`,
    )
    .join("; ");
}

function numberOf(text = ""): number {
  const word = text.toLowerCase();
  if (/dozen/.test(word)) return 12;
  return word === "both" ? 2 : WORDS.includes(word) ? WORDS.indexOf(word) : Number(text);
}
