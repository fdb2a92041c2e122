import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MemoryBudgetLedger } from "@mnemosyne/context-monitor";
import { MemoryCoordinationStore } from "@mnemosyne/coordinator";
import { openStorage, type Storage } from "@mnemosyne/storage";
import {
  blobStoreConformance,
  budgetLedgerConformance,
  coordinationStoreConformance,
  journalConformance,
  memoryStoreConformance,
  type Open,
} from "@mnemosyne/testkit/conformance";
import { describe, test } from "vitest";

/** Two connections to one new database file. */
function onFile<Part>(part: (storage: Storage) => Part): Open<Part> {
  return async () => {
    const folder = await mkdtemp(join(tmpdir(), "mnemosyne-conformance-"));
    const url = `file:${join(folder, "m.db")}`;
    const first = await openStorage(url);
    const second = await openStorage(url);
    return {
      subject: part(first),
      second: part(second),
      async close() {
        await first.close();
        await second.close();
        await rm(folder, { recursive: true, force: true });
      },
    };
  };
}

const suites = {
  "libSQL memories": memoryStoreConformance(onFile((storage) => storage)),
  "libSQL journal": journalConformance(onFile((storage) => storage.journal)),
  "libSQL coordination": coordinationStoreConformance(onFile((storage) => storage.coordination)),
  "libSQL ledger": budgetLedgerConformance(onFile((storage) => storage.ledger)),
  "libSQL blobs": blobStoreConformance(onFile((storage) => storage.blobs)),
  "coordination in memory": coordinationStoreConformance(async () => ({
    subject: new MemoryCoordinationStore(),
  })),
  "ledger in memory": budgetLedgerConformance(async () => ({ subject: new MemoryBudgetLedger() })),
};

describe.each(Object.entries(suites))("%s", (_name, checks) => {
  // oxlint-disable-next-line vitest/expect-expect -- the checks throw by themselves
  test.each(checks)("$name", ({ run }) => run());
});
