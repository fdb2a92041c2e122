import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { openStorage } from "@mnemosyne/storage";
import { playbookStoreConformance } from "@mnemosyne/testkit/conformance";
import { describe, expect, test } from "vitest";

async function open(where: "file" | "memory") {
  if (where === "memory") {
    const storage = await openStorage(":memory:");
    return { subject: storage.playbooks, close: () => storage.close() };
  }
  const folder = mkdtempSync(path.join(tmpdir(), "mnemosyne-playbooks-"));
  const url = `file:${path.join(folder, "app.db")}`;
  const storage = await openStorage(url);
  const second = await openStorage(url);
  return {
    subject: storage.playbooks,
    second: second.playbooks,
    async close() {
      await storage.close();
      await second.close();
      rmSync(folder, { recursive: true });
    },
  };
}

describe.each(["file", "memory"] as const)("playbooks in %s", (where) => {
  test.each(playbookStoreConformance(() => open(where)))("$name", async ({ run }) => {
    await expect(run()).resolves.toBeUndefined();
  });
});
