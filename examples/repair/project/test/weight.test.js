import assert from "node:assert/strict";
import test from "node:test";
import { chargedWeight, volumeWeight } from "../src/weight.js";

const SMALL = { length: 10, width: 10, height: 10 };

test("volume counts as weight", () => {
  assert.equal(volumeWeight({ length: 50, width: 40, height: 30 }), 12);
});

test("whole steps are charged as they are", () => {
  assert.equal(chargedWeight(2, SMALL), 2);
  assert.equal(chargedWeight(2.5, SMALL), 2.5);
});

test("part of a step is charged as a whole one", () => {
  assert.equal(chargedWeight(2.3, SMALL), 2.5);
});

test("a few grams over a step are charged as a whole one", () => {
  assert.equal(chargedWeight(2.51, SMALL), 3);
});

test("freight is refused", () => {
  assert.throws(() => chargedWeight(21, SMALL), /freight/);
});
