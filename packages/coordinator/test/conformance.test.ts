import { MemoryCoordinationStore } from "@mnemosyne/coordinator";
import { coordinationStoreConformance } from "@mnemosyne/testkit/conformance";
import { expect, test } from "vitest";

const checks = coordinationStoreConformance(async () => ({ subject: new MemoryCoordinationStore() }));

test("there are checks", () => {
  expect(checks.length).toBeGreaterThan(8);
});

test.each(checks)("the store in memory: $name", async ({ run }) => {
  await expect(run()).resolves.toBeUndefined();
});
