import type { Finding } from "@mnemosyne/core";
import type { FileDelta } from "../change/file-delta.ts";
import { isTestPath } from "../testing/test-files.ts";

const ORDERS: readonly RegExp[] = [
  /\b(?:ignore|disregard|forget|override)\s+(?:(?:all|any|every|the|your|these|those|previous|prior|above|earlier|other)\s+)+(?:instructions?|rules|criteria|prompts?|guidelines)\b/i,
  /\b(?:reviewers?|judges?|graders?|evaluators?|(?:ai|language)\s+models?)\b[^.\n]{0,60}\b(?:must|should|please|ha(?:s|ve)\s+to|(?:is|are)\s+(?:instructed|told|asked)?\s*to|will)\b[^.\n]{0,40}\b(?:pass|approve|accept|mark|answer|return|conclude|output)\b/i,
  /\b(?:answer|mark|rate|score|judge|treat|consider)\b[^.\n]{0,40}\b(?:every|all|each)\b[^.\n]{0,30}\bcriteri\w+\b[^.\n]{0,30}\b(?:met|pass\w*|true|approved|satisfied|fulfilled)\b/i,
  /<\/?(?:task|criteria|change|report)\s+fence=/i,
  /"answer"\s*:\s*"met"/,
];

/**
 * Text in the report or in new lines that gives the judge orders. Whoever writes such a thing is not to be judged by a
 * model that reads it. Tests and documents about judging may hold it.
 */
export function ordersToJudge(report: string | undefined, deltas: readonly FileDelta[]): readonly Finding[] {
  const findings: Finding[] = [];
  for (const [index, text] of (report ?? "").split("\n").entries())
    if (isOrder(text)) findings.push(planted(text, { evidence: `report line ${index + 1}: ${text.trim()}` }));
  for (const { path, added } of deltas.filter((delta) => !isTestPath(delta.path)))
    for (const { line, text } of added)
      if (isOrder(text)) findings.push(planted(text, { file: path, line, evidence: text.trim() }));
  return findings;
}

function isOrder(text: string): boolean {
  return ORDERS.some((pattern) => pattern.test(text));
}

function planted(text: string, place: Pick<Finding, "file" | "line" | "evidence">): Finding {
  return {
    rule: "intent.tampering",
    severity: "blocker",
    message: "The work holds text that is addressed to its judge. Take it out.",
    ...place,
  };
}
