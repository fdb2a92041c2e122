import Database from "libsql";
import { MemoryId, type MemoryInput } from "@mnemosyne/core";
import { openStorage, type Storage } from "@mnemosyne/storage";
import { beforeAll, expect, test } from "vitest";
import { start } from "./support/child.ts";
import { compiledPackage } from "./support/compiled-package.ts";
import { conceptEmbedder } from "./support/concept-embedder.ts";
import { databases } from "./support/folder.ts";

const { fresh } = databases();

beforeAll(() => {
  compiledPackage();
}, 120_000);

const many = (length: number, more: Partial<MemoryInput> = {}): MemoryInput[] =>
  Array.from({ length }, (_, number) => ({ content: `batch row ${number} quokka`, ...more }));

/** What every way of reading shows. */
async function seen(storage: Storage): Promise<Record<string, number>> {
  return {
    stats: (await storage.getStats()).totalMemories,
    list: (await storage.listRecent({ limit: 1000 })).length,
    search: (await storage.search("quokka", { limit: 1000 })).length,
  };
}

test("a large batch becomes visible at once, also to other connections", async () => {
  const { url } = fresh();
  const writer = await openStorage(url);
  const reader = await openStorage(url);
  const id = MemoryId.new();
  const batch = many(900);
  batch[3] = { id, content: "batch row 3 quokka" };
  const state = { done: false };
  const writing = writer.storeMany(batch).finally(() => {
    state.done = true;
  });
  const totals = new Set<number>();
  let looks = 0;
  while (!state.done) {
    for (const storage of [reader, writer]) {
      const found = await storage.get(id);
      const stats = await storage.getStats();
      totals.add(stats.totalMemories);
      expect(found !== undefined && stats.totalMemories === 0).toBe(false);
    }
    looks++;
    await new Promise((resolve) => {
      setTimeout(resolve, 1);
    });
  }
  expect(await writing).toHaveLength(900);
  expect(looks).toBeGreaterThan(1);
  expect([...totals].filter((total) => total !== 0 && total !== 900)).toEqual([]);
  for (const storage of [reader, writer]) {
    expect(await seen(storage)).toEqual({ stats: 900, list: 900, search: 900 });
    expect((await storage.get(id))?.content).toBe("batch row 3 quokka");
  }
  await writer.close();
  await reader.close();
});

test("a batch that fails at its end leaves nothing behind", async () => {
  const { url, file } = fresh();
  const storage = await openStorage(url);
  const taken = await storage.store({ content: "quokka before" });
  const batch = [...many(700), { content: "last", id: taken }];
  await expect(storage.storeMany(batch)).rejects.toMatchObject({ code: "E_CONFLICT" });
  expect(await seen(storage)).toEqual({ stats: 1, list: 1, search: 1 });
  await expect(storage.storeMany([...many(700), { content: "" }])).rejects.toMatchObject({
    code: "E_INPUT",
    path: "[700].content",
  });
  await storage.close();
  expect(leftovers(file)).toEqual({ rows: 1, batches: 0, indexed: 1 });
});

test("a batch of a process that was killed is never seen, and is removed", async () => {
  const { url, file } = fresh();
  const child = start(
    `
    const storage = await openStorage(arguments_[0]);
    await storage.storeMany([{ content: "kept quokka", id: "019340a0-7c1e-7a2b-8f00-000000000001" }]);
    const batch = Array.from({ length: 20_000 }, (_, number) => ({ content: "batch row " + number + " quokka" }));
    batch[0].id = "019340a0-7c1e-7a2b-8f00-000000000001";
    say("ready");
    await storage.import(batch, { onConflict: "replace" });
    say("too late");
    `,
    [url],
  );
  await child.says("ready");
  await expect.poll(() => leftovers(file).rows, { timeout: 20_000, interval: 20 }).toBeGreaterThan(50);
  child.kill();
  await child.ended;
  expect(child.lines).not.toContain("too late");

  const storage = await openStorage(url);
  expect(await seen(storage)).toEqual({ stats: 1, list: 1, search: 1 });
  expect((await storage.get("019340a0-7c1e-7a2b-8f00-000000000001"))?.content).toBe("kept quokka");
  await expect(
    storage.update("019340a0-7c1e-7a2b-8f00-000000000001", { importance: 9 }),
  ).rejects.toMatchObject({ code: "E_STORAGE_BUSY" });
  await storage.close();
  expect(leftovers(file).batches).toBe(1);
  // As if nobody had touched the batch for longer than a living process may be silent.
  const database = new Database(file, { timeout: 2000 });
  database.exec("UPDATE memory_batches SET touched_at = touched_at - 120000");
  database.close();
  const later = await openStorage(url);
  expect(leftovers(file)).toEqual({ rows: 1, batches: 0, indexed: 1 });
  await later.update("019340a0-7c1e-7a2b-8f00-000000000001", { importance: 9 });
  expect(await seen(later)).toEqual({ stats: 1, list: 1, search: 1 });
  await later.close();
}, 60_000);

test("an import that replaces many does so at once, and leaves one row each", async () => {
  const { url, file } = fresh();
  const storage = await openStorage(url);
  const reader = await openStorage(url);
  const ids = await storage.storeMany(many(600));
  const records = ids.map((id, number) => ({ id, content: `new row ${number} quokka` }));
  const state = { done: false };
  const importing = storage.import(records, { onConflict: "replace" }).finally(() => {
    state.done = true;
  });
  while (!state.done) {
    const contents = (await reader.listRecent({ limit: 1000 })).map(({ content }) => content.slice(0, 3));
    expect(contents).toHaveLength(600);
    expect(new Set(contents).size).toBe(1);
    await new Promise((resolve) => {
      setTimeout(resolve, 1);
    });
  }
  expect(await importing).toEqual({ imported: 600, skipped: 0 });
  expect(await seen(reader)).toEqual({ stats: 600, list: 600, search: 600 });
  await expect(
    storage.import([...records.slice(0, 300), { id: ids[300] ?? "", content: "other" }, ...many(400)]),
  ).rejects.toMatchObject({ code: "E_CONFLICT" });
  expect(await seen(reader)).toEqual({ stats: 600, list: 600, search: 600 });
  await storage.close();
  await reader.close();
  expect(leftovers(file)).toEqual({ rows: 600, batches: 0, indexed: 600 });
});

function leftovers(file: string): Record<"rows" | "batches" | "indexed", number> {
  const database = new Database(file, { timeout: 5000 });
  const count = (table: string): number =>
    (database.prepare(`SELECT count(*) FROM ${table}`).raw(true).get([]) as number[])[0] ?? -1;
  const counts = {
    rows: count("memories"),
    batches: count("memory_batches"),
    indexed: count("memory_text_docsize"),
  };
  database.close();
  return counts;
}

test("what is stored together is one piece of the text index, not one a row", async () => {
  const { url, file } = fresh();
  const storage = await openStorage(url);
  await storage.storeMany(many(150, { metadata: { payload: "c".repeat(64) }, thread: "one" }));
  await Promise.all(many(100).map((input) => storage.store(input)));
  await storage.close();
  const database = new Database(file, { timeout: 2000 });
  const [pieces] = database
    .prepare("SELECT count(DISTINCT segid) AS pieces FROM memory_text_idx")
    .all([]) as readonly { readonly pieces: number }[];
  database.close();
  expect(pieces?.pieces).toBeLessThan(8);
});

test("a batch in chunks writes what storing one by one does: places, text index and vectors of threads", async () => {
  const inputs = Array.from({ length: 1500 }, (_, number): MemoryInput => {
    const thread = ["appended", "with places", "out of order"][number % 3] ?? "";
    const seq = { "with places": number * 2, "out of order": (number * 7919) % 1000 }[thread];
    const concept = ["car", "doctor", "glad", "ocean", "house"][number % 5];
    return {
      content: `${concept} turn ${number} ${"x".repeat(number % 40 === 0 ? 1100 : 3)}`,
      thread,
      ...(seq === undefined ? {} : { seq }),
      ...(number % 11 === 0 ? { pendingRun: "018f0000-0000-7000-8000-00000000000b" } : {}),
    };
  });
  const written = [];
  for (const way of ["together", "alone"]) {
    const { url, file } = fresh();
    const storage = await openStorage({ url, embedder: conceptEmbedder(), synchronous: "normal" });
    if (way === "together") await storage.storeMany(inputs);
    else
      for (let from = 0; from < inputs.length; from += 100)
        await Promise.all(inputs.slice(from, from + 100).map((input) => storage.store(input)));
    await storage.close();
    const database = new Database(file, { timeout: 2000 });
    const all = (text: string): unknown => database.prepare(text).raw(true).all([]);
    database.exec("CREATE VIRTUAL TABLE terms USING fts5vocab('memory_text', 'instance')");
    written.push({
      rows: all("SELECT id, content, thread, place, pending_run FROM memories ORDER BY id"),
      terms: all("SELECT term, doc, col, offset FROM terms ORDER BY doc, col, offset"),
      vectors: all("SELECT id, hex(vector), hex(own) FROM memory_vectors ORDER BY id"),
    });
    database.close();
  }
  expect(written[0]).toEqual(written[1]);
}, 60_000);
