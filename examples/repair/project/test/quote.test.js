import assert from "node:assert/strict";
import test from "node:test";
import { formatCents } from "../src/money.js";
import { quote } from "../src/quote.js";

const SMALL = { length: 10, width: 10, height: 10 };

test("a domestic parcel of two kilograms", () => {
  assert.equal(quote({ weight: 2, size: SMALL, zone: "domestic" }), 570);
});

test("a bulky parcel pays for its volume", () => {
  assert.equal(quote({ weight: 1, size: { length: 50, width: 40, height: 30 }, zone: "neighbour" }), 3530);
});

test("an unknown zone is refused", () => {
  assert.throws(() => quote({ weight: 1, size: SMALL, zone: "moon" }), /not a zone/);
});

test("cents are printed as a price", () => {
  assert.equal(formatCents(570), "5.70");
});
