import Database from "libsql";
import { isMnemosyneError, MemoryId, type MemoryInput } from "@mnemosyne/core";
import { openStorage } from "@mnemosyne/storage";
import { expect, test } from "vitest";
import { databases } from "./support/folder.ts";

const { fresh } = databases();

test("a caller that fails takes nothing from those that share its transaction", async () => {
  const { url } = fresh();
  const storage = await openStorage(url);
  const taken = await storage.store({ content: "taken" });
  const inputs = Array.from({ length: 40 }, (_, number): MemoryInput => ({
    content: `row ${number}`,
    ...(number % 8 === 5 ? { id: taken } : {}),
  }));
  const settled = await Promise.allSettled([
    ...inputs.map((input) => storage.store(input)),
    storage.storeMany([{ content: "with the failing one" }, { content: "failing", id: taken }]),
    storage.update(MemoryId.new(), { content: "nobody" }),
  ]);
  const codes = settled.map((result) =>
    result.status === "fulfilled" ? "ok" : isMnemosyneError(result.reason) ? result.reason.code : "?",
  );
  expect(codes.filter((code) => code === "ok")).toHaveLength(35);
  expect(codes.filter((code) => code === "E_CONFLICT")).toHaveLength(6);
  expect(codes.at(-1)).toBe("E_MEMORY_NOT_FOUND");
  await storage.close();
  const reopened = await openStorage(url);
  expect((await reopened.getStats()).totalMemories).toBe(36);
  const stored = settled
    .slice(0, 40)
    .flatMap((result) => (result.status === "fulfilled" ? [result.value as string] : []));
  for (const id of stored) expect(await reopened.get(id)).toBeDefined();
  expect(await reopened.search("with the failing one")).toHaveLength(0);
  await reopened.close();
});

test("a lock that stays is reported when the time is up, without blocking the event loop, and nothing is written", async () => {
  const { url, file } = fresh();
  const storage = await openStorage({ url, busyTimeout: 250 });
  const holder = new Database(file);
  holder.exec("BEGIN IMMEDIATE");
  let ticks = 0;
  const timer = setInterval(() => ticks++, 5);
  const began = performance.now();
  const settled = await Promise.allSettled(
    Array.from({ length: 5 }, (_, number) => storage.store({ content: `row ${number}` })),
  );
  const took = performance.now() - began;
  clearInterval(timer);
  for (const result of settled)
    expect(result).toMatchObject({ status: "rejected", reason: { code: "E_STORAGE_BUSY", retryable: true } });
  expect(took).toBeGreaterThan(240);
  expect(ticks).toBeGreaterThan(4);
  // Readers are not held up by a writer.
  expect(await storage.listRecent()).toEqual([]);
  const waiting = storage.store({ content: "later" });
  await storage.listRecent();
  holder.exec("COMMIT");
  const id = await waiting;
  expect(await storage.get(id)).toBeDefined();
  expect((await storage.getStats()).totalMemories).toBe(1);
  holder.close();
  await storage.close();
});

test("readers of the same process never see what is not committed", async () => {
  const { url } = fresh();
  const storage = await openStorage(url);
  const ids = Array.from({ length: 30 }, () => MemoryId.new());
  const writing = Promise.all(ids.map((id) => storage.store({ id, content: "one of thirty" })));
  const seen = await storage.listRecent({ limit: 100 });
  expect([0, 30]).toContain(seen.length);
  await writing;
  expect(await storage.listRecent({ limit: 100 })).toHaveLength(30);
  await storage.close();
});

test("timers run while callers store in an endless chain of promises", async () => {
  const { url } = fresh();
  const storage = await openStorage({ url, synchronous: "normal" });
  const state = { done: false };
  let ticks = 0;
  const timer = setInterval(() => ticks++, 5);
  setTimeout(() => {
    state.done = true;
  }, 200);
  while (!state.done) {
    await storage.store({ content: "again" });
    await storage.listRecent({ limit: 1 });
  }
  clearInterval(timer);
  expect(ticks).toBeGreaterThan(4);
  await storage.close();
});

test("a closed storage says so, after finishing what was begun", async () => {
  const { url } = fresh();
  const storage = await openStorage(url);
  const begun = storage.store({ content: "begun" });
  await Promise.all([storage.close(), storage.close()]);
  const id = await begun;
  for (const call of [
    () => storage.get(id),
    () => storage.store({ content: "late" }),
    () => storage.journal.listRuns(),
    () => storage.coordination.leases(),
    () => storage.ledger.balance("x"),
    () => storage.blobs.put(new Uint8Array(1)),
  ])
    await expect(call()).rejects.toMatchObject({ code: "E_CLOSED" });
  const reopened = await openStorage(url);
  expect((await reopened.get(id))?.content).toBe("begun");
  await reopened[Symbol.asyncDispose]();
});
