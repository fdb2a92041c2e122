import type { GateSubject } from "@mnemosyne/core";
import { runsOf, testsPass } from "../claims/evidence.ts";
import type { ClaimContext } from "../claims/claim.ts";
import { classify, type Named } from "../claims/classify.ts";
import { maskCode, parseDocument, type ParsedDocument, type Sentence } from "../claims/document.ts";
import { mentionsIn } from "../claims/mentions.ts";
import { moodOf } from "../claims/mood.ts";

/** What is known of a criterion: shown by a program, refuted by one, addressed in words only, or neither. */
export interface CriterionState {
  readonly state: "shown" | "refuted" | "addressed" | "unknown";
  readonly evidence: string;
}

const LONGEST_CRITERION = 1000;
const TESTS_PASS =
  /\b(?:tests?|test\s+suite|suite|specs?)\b[^.]*?\b(?:pass(?:es|ing)?|succeeds?|green)\b|\bpass(?:es|ing)?\s+(?:all\s+)?(?:the\s+)?tests?\b|\bno\s+(?:failing|broken)\s+tests?\b/i;
const EXISTS =
  /\b(?:exists?|is\s+(?:there|present|created|written|added)|are\s+(?:there|present|created|written|added)|has\s+been\s+(?:created|written|added))\b/i;
const GONE =
  /\b(?:does\s+not\s+exist|do\s+not\s+exist|is\s+(?:gone|removed|deleted)|are\s+(?:gone|removed|deleted)|no\s+longer\s+exists?)\b/i;
const SUCCEEDS =
  /\b(?:pass(?:es)?|succeeds?|exits?\s+(?:with\s+)?(?:code\s+)?(?:0|zero)|runs?|works?|completes?|is\s+(?:clean|green)|without\s+errors?|reports?\s+no)\b/i;
const HOLDS_TEXT =
  /\b(?:contains?|mentions?|says?|documents?|lists?|names?|has)\s+(?:the\s+(?:text|words?|line|heading|section)\s+)?(?:"([^"]+)"|`([^`]+)`)/i;
const NO_TODOS = /\bno\s+(?:\w+\s+)?(?:todos?|fixmes?|placeholders?|stubs?)\b/i;

/** Looks a success criterion up. Only what a program can see is `shown` or `refuted`. */
export async function checkCriterion(
  context: ClaimContext,
  criterion: string,
  report: ParsedDocument,
): Promise<CriterionState> {
  const sentence = asSentence(criterion.slice(0, LONGEST_CRITERION));
  const mentions = mentionsIn(sentence).map((mention) => ({ mention, named: classify(mention) }));
  const commands = mentions.flatMap(({ named }) => (named?.kind === "command" ? named.line : []));
  if (commands.length > 0 && SUCCEEDS.test(sentence.words)) return commandState(context, commands);
  if (TESTS_PASS.test(sentence.words)) return testsState(context);
  if (NO_TODOS.test(sentence.words)) {
    const state = judgedState(context, "noTodos");
    if (state !== undefined) return state;
  }
  const paths = mentions.flatMap(({ named }) => (named?.kind === "path" ? named : []));
  if (paths.length > 0) {
    const state = await pathState(context, criterion, sentence, paths);
    if (state !== undefined) return state;
  }
  return wordsState(criterion, report);
}

function testsState(context: ClaimContext): CriterionState {
  const known = testsPass(context);
  if (known !== undefined)
    return {
      state: known.pass ? "shown" : "refuted",
      evidence: `tests ${known.pass ? "pass" : "do not pass"}: shown by ${known.by}`,
    };
  return judgedState(context, "tests") ?? { state: "unknown", evidence: "no run of the tests is shown" };
}

/** The last verdict of a gate, in this review or on an earlier task of the run. */
function judgedState({ judged, subject }: ClaimContext, name: string): CriterionState | undefined {
  const own = judged.findLast(({ gate }) => gate === name)?.verdict;
  const last = subject.earlier.findLast(({ gate }) => gate === name);
  const verdict = own ?? last?.verdict;
  if (verdict === undefined || verdict === "error" || verdict === "inconclusive") return undefined;
  return {
    state: verdict === "pass" ? "shown" : "refuted",
    evidence:
      own === undefined ? `gate ${name} on task ${last?.task}: ${verdict}` : `gate ${name}: ${verdict}`,
  };
}

async function commandState(context: ClaimContext, commands: readonly string[]): Promise<CriterionState> {
  for (const line of commands) {
    const last = (await runsOf(context, line)).at(-1);
    if (last === undefined) {
      const isTests = context.subject.testCommand === line;
      const judged = isTests ? testsState(context) : undefined;
      if (judged === undefined || judged.state !== "shown")
        return judged ?? { state: "unknown", evidence: `no run of '${line}' is shown` };
    } else if (!last.ok) return { state: "refuted", evidence: `'${last.line}' did not succeed` };
  }
  return { state: "shown", evidence: commands.map((line) => `'${line}' succeeded`).join("; ") };
}

async function pathState(
  { repository }: ClaimContext,
  criterion: string,
  sentence: Sentence,
  paths: readonly Extract<Named, { kind: "path" }>[],
): Promise<CriterionState | undefined> {
  const quoted = HOLDS_TEXT.exec(criterion);
  const text = quoted?.[1] ?? quoted?.[2];
  const gone = GONE.test(sentence.words);
  if (!gone && !EXISTS.test(sentence.words) && text === undefined) return undefined;
  for (const { path } of paths) {
    const [place] = await repository.find(path);
    if (gone ? place !== undefined : place === undefined)
      return { state: "refuted", evidence: `${path} ${gone ? "is still there" : "does not exist"}` };
    if (
      text !== undefined &&
      text !== path &&
      !((await repository.textOf(place ?? path)) ?? "").includes(text)
    )
      return { state: "refuted", evidence: `${path} does not hold "${text}"` };
  }
  return { state: "shown", evidence: paths.map(({ path }) => path).join(", ") };
}

/** Words that carry no meaning of their own, and those that every report holds. */
const COMMON = new Set(
  (
    "the a an and or of to in on for with by from at as is are be been was were it its this that these those all every each any no not must should shall will can may " +
    "has have had do does did so than then when where which who into over under only also make made sure new still use used using work works"
  ).split(" "),
);

function wordsState(criterion: string, { sentences, blocks }: ParsedDocument): CriterionState {
  const wanted = stemsOf(criterion);
  if (wanted.size === 0) return { state: "unknown", evidence: "nothing to look for" };
  for (const sentence of sentences) {
    const mood = moodOf(sentence, 0, 0);
    if (mood.supposed || sentence.box === "open") continue;
    const has = stemsOf(sentence.text);
    const shared = [...wanted].filter((stem) => has.has(stem)).length;
    if (shared / wanted.size >= 0.6) return { state: "addressed", evidence: sentence.text };
  }
  return {
    state: "unknown",
    evidence:
      sentences.length + blocks.length === 0
        ? "there is no report"
        : "no sentence of the report speaks of it",
  };
}

function stemsOf(text: string): ReadonlySet<string> {
  const words = text.toLowerCase().match(/[\p{L}\p{N}_]{2,}/gu) ?? [];
  return new Set(
    words
      .filter((word) => !COMMON.has(word))
      .map((word) => word.replace(/(?:ies|ied)$/, "y").replace(/(?:ing|ed|es|s|ly|ion|e)$/, "")),
  );
}

function asSentence(text: string): Sentence {
  return { text, words: maskCode(text), line: 1, section: "", heading: false };
}

const ORDERED =
  /\b(?:create|write|add|generate|produce|save|put|store|output)\b(?:\s+(?:(?:it|them|a|an|the|new|file|files|your|result|results|report|summary|module|script|document|page|to|in|into|as|called|named|at|of|_+)\s*)+)?[\s:]*$/i;

/** Files that a task's instructions tell to be made and that are not there. */
export async function missingDeliverables(
  { repository }: ClaimContext,
  { instructions }: GateSubject,
): Promise<readonly { readonly path: string; readonly sentence: string }[]> {
  const missing: { path: string; sentence: string }[] = [];
  for (const sentence of parseDocument(instructions).sentences)
    for (const mention of mentionsIn(sentence)) {
      const named = classify(mention);
      if (named?.kind !== "path" || !/\.\w+$/.test(named.path)) continue;
      const mood = moodOf(sentence, mention.start, mention.end);
      if (
        mood.negated ||
        /\b(?:if|unless|optionally|e\.g|for\s+example|like)\b/i.test(mood.before) ||
        !ORDERED.test(mood.before)
      )
        continue;
      if ((await repository.find(named.path)).length === 0)
        missing.push({ path: named.path, sentence: sentence.text });
    }
  return missing;
}

const ORDERS_CHANGE =
  /^\W*(?:please\s+)?(?:(?:repair|fix|update|change|edit|extend|rewrite|refactor|correct|adjust|modify|complete)\s+(?:the\s+)?(?:file\s+|module\s+)?|(?:add|append|insert|write)\b[^,;:.]{1,80}?\b(?:to|in|into)\s+(?:the\s+)?(?:file\s+)?)_*$/i;

/** Files that a task's instructions tell to be changed and that the task did not change. */
export async function untouchedTargets(
  { repository }: ClaimContext,
  { instructions, changes }: GateSubject,
): Promise<readonly { readonly path: string; readonly sentence: string }[]> {
  const untouched: { path: string; sentence: string }[] = [];
  for (const sentence of parseDocument(instructions).sentences)
    for (const mention of mentionsIn(sentence)) {
      const named = classify(mention);
      if (named?.kind !== "path" || !/\.\w+$/.test(named.path)) continue;
      if (!ORDERS_CHANGE.test(sentence.words.slice(0, mention.start))) continue;
      const places = await repository.find(named.path);
      if (places.length > 0 && !changes.some(({ path }) => places.includes(path)))
        untouched.push({ path: named.path, sentence: sentence.text });
    }
  return untouched;
}
