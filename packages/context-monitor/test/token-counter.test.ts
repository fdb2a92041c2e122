import { createTokenCounter } from "@mnemosyne/context-monitor";
import { estimateTokenCount } from "@mnemosyne/core";
import { describe, expect, it } from "vitest";

const TEXT = "Read the file, find the failing assertion, and repair the function that it tests. ".repeat(30);

describe("createTokenCounter", () => {
  it("is core's estimate until it has learnt", () => {
    const counter = createTokenCounter({ model: "claude-opus-5-5" });
    expect(counter.count(TEXT)).toEqual(estimateTokenCount(TEXT, "claude-opus-5-5"));
    expect(counter.count(TEXT, "claude-sonnet-4-5")).toEqual(estimateTokenCount(TEXT, "claude-sonnet-4-5"));
    expect(counter.count("")).toMatchObject({ value: 0, low: 0, high: 0 });
  });

  it("comes to a model's ratio and narrows its band to what was seen", () => {
    const counter = createTokenCounter({ model: "m" });
    const before = counter.count(TEXT);
    // A provider that counts 1.42 times the uncalibrated estimate, give or take two percent.
    const exact = (index: number): number => before.value * 1.42 * (1 + 0.02 * Math.sin(index * 2.4));
    for (let index = 0; index < 30; index++) counter.calibrate(counter.count(TEXT).value, exact(index));
    const after = counter.count(TEXT);
    expect(Math.abs(after.value / (before.value * 1.42) - 1)).toBeLessThan(0.02);
    expect(after.high - after.low).toBeLessThan((before.high - before.low) / 3);
    for (let index = 30; index < 60; index++) {
      expect(exact(index)).toBeGreaterThanOrEqual(after.low);
      expect(exact(index)).toBeLessThanOrEqual(after.high);
    }
  });

  it("keeps models apart, and what it learnt can be carried over", () => {
    const counter = createTokenCounter();
    for (let index = 0; index < 10; index++) counter.calibrate(counter.count(TEXT, "m").value, 2000, "m");
    expect(counter.count(TEXT, "other")).toEqual(estimateTokenCount(TEXT, "other"));
    const next = createTokenCounter({
      calibrations: JSON.parse(JSON.stringify(counter.calibrations())) as never,
    });
    expect(next.count(TEXT, "m")).toEqual(counter.count(TEXT, "m"));
    expect(Math.abs(next.count(TEXT, "m").value / 2000 - 1)).toBeLessThan(0.05);
  });

  it("does not learn from nothing", () => {
    const counter = createTokenCounter({ model: "m" });
    counter.calibrate(0, 100);
    counter.calibrate(100, 0);
    counter.calibrate(Number.NaN, 5);
    expect(counter.calibrations()).toEqual([]);
    const nameless = createTokenCounter();
    nameless.calibrate(100, 100);
    expect(nameless.calibrations()).toEqual([]);
  });
});
