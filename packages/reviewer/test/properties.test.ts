import fc from "fast-check";
import { expect, test } from "vitest";
import type { Finding, Gate, GateJudgement, Verdict } from "@mnemosyne/core";
import { Reviewer, fingerprint, overallVerdict, retryFindings } from "@mnemosyne/reviewer";
import { commands, openProject } from "./project.ts";

const verdict = fc.constantFrom<Verdict>("pass", "fail", "error", "inconclusive");
const finding: fc.Arbitrary<Finding> = fc.record({
  rule: fc.constantFrom("tests.failed", "tests.exit", "facts.path", "noTodos.marker", "x.y"),
  severity: fc.constantFrom("blocker", "warning", "note"),
  message: fc.string(),
  file: fc.constantFrom("src/a.ts", "src/b.ts"),
  line: fc.nat(),
});
const judgement = (findings: readonly Finding[], of: Verdict = "fail"): GateJudgement => ({
  gate: "tests",
  verdict: of,
  findings,
  subject: "",
  durationMs: 0,
});

test("the worst verdict wins: fail, then error, then inconclusive, then pass", () => {
  const rank: Record<Verdict, number> = { fail: 3, error: 2, inconclusive: 1, pass: 0 };
  fc.assert(
    fc.property(fc.array(verdict, { minLength: 1 }), (verdicts) => {
      const worst = verdicts.reduce((a, b) => (rank[a] >= rank[b] ? a : b));
      expect(overallVerdict(verdicts)).toBe(worst);
    }),
  );
  expect(overallVerdict([])).toBe("inconclusive");
});

test("only pass passes, whatever gates return", async () => {
  await using project = await openProject({ "a.txt": "a" });
  const subject = await project.subject();
  const answer = fc.oneof(
    fc.record({
      verdict: fc.oneof(verdict, fc.constantFrom("PASS", "ok", "", undefined, null, true)),
      findings: fc.oneof(fc.array(finding, { maxLength: 2 }), fc.constant("none")),
    }),
    fc.constantFrom(undefined, null, "pass", true),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(answer, { minLength: 1, maxLength: 4 }), async (answers) => {
      const gates = answers.map((given, index): Gate => ({
        name: `g${index}`,
        version: "1",
        judge: async () => given as unknown as Awaited<ReturnType<Gate["judge"]>>,
      }));
      const reviewer = new Reviewer({ gates, retryDelays: [] });
      const result = await reviewer.review(
        subject,
        gates.map(({ name }) => ({ gate: name, with: {} })),
        { commands, signal: new AbortController().signal },
      );
      const clean = answers.every(
        (given) =>
          typeof given === "object" &&
          given !== null &&
          given.verdict === "pass" &&
          Array.isArray(given.findings) &&
          given.findings.every(({ severity }) => severity !== "blocker"),
      );
      expect(result.verdict === "pass").toBe(clean);
      expect(result.fingerprint === "").toBe(clean);
    }),
    { numRuns: 60 },
  );
});

test("a fingerprint stays the same for other numbers, durations, addresses, folders, lines and orders", () => {
  const folder = fc
    .array(fc.stringMatching(/^[a-z]{1,8}$/), { minLength: 1, maxLength: 4 })
    .map((parts) => `/${parts.join("/")}/a.ts`);
  const message = (details: { ms: number; count: number; address: string; path: string }): string =>
    `The test 'adds' fails after ${details.ms} ms (${details.count} of 9) at 0x${details.address} in ${details.path}:${details.count}.`;
  const details = fc.record({
    ms: fc.double({ min: 0, max: 1e5, noNaN: true }).map((value) => Number(value.toFixed(3))),
    count: fc.nat(1e6),
    address: fc.stringMatching(/^[0-9a-f]{8,16}$/),
    path: folder,
  });
  fc.assert(
    fc.property(details, details, fc.nat(), fc.nat(), (a, b, lineA, lineB) => {
      const first: Finding = {
        rule: "tests.failed",
        severity: "blocker",
        message: message(a),
        file: "src/a.ts",
        line: lineA,
      };
      const other: Finding = { rule: "tests.exit", severity: "blocker", message: "It ended." };
      const again: Finding = { ...first, message: message(b), line: lineB };
      expect(fingerprint([judgement([first, other])])).toBe(fingerprint([judgement([other, again, again])]));
    }),
  );
});

test("another rule, file, wording or gate gives another fingerprint, and warnings none", () => {
  const base: Finding = {
    rule: "tests.failed",
    severity: "blocker",
    message: "The test 'adds' fails.",
    file: "src/a.ts",
  };
  const variants = [
    [judgement([base])],
    [judgement([{ ...base, rule: "tests.exit" }])],
    [judgement([{ ...base, file: "src/b.ts" }])],
    [judgement([{ ...base, message: "The test 'subtracts' fails." }])],
    [{ ...judgement([base]), gate: "facts" }],
    [judgement([], "error")],
    [judgement([], "inconclusive")],
  ];
  expect(new Set(variants.map((judgements) => fingerprint(judgements))).size).toBe(variants.length);
  expect(fingerprint([judgement([{ ...base, severity: "warning" }], "pass")])).toBe("");
  expect(fingerprint([judgement([base, { ...base, severity: "warning", message: "Else." }])])).toBe(
    fingerprint([judgement([base])]),
  );
});

test("what goes into the next attempt grows sharper with each, and is never invented", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), fc.array(finding, { maxLength: 30 }), (attempt, findings) => {
      const kept = retryFindings(attempt, findings);
      expect(findings).toEqual(expect.arrayContaining([...kept]));
      if (attempt === 1) expect(kept).toHaveLength(findings.length);
      if (attempt === 2 || attempt === 3) {
        expect(kept.filter(({ rule }) => rule.startsWith("tests.")).length).toBe(
          Math.min(3, findings.filter(({ rule }) => rule.startsWith("tests.")).length),
        );
        expect(kept.filter(({ rule }) => !rule.startsWith("tests.")).length).toBe(
          Math.min(5, findings.filter(({ rule }) => !rule.startsWith("tests.")).length),
        );
      }
      if (attempt >= 4) {
        expect(kept.length).toBe(
          Math.min(3, findings.filter(({ severity }) => severity === "blocker").length),
        );
        expect(kept.every(({ severity }) => severity === "blocker")).toBe(true);
      }
      const order = kept.map(({ severity }) => ["blocker", "warning", "note"].indexOf(severity));
      expect(order).toEqual(order.toSorted((a, b) => a - b));
    }),
  );
});
