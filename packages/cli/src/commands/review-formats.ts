import type { Finding, GateJudgement, Verdict } from "@mnemosyne/core";
import type { WorkspaceReview } from "./review-workspace.ts";

/** The review as `--format json` and `--json` print it. */
export function reviewJson(review: WorkspaceReview): object {
  const { verdict, gates, base, tree, changes, testCommand } = review;
  return {
    verdict,
    gates: gates.map((judgement) => ({
      gate: judgement.gate,
      verdict: judgement.verdict,
      findings: judgement.findings,
      ...(judgement.measured === undefined ? {} : { measured: judgement.measured }),
      subject: judgement.subject,
    })),
    base: { ...base, commit: base.commit ?? null },
    tree,
    changes,
    testCommand: testCommand ?? null,
  };
}

/** The review for people. */
export function reviewText(review: WorkspaceReview): string {
  const { verdict, gates, base, changes } = review;
  const lines = [`${changes} changed files since ${baseText(base)}`];
  for (const { gate, verdict: judged, findings } of gates) {
    lines.push(`${judged.padEnd(12)} ${gate}`);
    for (const finding of findings) lines.push(...findingLines(finding));
  }
  return [...lines, `verdict: ${verdict}`].join("\n");
}

function baseText({ commit, from }: WorkspaceReview["base"]): string {
  if (commit === undefined) return "the empty tree";
  const short = commit.slice(0, 10);
  return from === "head"
    ? `HEAD (${short})`
    : from === "upstream"
      ? `${short} (merge base with upstream)`
      : short;
}

function findingLines({ severity, rule, message, file, line, evidence }: Finding): readonly string[] {
  const place = file === undefined ? "" : ` ${file}${line === undefined ? "" : `:${line}`}`;
  const shown = severity === "blocker" && evidence !== undefined ? evidence.split("\n").slice(0, 12) : [];
  return [`  ${severity}${place} ${message} (${rule})`, ...shown.map((text) => `    | ${text}`)];
}

/** Annotations of GitHub's workflow log, one finding each, and a last line with the verdict. */
export function reviewAnnotations({ verdict, gates, prefix }: WorkspaceReview): string {
  const lines = gates.flatMap((judgement) =>
    spoken(judgement).map(({ severity, rule, message, file, line, evidence }) => {
      const level = severity === "blocker" ? "error" : severity === "warning" ? "warning" : "notice";
      const properties = [
        ...(file === undefined ? [] : [`file=${property(prefix + file)}`]),
        ...(line === undefined ? [] : [`line=${line}`]),
        `title=${property(rule)}`,
      ];
      const text = evidence === undefined || severity !== "blocker" ? message : `${message}\n${evidence}`;
      return `::${level} ${properties.join(",")}::${escaped(text)}`;
    }),
  );
  return [...lines, `verdict: ${verdict}`].join("\n");
}

function escaped(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function property(text: string): string {
  return escaped(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}

/** The review as a SARIF 2.1.0 log. */
export function reviewSarif(
  { verdict, gates, prefix, base, tree }: WorkspaceReview,
  version: string,
): object {
  const findings = gates.flatMap(spoken);
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: "mnemosyne",
            version,
            rules: [...new Set(findings.map(({ rule }) => rule))].map((id) => ({ id, name: id })),
          },
        },
        columnKind: "utf16CodeUnits",
        invocations: [{ executionSuccessful: verdict === "pass" || verdict === "fail" }],
        properties: { verdict, tree, base: base.commit ?? null },
        results: findings.map((finding) => ({
          ruleId: finding.rule,
          level: finding.severity === "blocker" ? "error" : finding.severity,
          message: { text: finding.message },
          ...(finding.file === undefined
            ? {}
            : {
                locations: [
                  {
                    physicalLocation: {
                      artifactLocation: { uri: encodeURI(prefix + finding.file), uriBaseId: "SRCROOT" },
                      ...(finding.line === undefined ? {} : { region: { startLine: finding.line } }),
                    },
                  },
                ],
              }),
          ...(finding.evidence === undefined ? {} : { properties: { evidence: finding.evidence } }),
        })),
      },
    ],
  };
}

const BLOCKS: ReadonlySet<Verdict> = new Set(["fail", "error", "inconclusive"]);

/** A gate's findings; one that blocks without any says so itself. */
function spoken({ gate, verdict, findings }: GateJudgement): readonly Finding[] {
  if (!BLOCKS.has(verdict) || findings.some(({ severity }) => severity === "blocker")) return findings;
  return [
    ...findings,
    { rule: `${gate}.${verdict}`, severity: "blocker", message: `The gate '${gate}' says ${verdict}.` },
  ];
}
