import { assessInstructions, scoreInstructions } from "@mnemosyne/executor";
import { expect, test } from "vitest";
import { FIRST } from "./requirements/first.ts";
import { HELD_OUT } from "./requirements/held-out.ts";
import type { LabelledRequirements } from "./requirements/labelled.ts";
import { SECOND } from "./requirements/second.ts";

/** Precision, recall and F1 of "somebody has to be asked first". */
function figures({ clear, vague }: LabelledRequirements) {
  const found = (texts: readonly string[]) =>
    texts.filter((text) => assessInstructions(text).length > 0).length;
  const [right, wrong] = [found(vague), found(clear)];
  const precision = right / (right + wrong);
  const recall = right / vague.length;
  return { precision, recall, f1: (2 * precision * recall) / (precision + recall) };
}

test("on requirements that no rule was written against, F1 is at least 0.9", () => {
  expect(HELD_OUT.clear.length + HELD_OUT.vague.length).toBe(60);
  const { precision, recall, f1 } = figures(HELD_OUT);
  expect(f1).toBeGreaterThanOrEqual(0.9);
  expect(precision).toBeGreaterThanOrEqual(0.95);
  expect(recall).toBeGreaterThanOrEqual(0.85);
});

test("on those that rules were written against, nothing is missed", () => {
  for (const set of [FIRST, SECOND]) expect(figures(set)).toMatchObject({ recall: 1 });
  expect(figures(FIRST).f1).toBeGreaterThanOrEqual(0.98);
  expect(figures(SECOND).f1).toBeGreaterThanOrEqual(0.98);
});

test("no requirement stands in two sets", () => {
  const all = [FIRST, SECOND, HELD_OUT].flatMap(({ clear, vague }) => [...clear, ...vague]);
  expect(new Set(all).size).toBe(180);
});

test("the score is calibrated: what it says and what is agree on requirements it has not seen", () => {
  const scored = [
    ...HELD_OUT.clear.map((text) => ({ said: scoreInstructions(text).vagueness, is: 0 })),
    ...HELD_OUT.vague.map((text) => ({ said: scoreInstructions(text).vagueness, is: 1 })),
  ];
  const brier = scored.reduce((sum, { said, is }) => sum + (said - is) ** 2, 0) / scored.length;
  expect(brier).toBeLessThan(0.1);
  for (const bin of [scored.filter(({ said }) => said < 0.5), scored.filter(({ said }) => said >= 0.5)]) {
    const mean = (pick: "said" | "is") => bin.reduce((sum, one) => sum + one[pick], 0) / bin.length;
    expect(Math.abs(mean("said") - mean("is"))).toBeLessThan(0.1);
  }
});
