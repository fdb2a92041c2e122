import { MemoryPlaybookStore } from "@mnemosyne/optimizer";
import { playbookStoreConformance } from "@mnemosyne/testkit/conformance";
import { expect, test } from "vitest";

test.each(playbookStoreConformance(async () => ({ subject: new MemoryPlaybookStore() })))(
  "a store in memory: $name",
  async ({ run }) => {
    await expect(run()).resolves.toBeUndefined();
  },
);
