import { describe, expect, test } from "vitest";
import type { Gate, GateSubject } from "@mnemosyne/core";
import { Reviewer, factsGate } from "@mnemosyne/reviewer";
import { commands, openProject, type Files } from "./project.ts";
import { RELAY_HELD_OUT, SHOP_HELD_OUT } from "./held-out-claims.ts";
import { RELAY_HARDER, SHOP_HARDER } from "./harder-claims.ts";
import { RELAY_HARDEST, SHOP_HARDEST } from "./hardest-claims.ts";
import { RELAY_LAST, SHOP_LAST } from "./last-claims.ts";
import { RELAY_SIXTH, SHOP_SIXTH } from "./sixth-claims.ts";
import { RELAY_MORE, SHOP_MORE } from "./more-claims.ts";
import { RELAY_CLAIMS } from "./relay-claims.ts";
import { RELAY_BEFORE, RELAY_EDITS, RELAY_EFFECTS } from "./relay-project.ts";
import { TUNED, TUNED_LATER, type LabelledClaim } from "./shop-claims.ts";
import { SHOP_BEFORE, SHOP_EDITS, SHOP_EFFECTS } from "./shop-project.ts";

interface Scene {
  readonly before: Files;
  readonly edits: Files;
  readonly overrides: Partial<GateSubject>;
  readonly tests: number;
}

const SHOP: Scene = {
  before: SHOP_BEFORE,
  edits: SHOP_EDITS,
  overrides: {
    instructions: "Add coupons and let prices have a decimal comma.",
    testCommand: "npm test",
    effects: SHOP_EFFECTS,
  },
  tests: 12,
};
const RELAY: Scene = {
  before: RELAY_BEFORE,
  edits: RELAY_EDITS,
  overrides: {
    instructions: "Let queues be cleared and cap the delay.",
    testCommand: "node --test",
    effects: RELAY_EFFECTS,
  },
  tests: 6,
};

interface Measured {
  readonly caught: number;
  readonly missed: number;
  readonly blamed: number;
  readonly recall: number;
  readonly precision: number;
}

/** Judges each report by itself; the tests gate has run the project's tests for real before. */
async function measure(name: string, scene: Scene, claims: readonly LabelledClaim[]): Promise<Measured> {
  await using project = await openProject(scene.before, scene.edits);
  const subject = await project.subject(scene.overrides);
  const signal = AbortSignal.timeout(120_000);
  const { gates: judged } = await new Reviewer().review(subject, [{ gate: "tests", with: {} }], {
    commands,
    signal,
  });
  expect(judged[0]).toMatchObject({ verdict: "pass", measured: { passed: scene.tests, failed: 0 } });

  const judge = async (report: string): Promise<Awaited<ReturnType<Gate["judge"]>>> =>
    factsGate().judge({ ...subject, report }, { commands, signal, settings: {}, judged });
  let caught = 0;
  let blamed = 0;
  for (const { report } of claims.filter(({ truth }) => !truth)) {
    if ((await judge(report)).verdict === "fail") caught++;
    else console.log(`${name}: missed: ${report}`);
  }
  // What is true stays true beside other true things: only a batch that is blamed is looked at one by one.
  const honest = claims.filter(({ truth }) => truth);
  for (let at = 0; at < honest.length; at += 10) {
    const batch = honest.slice(at, at + 10).map(({ report }) => report);
    if ((await judge(batch.join("\n\n## Next claim\n\n"))).verdict === "pass") continue;
    for (const report of batch) {
      const { verdict, findings } = await judge(report);
      if (verdict === "pass") continue;
      blamed++;
      console.log(`${name}: blamed: ${report}`, findings);
    }
  }
  const wrong = claims.filter(({ truth }) => !truth).length;
  const recall = caught / wrong;
  const precision = caught / Math.max(1, caught + blamed);
  console.log(
    `facts, ${name}: ${claims.length} claims, ${wrong} of them false; recall ${recall.toFixed(3)}, precision ${precision.toFixed(3)}`,
  );
  return { caught, missed: wrong - caught, blamed, recall, precision };
}

describe("claims whose truth is known", () => {
  test("those that the rules were written against", async () => {
    expect(
      await measure("shop, tuned", SHOP, [
        ...TUNED,
        ...TUNED_LATER,
        ...SHOP_MORE,
        ...SHOP_HARDER,
        ...SHOP_HARDEST,
        ...SHOP_LAST,
        ...SHOP_SIXTH,
      ]),
    ).toMatchObject({
      recall: 1,
      precision: 1,
    });
    expect(
      await measure("relay, tuned", RELAY, [
        ...RELAY_CLAIMS,
        ...RELAY_MORE,
        ...RELAY_HARDER,
        ...RELAY_HARDEST,
        ...RELAY_LAST,
        ...RELAY_SIXTH,
      ]),
    ).toMatchObject({
      recall: 1,
      precision: 1,
    });
  }, 120_000);

  test("those that no rule was written against", async () => {
    const shop = await measure("shop, held out", SHOP, SHOP_HELD_OUT);
    const relay = await measure("relay, held out", RELAY, RELAY_HELD_OUT);
    const [caught, missed, blamed] = [
      shop.caught + relay.caught,
      shop.missed + relay.missed,
      shop.blamed + relay.blamed,
    ];
    const [recall, precision] = [caught / (caught + missed), caught / (caught + blamed)];
    console.log(`facts, held out in all: recall ${recall.toFixed(3)}, precision ${precision.toFixed(3)}`);
    expect(recall).toBeGreaterThanOrEqual(0.95);
    expect(precision).toBeGreaterThanOrEqual(0.97);
  }, 120_000);
});
