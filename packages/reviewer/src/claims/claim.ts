import type { Finding, GateJudgement, GateSubject } from "@mnemosyne/core";
import type { Sentence } from "./document.ts";
import type { Repository } from "./repository.ts";

/** What every check of claims may look at. */
export interface ClaimContext {
  readonly subject: GateSubject;
  readonly repository: Repository;
  readonly judged: readonly GateJudgement[];
  /** The document whose sentences are checked; missing for the report. */
  readonly document?: string;
}

/** What a check came to: how many claims it looked up, and which of them are false. */
export interface Checked {
  readonly looked: number;
  readonly findings: readonly Finding[];
}

/** Nothing to look up. */
export const NO_CLAIM: Checked = { looked: 0, findings: [] };

/** A claim that was looked up and holds. */
export const HOLDS: Checked = { looked: 1, findings: [] };

/** Several checks as one. */
export function sumChecked(checks: readonly Checked[]): Checked {
  return {
    looked: checks.reduce((sum, { looked }) => sum + looked, 0),
    findings: checks.flatMap(({ findings }) => findings),
  };
}

/** A claim that does not hold. The claim is quoted; `evidence` says what was looked up. */
export function refuted(
  { document }: ClaimContext,
  rule: string,
  sentence: Pick<Sentence, "text" | "line">,
  message: string,
  evidence: string,
): Checked {
  return {
    looked: 1,
    findings: [
      {
        rule: `facts.${rule}`,
        severity: "blocker",
        message: `${message} Claimed: "${shorten(sentence.text)}"`,
        ...(document === undefined ? {} : { file: document, line: sentence.line }),
        evidence: document === undefined ? `report line ${sentence.line}; ${evidence}` : evidence,
      },
    ],
  };
}

/**
 * A claim of something done that nothing shows. Where what was done was recorded, it is false; where it was not, nobody
 * can know, and somebody should see it.
 */
export function unshown(
  context: ClaimContext,
  rule: string,
  sentence: Pick<Sentence, "text" | "line">,
  message: string,
  evidence: string,
): Checked {
  const checked = refuted(context, rule, sentence, message, evidence);
  if (context.subject.effectsKnown !== false) return checked;
  return { ...checked, findings: checked.findings.map((finding) => ({ ...finding, severity: "warning" })) };
}

/** A text of at most 240 characters. */
export function shorten(text: string): string {
  return text.length <= 240 ? text : `${text.slice(0, 239)}…`;
}
