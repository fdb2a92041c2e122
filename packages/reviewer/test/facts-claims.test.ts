import { describe, expect, test } from "vitest";
import type { Finding, GateSubject } from "@mnemosyne/core";
import { Reviewer, factsGate } from "@mnemosyne/reviewer";
import { RELAY as RELAY_HELD_OUT, SHOP as SHOP_HELD_OUT } from "./claims/held-out.ts";
import type { LabelledClaim } from "./claims/labelled-claim.ts";
import { RELAY_BEFORE, RELAY_EDITS, RELAY_EFFECTS } from "./claims/relay-project.ts";
import { RELAY_SEEN, SHOP_SEEN } from "./claims/rounds.ts";
import { SHOP_BEFORE, SHOP_EDITS, SHOP_EFFECTS } from "./claims/shop-project.ts";
import { commands, openProject, type Files } from "./project.ts";

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
}

/** Reports that are judged together, each under a heading of its own. */
const TOGETHER = 20;

/** Judges each report by its own lines; the tests gate has run the project's tests for real before. */
async function measure(name: string, scene: Scene, claims: readonly LabelledClaim[]): Promise<Measured> {
  await using project = await openProject(scene.before, scene.edits);
  const subject = await project.subject(scene.overrides);
  const signal = AbortSignal.timeout(120_000);
  const { gates: judged } = await new Reviewer().review(subject, [{ gate: "tests", with: {} }], {
    commands,
    signal,
  });
  expect(judged[0]).toMatchObject({ verdict: "pass", measured: { passed: scene.tests, failed: 0 } });
  const findingsOn = async (report: string): Promise<readonly Finding[]> => {
    const { findings } = await factsGate().judge(
      { ...subject, report },
      { commands, signal, settings: {}, judged },
    );
    return findings.filter(({ severity }) => severity === "blocker");
  };

  let [caught, missed, blamed] = [0, 0, 0];
  for (let at = 0; at < claims.length; at += TOGETHER) {
    const batch = claims.slice(at, at + TOGETHER);
    let report = "";
    const ranges = batch.map((claim) => {
      report += `## Report\n\n`;
      const from = report.split("\n").length;
      report += `${claim.report}\n\n`;
      return { claim, from, to: report.split("\n").length - 1 };
    });
    const lines = (await findingsOn(report)).map(({ evidence }) =>
      Number(/^report line (\d+)/.exec(evidence ?? "")?.[1]),
    );
    for (const { claim, from, to } of ranges) {
      let blocked = lines.some((line) => line >= from && line <= to);
      // What surprises is judged once more, alone: so that no neighbour has a part in it.
      if (blocked === claim.truth) {
        const alone = await findingsOn(claim.report);
        blocked = alone.length > 0;
        if (blocked === claim.truth)
          console.log(`${name}: ${claim.truth ? "blamed" : "missed"}: ${claim.report}`, alone);
      }
      if (claim.truth) blamed += blocked ? 1 : 0;
      else if (blocked) caught++;
      else missed++;
    }
  }
  return { caught, missed, blamed };
}

async function measureAll(
  name: string,
  shop: readonly LabelledClaim[],
  relay: readonly LabelledClaim[],
): Promise<{ recall: number; precision: number }> {
  const parts = [await measure(name, SHOP, shop), await measure(name, RELAY, relay)];
  const sum = (key: keyof Measured): number => parts.reduce((total, part) => total + part[key], 0);
  const recall = sum("caught") / (sum("caught") + sum("missed"));
  const precision = sum("caught") / (sum("caught") + sum("blamed"));
  const wrong = sum("caught") + sum("missed");
  console.log(
    `facts, ${name}: ${shop.length + relay.length} claims, ${wrong} of them false; recall ${recall.toFixed(3)}, precision ${precision.toFixed(3)}`,
  );
  return { recall, precision };
}

describe("claims whose truth is known", () => {
  test("those that the rules have been held against", async () => {
    expect(await measureAll("seen", SHOP_SEEN, RELAY_SEEN)).toEqual({ recall: 1, precision: 1 });
  }, 120_000);

  test("those that no rule was written against", async () => {
    expect(SHOP_HELD_OUT.length + RELAY_HELD_OUT.length).toBeGreaterThanOrEqual(60);
    const { recall, precision } = await measureAll("held out", SHOP_HELD_OUT, RELAY_HELD_OUT);
    expect(recall).toBeGreaterThanOrEqual(0.95);
    expect(precision).toBeGreaterThanOrEqual(0.97);
  }, 120_000);
});
