import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { openStorage, type Storage } from "@mnemosyne/storage";
import {
  blobStoreConformance,
  budgetLedgerConformance,
  coordinationStoreConformance,
  journalConformance,
  memoryStoreConformance,
  type Open,
} from "@mnemosyne/testkit/conformance";
import { describe, expect, test } from "vitest";

/** A fresh database; for a file with a second connection to it, as another process would have. */
function opener<Subject>(where: "file" | "memory", pick: (storage: Storage) => Subject): Open<Subject> {
  return async () => {
    if (where === "memory") {
      const storage = await openStorage(":memory:");
      return { subject: pick(storage), close: () => storage.close() };
    }
    const folder = mkdtempSync(path.join(tmpdir(), "mnemosyne-storage-"));
    const url = `file:${path.join(folder, "app.db")}`;
    const storage = await openStorage(url);
    const second = await openStorage(url);
    return {
      subject: pick(storage),
      second: pick(second),
      async close() {
        await storage.close();
        await second.close();
        rmSync(folder, { recursive: true });
      },
    };
  };
}

describe.each(["file", "memory"] as const)("in %s", (where) => {
  test.each(memoryStoreConformance(opener(where, (storage) => storage)))("memories: $name", passes);
  test.each(journalConformance(opener(where, ({ journal }) => journal)))("journal: $name", passes);
  test.each(coordinationStoreConformance(opener(where, ({ coordination }) => coordination)))(
    "coordination: $name",
    passes,
  );
  test.each(budgetLedgerConformance(opener(where, ({ ledger }) => ledger)))("ledger: $name", passes);
  test.each(blobStoreConformance(opener(where, ({ blobs }) => blobs)))("blobs: $name", passes);
});

async function passes({ run }: { readonly run: () => Promise<void> }): Promise<void> {
  await expect(run()).resolves.toBeUndefined();
}
