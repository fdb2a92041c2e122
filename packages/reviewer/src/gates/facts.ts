import type { Gate } from "@mnemosyne/core";
import {
  checkCommand,
  checkDone,
  checkKinds,
  checkScripts,
  checkShellBlock,
} from "../claims/check-commands.ts";
import { checkLinks } from "../claims/check-links.ts";
import { checkPackage, checkUsed, isCalledPackage } from "../claims/check-packages.ts";
import { checkDocumented, checkFileCounts, checkOnlyThese } from "../claims/check-changes.ts";
import { checkPath } from "../claims/check-paths.ts";
import { checkQuotedBlock, checkSaid } from "../claims/check-quotes.ts";
import { checkSymbol, checkTestName, isCalledSymbol } from "../claims/check-symbols.ts";
import { checkQuotedRun, checkTestClaims } from "../claims/check-tests.ts";
import { NO_CLAIM, sumChecked, type Checked, type ClaimContext } from "../claims/claim.ts";
import { classify, type Named } from "../claims/classify.ts";
import { parseDocument, type Sentence } from "../claims/document.ts";
import { mentionsIn, type Mention } from "../claims/mentions.ts";
import { moodOf } from "../claims/mood.ts";
import { openRepository } from "../claims/repository.ts";
import { readSettings } from "../settings.ts";
import { verdictOf } from "../verdict.ts";

const LONGEST_REPORT = 100_000;

/**
 * Looks up what the report claims: paths and lines, names in the code, packages and versions, scripts, commands that were
 * run and what they came to, numbers of tests, quotations, links. Links and scripts in Markdown that the task changed are
 * looked up too. What is planned, denied or supposed is no claim. An agent's task without a report does not pass.
 */
export function factsGate(): Gate {
  return {
    name: "facts",
    version: "1",
    after: ["tests"],
    async judge(subject, { settings, judged = [] }) {
      readSettings("facts", settings, []);
      const report = subject.report?.trim() ?? "";
      if (report === "" && subject.instructions.trim() !== "")
        return {
          verdict: "fail",
          findings: [
            {
              rule: "facts.noReport",
              severity: "blocker",
              message: "There is no report. Say what was done, in which files, and what was run.",
            },
          ],
        };
      if (report.length > LONGEST_REPORT)
        return {
          verdict: "fail",
          findings: [
            {
              rule: "facts.tooLong",
              severity: "blocker",
              message: `The report has ${report.length} characters; say what was done in at most ${LONGEST_REPORT}.`,
            },
          ],
        };
      const repository = await openRepository(subject);
      const context: ClaimContext = { subject, repository, judged };
      const checks = [await checkReport(context, report)];
      for (const delta of repository.deltas) {
        if (delta.after === undefined || !/\.mdx?$/i.test(delta.path)) continue;
        const added = new Set(delta.added.map(({ line }) => line));
        checks.push(
          await checkDocument({ ...context, document: delta.path }, delta.after, (line) => added.has(line)),
        );
      }
      const { looked, findings } = sumChecked(checks);
      return {
        verdict: verdictOf(findings),
        findings:
          findings.length > 0
            ? findings
            : [
                {
                  rule: "facts.lookedUp",
                  severity: "note",
                  message: `${looked} claims were looked up and hold.`,
                },
              ],
        measured: { claims: looked },
      };
    },
  };
}

async function checkReport(context: ClaimContext, report: string): Promise<Checked> {
  const parsed = parseDocument(report);
  const checks: Checked[] = [await checkLinks(context, parsed)];
  for (const sentence of parsed.sentences) {
    checks.push(
      checkTestClaims(context, sentence),
      checkFileCounts(context, sentence),
      checkKinds(context, sentence),
      checkDone(context, sentence),
      checkDocumented(context, sentence),
      checkOnlyThese(context, sentence),
      await checkSaid(context, sentence),
      await checkMentions(context, sentence),
    );
  }
  for (const block of parsed.blocks)
    checks.push(
      checkQuotedRun(context, block),
      await checkQuotedBlock(context, block),
      await checkShellBlock(context, block),
    );
  return sumChecked(checks);
}

/** A document tells its readers how things are done: only what must be there for that is looked up. */
async function checkDocument(
  context: ClaimContext,
  text: string,
  isAdded: (line: number) => boolean,
): Promise<Checked> {
  const parsed = parseDocument(text, isAdded);
  const checks: Checked[] = [await checkLinks(context, parsed)];
  for (const block of parsed.blocks) checks.push(await checkShellBlock(context, block));
  for (const sentence of parsed.sentences)
    for (const mention of mentionsIn(sentence)) {
      const named = classify(mention);
      const mood = moodOf(sentence, mention.start, mention.end);
      if (mood.negated) continue;
      if (named?.kind === "command") checks.push(await checkScripts(context, sentence, named.line));
      if (
        named?.kind === "path" &&
        mention.ticked &&
        context.repository.isFolder(named.path.split("/")[0] ?? "") &&
        !mood.hypothetical
      )
        checks.push(await checkPath(context, sentence, mention, named, mood));
    }
  return sumChecked(checks);
}

async function checkMentions(context: ClaimContext, sentence: Sentence): Promise<Checked> {
  const checks: Checked[] = [];
  const mentions = mentionsIn(sentence);
  const kinds = mentions.map(classify);
  for (const [index, mention] of mentions.entries()) {
    const named = kinds[index];
    if (named !== undefined)
      checks.push(
        await checkMention(context, sentence, mention, named, () =>
          placeOf(context, sentence, mention, mentions[index + 1], kinds[index + 1]),
        ),
      );
  }
  return sumChecked(checks);
}

async function checkMention(
  context: ClaimContext,
  sentence: Sentence,
  mention: Mention,
  named: Named,
  place: () => Promise<string | undefined>,
): Promise<Checked> {
  const mood = moodOf(sentence, mention.start, mention.end);
  switch (named.kind) {
    case "path":
      if (isCalledPackage(mood) && !/[\\/]/.test(named.path))
        return checkPackage(context, sentence, named.path, undefined, mood);
      return checkPath(context, sentence, mention, named, mood);
    case "symbol":
      if (isCalledPackage(mood) && named.chain.length === 1)
        return checkPackage(context, sentence, mention.text, undefined, mood);
      return checkSymbol(
        context,
        sentence,
        mention,
        mention.doubtful === true ? { ...named, certain: false } : named,
        mood,
        await place(),
      );
    case "package":
      return checkPackage(context, sentence, named.name, named.version, mood);
    case "command": {
      if (/^\w+$/.test(named.line) && isCalledPackage(mood))
        return checkPackage(context, sentence, named.line, undefined, mood);
      const scripts =
        mood.negated || mood.hypothetical ? NO_CLAIM : await checkScripts(context, sentence, named.line);
      return sumChecked([scripts, await checkCommand(context, sentence, mention, named.line, mood)]);
    }
    case "word":
      if (isCalledPackage(mood)) return checkPackage(context, sentence, named.word, undefined, mood);
      if (isCalledSymbol(mood))
        return checkSymbol(
          context,
          sentence,
          mention,
          { kind: "symbol", chain: [named.word], certain: true },
          mood,
          await place(),
        );
      return checkUsed(context, sentence, named.word, mood);
    case "phrase":
      return checkTestName(context, sentence, named.phrase, mood);
    default:
      return NO_CLAIM;
  }
}

/** Words between a name and the file that it is said to stand in. */
const PLACING =
  /^\s*,?\s*(?:(?:function|method|class|helper|constant|type|interface|component|hook|export|test|case)\s+)?(?:(?:now|still|also|which|that|lives?|is|are|was|were|stands?|sits?|resides?|has\s+been|have\s+been|been|can\s+be|defined|declared|implemented|found|located|moved|placed|added|exported|kept)\s+)*(?:in|inside|within|to|into|from|of)\s+(?:the\s+)?(?:new\s+)?(?:file\s+|module\s+)?$/i;

/** "`parse()` in `src/a.ts`": the file that the next mention places this one in. */
async function placeOf(
  { repository }: ClaimContext,
  sentence: Sentence,
  mention: Mention,
  next: Mention | undefined,
  named: Named | undefined,
): Promise<string | undefined> {
  if (next === undefined || named?.kind !== "path") return undefined;
  const between = sentence.words.slice(mention.end, next.start);
  if (!PLACING.test(between)) return undefined;
  const places = await repository.find(named.path);
  return places.length === 1 && !repository.isFolder(places[0] ?? "") ? places[0] : undefined;
}
