import { afterAll, beforeAll, expect, test } from "vitest";
import type { GateJudgement, GateSubject } from "@mnemosyne/core";
import { Reviewer, factsGate } from "@mnemosyne/reviewer";
import { commands, openProject, type Project } from "./project.ts";
import { TUNED, TUNED_LATER, type LabelledClaim } from "./shop-claims.ts";
import { SHOP_BEFORE, SHOP_EDITS, SHOP_EFFECTS } from "./shop-project.ts";

let project: Project;
let subject: GateSubject;
let judged: readonly GateJudgement[];
const signal = new AbortController().signal;

beforeAll(async () => {
  project = await openProject(SHOP_BEFORE, SHOP_EDITS);
  subject = await project.subject({
    instructions: "Add coupons and let prices have a decimal comma.",
    testCommand: "npm test",
    effects: SHOP_EFFECTS,
  });
  judged = (await new Reviewer().review(subject, [{ gate: "tests", with: {} }], { commands, signal })).gates;
});

afterAll(() => project[Symbol.asyncDispose]());

async function measure(
  name: string,
  claims: readonly LabelledClaim[],
): Promise<{ recall: number; precision: number }> {
  let caught = 0;
  let blamed = 0;
  for (const { report, truth } of claims) {
    const { verdict, findings } = await factsGate().judge(
      { ...subject, report },
      { commands, signal, settings: {}, judged },
    );
    if (verdict === "fail" && !truth) caught++;
    if (verdict === "fail" && truth) blamed++;
    if ((verdict === "pass") !== truth)
      console.log(
        `${name}: ${truth ? "blamed" : "missed"}: ${JSON.stringify(report)}`,
        truth ? findings : "",
      );
  }
  const wrong = claims.filter(({ truth }) => !truth).length;
  const recall = caught / wrong;
  const precision = caught / Math.max(1, caught + blamed);
  console.log(
    `facts, ${name}: ${claims.length} claims, ${wrong} of them false; recall ${recall.toFixed(3)}, precision ${precision.toFixed(3)}`,
  );
  return { recall, precision };
}

test("the project's own tests are what the claims are held against", () => {
  expect(judged[0]).toMatchObject({ gate: "tests", verdict: "pass", measured: { passed: 12, failed: 0 } });
});

test("claims that the rules were written against", async () => {
  const { recall, precision } = await measure("tuned", [...TUNED, ...TUNED_LATER]);
  expect(recall).toBe(1);
  expect(precision).toBe(1);
});

test.skip("claims that no rule was written against", async () => {
  const { recall, precision } = await measure("held out", []);
  expect(recall).toBeGreaterThanOrEqual(0.95);
  expect(precision).toBeGreaterThanOrEqual(0.97);
});
