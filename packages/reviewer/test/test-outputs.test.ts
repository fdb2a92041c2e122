import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { readTestOutcome, type TestOutcome } from "@mnemosyne/reviewer";

const output = (name: string): Promise<string> =>
  readFile(new URL(`outputs/${name}.txt`, import.meta.url), "utf8");

/** Printed by the runners themselves, but for go, Surefire, bun, deno and rspec, which are written by their formats. */
const EXPECTED: Readonly<Record<string, Partial<TestOutcome>>> = {
  "node-tap": {
    runner: "node:test",
    passed: 3,
    failed: 1,
    skipped: 2,
    passing: ["suite > adds", "parent # x > child", "parent # x"],
    failing: ["suite > fails"],
    empty: ["/home/user/project/test/empty.test.js"],
  },
  "node-spec": {
    runner: "node:test",
    passed: 3,
    failed: 1,
    skipped: 2,
    passing: ["suite > adds", "parent # x > child"],
    failing: ["suite > fails"],
    empty: ["/home/user/project/test/empty.test.js"],
  },
  tap: { runner: "TAP", passed: 1, failed: 1, skipped: 1, passing: ["adds"], failing: ["fails"] },
  vitest: { runner: "vitest", passed: 2, failed: 1, skipped: 2, failing: ["a.test.js > math > fails"] },
  "vitest-verbose": {
    runner: "vitest",
    passed: 2,
    failed: 1,
    skipped: 2,
    passing: ["a.test.js > math > adds", "b.test.js > alone"],
    failing: ["a.test.js > math > fails"],
  },
  "vitest-json": {
    runner: "jest json",
    passed: 2,
    failed: 1,
    skipped: 2,
    passing: ["math adds", "alone"],
    failing: ["math fails"],
  },
  "vitest-none": { runner: "vitest", passed: 0, failed: 0, skipped: 0 },
  jest: { runner: "jest", passed: 1, failed: 1, skipped: 2, failing: ["math › fails"] },
  "jest-verbose": {
    runner: "jest",
    passed: 1,
    failed: 1,
    skipped: 2,
    passing: ["adds"],
    failing: ["math › fails"],
  },
  "jest-json": {
    runner: "jest json",
    passed: 1,
    failed: 1,
    skipped: 2,
    passing: ["math adds"],
    failing: ["math fails"],
  },
  mocha: { runner: "mocha", passed: 1, failed: 1, skipped: 2, passing: ["adds"] },
  "pytest-quiet": {
    runner: "pytest",
    passed: 1,
    failed: 1,
    skipped: 1,
    failing: ["test_a.py::TestMath::test_fails"],
  },
  "pytest-verbose": {
    runner: "pytest",
    passed: 1,
    failed: 1,
    skipped: 1,
    passing: ["test_a.py::TestMath::test_adds"],
    failing: ["test_a.py::TestMath::test_fails"],
  },
  "pytest-none": { runner: "pytest", passed: 0, failed: 0, skipped: 0 },
  unittest: {
    runner: "unittest",
    passed: 1,
    failed: 1,
    skipped: 1,
    failing: ["test_fails > test_a.TestMath.test_fails"],
  },
  "unittest-verbose": {
    runner: "unittest",
    passed: 1,
    failed: 1,
    skipped: 1,
    passing: ["test_adds > test_a.TestMath.test_adds"],
  },
  cargo: { runner: "cargo test", passed: 2, failed: 1, skipped: 1, failing: ["tests::fails"] },
  go: { runner: "go test", passed: 1, failed: 1, failing: ["TestFails"] },
  "go-verbose": {
    runner: "go test",
    passed: 4,
    failed: 0,
    skipped: 1,
    passing: ["TestAdds", "TestTable", "TestTable/one", "TestTable/two"],
  },
  "go-none": { runner: "go test", passed: 0, failed: 0 },
  surefire: { runner: "junit", passed: 3, failed: 1, skipped: 1 },
  bun: {
    runner: "bun",
    passed: 1,
    failed: 1,
    skipped: 1,
    passing: ["math > adds"],
    failing: ["math > fails"],
  },
  deno: { runner: "deno", passed: 1, failed: 1, skipped: 1, passing: ["adds"], failing: ["fails"] },
  rspec: { runner: "rspec", passed: 1, failed: 1, skipped: 1, failing: ["Math fails"] },
};

describe("what runners print is read", () => {
  test.each(Object.entries(EXPECTED))("%s", async (name, expected) => {
    expect(readTestOutcome(await output(name))).toMatchObject(expected);
  });
});

test("colours and Windows line ends do not matter", async () => {
  const plain = await output("vitest");
  const coloured = plain
    .replaceAll(/(\d+ passed)/g, "\u001B[1m\u001B[32m$1\u001B[39m\u001B[22m")
    .replaceAll("\n", "\r\n");
  expect(readTestOutcome(coloured)).toMatchObject({ passed: 2, failed: 1, skipped: 2 });
});

test("several runners in one output are added up", async () => {
  const both = `${await output("node-tap")}\n${await output("pytest-quiet")}`;
  expect(readTestOutcome(both)).toMatchObject({
    runner: "node:test, pytest",
    passed: 4,
    failed: 2,
    skipped: 3,
  });
  const twice = `${await output("cargo")}\n${await output("cargo")}`;
  expect(readTestOutcome(twice)).toMatchObject({ runner: "cargo test", passed: 4, failed: 2 });
});

test("what is no runner's output is not taken for one", () => {
  for (const text of [
    "",
    "All good.\n",
    "42 tests passed, says the log\n",
    "ok\n",
    "Tests are a fine thing: 3 passed\n",
  ])
    expect(readTestOutcome(text)).toBeUndefined();
});

test("a summary that a test prints itself does not count in TAP", () => {
  // Node turns what a test prints into comments, which look just like its own summary.
  const forged = [
    "TAP version 13",
    "# tests 9",
    "# pass 9",
    "# fail 0",
    "# Subtest: only",
    "ok 1 - only",
    "1..1",
    "# tests 1",
    "# pass 1",
    "# fail 0",
    "",
  ];
  expect(readTestOutcome(forged.join("\n"))).toMatchObject({ passed: 1 });
});
