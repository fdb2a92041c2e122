import type { Finding, Gate, GateSubject } from "@mnemosyne/core";
import { commandsRun } from "../claims/evidence.ts";
import type { ClaimContext } from "../claims/claim.ts";
import { shorten } from "../claims/claim.ts";
import { parseDocument, type ParsedDocument } from "../claims/document.ts";
import { openRepository } from "../claims/repository.ts";
import { admissionsIn } from "../criteria/admissions.ts";
import { checkCriterion, missingDeliverables, untouchedTargets } from "../criteria/check-criterion.ts";
import { readSettings } from "../settings.ts";
import { verdictOf } from "../verdict.ts";

/**
 * Whether the work is whole: something was done and reported, the report admits to no gap, the files that the
 * instructions order are there, and no success criterion that a program can check is broken. A criterion that no
 * program can check gives a warning: the intent gate, or a person, has to weigh it. Where a whole run is judged (no
 * instructions), a criterion about tests, files or commands that nothing shows blocks.
 */
export function completenessGate(): Gate {
  return {
    name: "completeness",
    version: "1",
    after: ["tests", "noTodos"],
    async judge(subject, { settings, judged = [] }) {
      readSettings("completeness", settings, []);
      const context: ClaimContext = { subject, judged, repository: await openRepository(subject) };
      const report = parseDocument(subject.report ?? "");
      const findings = [
        ...nothingDone(subject),
        ...admissionsIn(report).map(({ sentence, words }): Finding => ({
          rule: "completeness.admitted",
          severity: "blocker",
          message: `The report says that something is not done: "${shorten(sentence.text)}"`,
          evidence: `report line ${sentence.line}: ${words}`,
        })),
        ...(await missingDeliverables(context, subject)).map(({ path, sentence }): Finding => ({
          rule: "completeness.missing",
          severity: "blocker",
          message: `The task asks for '${path}', which does not exist.`,
          evidence: sentence,
        })),
        ...(await untouchedTargets(context, subject)).map(({ path, sentence }): Finding => ({
          rule: "completeness.unchanged",
          // It may have been as it should be; then the report has to say so, and somebody may look.
          severity: ALREADY.test(subject.report ?? "") ? "warning" : "blocker",
          message: `The task asks for a change of '${path}', which was not changed.`,
          evidence: sentence,
        })),
        ...(await criteriaFindings(context, report)),
      ];
      return { verdict: verdictOf(findings), findings };
    },
  };
}

const ALREADY =
  /\b(?:already|no\s+change\s+(?:was|is)\s+(?:needed|necessary)|nothing\s+to\s+(?:change|do))\b/i;

function nothingDone(subject: GateSubject): readonly Finding[] {
  if (subject.instructions.trim() === "") return [];
  const findings: Finding[] = [];
  const report = subject.report?.trim() ?? "";
  if (report === "" && subject.output === undefined)
    findings.push({
      rule: "completeness.noReport",
      severity: "blocker",
      message: "There is neither a report nor an output. Say what was done.",
    });
  const acted =
    subject.changes.length > 0 || subject.effects.some(({ ok }) => ok) || subject.output !== undefined;
  if (!acted)
    findings.push({
      rule: "completeness.nothingDone",
      severity: "blocker",
      message: "Nothing was done: no file was changed, no tool was used, and there is no output.",
      evidence: `changes: 0, effects: ${subject.effects.length}, commands: ${commandsRun(subject).length}`,
    });
  return findings;
}

async function criteriaFindings(context: ClaimContext, report: ParsedDocument): Promise<readonly Finding[]> {
  const { successCriteria, instructions } = context.subject;
  const whole = instructions.trim() === "";
  const findings: Finding[] = [];
  for (const criterion of successCriteria) {
    const { state, evidence } = await checkCriterion(context, criterion, report);
    if (state === "refuted")
      findings.push({
        rule: "completeness.criterion",
        severity: "blocker",
        message: `This success criterion is not met: "${criterion}"`,
        evidence,
      });
    else if (state === "unknown") {
      const checkable = evidence.startsWith("no run of");
      findings.push({
        rule: checkable ? "completeness.unproven" : "completeness.unaddressed",
        severity: whole && checkable ? "blocker" : "warning",
        message: `Nothing shows that this success criterion is met: "${criterion}"`,
        evidence,
      });
    } else if (state === "addressed")
      findings.push({
        rule: "completeness.claimed",
        severity: "note",
        message: `Only the report says that this success criterion is met: "${criterion}"`,
        evidence,
      });
  }
  return findings;
}
