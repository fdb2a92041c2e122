import type { ContextSource, Finding } from "@mnemosyne/core";
import type { ContextOffer } from "../assembly/offer.ts";
import { excerpt } from "../compress/excerpt.ts";

/** Characters of evidence that all findings together may bring; each has at least {@link LEAST_EVIDENCE}. */
const EVIDENCE = 24_000;
const LEAST_EVIDENCE = 400;

/**
 * What blocked the attempt before. The second attempt sees all of it; the third and fourth five findings and three
 * failed tests; later ones three blockers: a long list has not helped by then.
 */
export function createFindingsSource(): ContextSource {
  return {
    name: "findings",
    share: "critical",
    async collect({ findings = [], attempt = 1 }) {
      const kept = new Set(selectFindings(findings, attempt));
      const evidence = Math.max(LEAST_EVIDENCE, Math.floor(EVIDENCE / Math.max(1, kept.size)));
      return findings.map((finding, index): ContextOffer => {
        const id = `finding:${index + 1}`;
        const whole = describe(finding);
        const text = describe(finding, (given) => excerpt(given, evidence, id));
        return {
          id,
          source: "findings",
          kind: "finding",
          relevance: finding.severity === "blocker" ? 1 : finding.severity === "warning" ? 0.6 : 0.3,
          text,
          ...(text === whole ? {} : { whole, attributes: { excerpt: "true" } }),
          ...(kept.has(finding)
            ? {}
            : { leaveOut: `attempt ${attempt} is shown the most important findings only` }),
        };
      });
    },
  };
}

/** The findings that an attempt is shown, most important first among equals in their own order. */
export function selectFindings(findings: readonly Finding[], attempt: number): readonly Finding[] {
  if (attempt <= 2) return findings;
  const bySeverity = findings.toSorted((a, b) => RANK[a.severity] - RANK[b.severity]);
  if (attempt > 4) {
    const blockers = bySeverity.filter((finding) => finding.severity === "blocker");
    return (blockers.length > 0 ? blockers : bySeverity).slice(0, 3);
  }
  const shown = new Set([
    ...bySeverity.filter((finding) => !isTest(finding)).slice(0, 5),
    ...bySeverity.filter(isTest).slice(0, 3),
  ]);
  return bySeverity.filter((finding) => shown.has(finding));
}

function isTest(finding: Finding): boolean {
  return /^tests?\b/.test(finding.rule);
}

const RANK: Readonly<Record<Finding["severity"], number>> = { blocker: 0, warning: 1, note: 2 };

function describe(finding: Finding, shorten = (text: string): string => text): string {
  const place =
    finding.file === undefined
      ? ""
      : ` in ${finding.file}${finding.line === undefined ? "" : `:${finding.line}`}`;
  const head = `${finding.severity} ${finding.rule}${place}: ${finding.message}`;
  return finding.evidence === undefined ? head : `${head}\nEvidence:\n${shorten(finding.evidence)}`;
}
