import assert from "node:assert/strict";
import test from "node:test";
import { bulkySurcharge } from "../src/surcharge.js";

test("nothing up to the longest side", () => {
  assert.equal(bulkySurcharge({ length: 120, width: 10, height: 10 }), 0);
});

test("a begun step costs as much as a whole one", () => {
  assert.equal(bulkySurcharge({ length: 130, width: 10, height: 10 }), 250);
});

test("two whole steps cost two surcharges", () => {
  assert.equal(bulkySurcharge({ length: 160, width: 10, height: 10 }), 500);
});
