import {
  MemoryId,
  type ExportRecord,
  type ImportRecord,
  type MemoryInput,
  type MemoryPatch,
} from "@mnemosyne/core";
import { openStorage, type Storage } from "@mnemosyne/storage";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

let storage: Storage;

beforeEach(async () => {
  storage = await openStorage(":memory:");
});

afterEach(async () => {
  await storage.close();
});

async function exported(from: Storage): Promise<readonly ExportRecord[]> {
  const records: ExportRecord[] = [];
  for await (const record of from.export()) records.push(record);
  return records;
}

const pendingOf = (task: string, text: string): MemoryInput => ({
  content: `${text} kestrel`,
  pendingRun: "r1",
  provenance: { task: task as never },
});

const cyclic: Record<string, unknown> = {};
cyclic["self"] = cyclic;

describe("what is wrong is refused by the path of its field, and nothing is written", () => {
  const WRONG: readonly (readonly [string, unknown])[] = [
    ["content", { content: "" }],
    ["content", { content: 5 }],
    ["content", {}],
    ["content", { content: "ä".repeat(50_001) }],
    ["namespace", { namespace: "project:" }],
    ["namespace", { namespace: "project:a b" }],
    ["namespace", { namespace: "other" }],
    ["namespace", { namespace: 7 }],
    ["importance", { importance: 0 }],
    ["importance", { importance: 11 }],
    ["importance", { importance: 5.5 }],
    ["importance", { importance: "5" }],
    ["importance", { importance: NaN }],
    ["confidence", { confidence: 1.01 }],
    ["confidence", { confidence: -0.1 }],
    ["confidence", { confidence: NaN }],
    ["type", { type: "" }],
    ["type", { type: "x".repeat(129) }],
    ["summary", { summary: 5 }],
    ["keywords", { keywords: "a,b" }],
    ["keywords[1]", { keywords: ["a", 5] }],
    ["tags[0]", { tags: [""] }],
    ["tags[1]", { tags: ["a", "b\u0000"] }],
    ["context", { context: null }],
    ["thread", { thread: "" }],
    ["seq", { thread: "t", seq: 1.5 }],
    ["seq", { seq: 1 }],
    ["actor", { actor: "a\nb" }],
    ["occurredAt", { occurredAt: "yesterday" }],
    ["createdAt", { createdAt: new Date(NaN) }],
    ["expiresAt", { expiresAt: 5 }],
    ["metadata", { metadata: [] }],
    ["metadata.a.b[1]", { metadata: { a: { b: [1, () => 1] } } }],
    ["metadata.n", { metadata: { n: 1n } }],
    ["metadata.n", { metadata: { n: Infinity } }],
    ["metadata.d", { metadata: { d: new Date() } }],
    ["metadata", { metadata: { long: "x".repeat(1_000_001) } }],
    ["id", { id: "42" }],
    ["idempotencyKey", { idempotencyKey: "" }],
    ["trust", { trust: "certain" }],
    ["provenance", { provenance: "me" }],
    ["provenance.attempt", { provenance: { attempt: -1 } }],
    ["pendingRun", { pendingRun: "no spaces" }],
  ];

  test.each(WRONG)("%s", async (path, wrong) => {
    const input = { ...(path === "content" ? {} : { content: "fine" }), ...(wrong as object) } as MemoryInput;
    await expect(storage.store(input)).rejects.toMatchObject({ code: "E_INPUT", path });
    await expect(storage.storeMany([{ content: "good" }, input])).rejects.toMatchObject({
      code: "E_INPUT",
      path: `[1].${path}`,
    });
    await expect(storage.import([{ content: "good" }, input])).rejects.toMatchObject({ code: "E_INPUT" });
    expect((await storage.getStats()).totalMemories).toBe(0);
  });

  test("a cycle in metadata", async () => {
    const call = storage.store({ content: "x", metadata: cyclic as never });
    await expect(call).rejects.toMatchObject({ code: "E_INPUT" });
  });

  test.each([0, 1001, 1.5, NaN, -1, "10" as unknown as number])("the limit %j", async (limit) => {
    await expect(storage.search("x", { limit })).rejects.toMatchObject({ code: "E_INPUT", path: "limit" });
    await expect(storage.listRecent({ limit })).rejects.toMatchObject({ code: "E_INPUT", path: "limit" });
  });

  test("options of a search", async () => {
    for (const [options, path] of [
      [{ minImportance: 0 }, "minImportance"],
      [{ types: "x" }, "types"],
      [{ tags: [1] }, "tags[0]"],
      [{ thread: "" }, "thread"],
      [{ namespace: "nowhere" }, "namespace"],
      [{ include: { neighbours: -1 } }, "include.neighbours"],
    ] as const)
      await expect(storage.search("x", options as never)).rejects.toMatchObject({ code: "E_INPUT", path });
    await expect(storage.search(5 as never)).rejects.toMatchObject({ code: "E_INPUT", path: "query" });
    await expect(storage.get("nonsense")).rejects.toMatchObject({ code: "E_INPUT", path: "id" });
    await expect(storage.forget("nonsense")).rejects.toMatchObject({ code: "E_INPUT", path: "id" });
  });

  test("a patch", async () => {
    const id = await storage.store({ content: "x" });
    for (const [patch, path] of [
      [{ importance: 0 }, "importance"],
      [{ content: "" }, "content"],
      [{ metadata: { a: undefined, b: 1n } }, "metadata.b"],
      [{ namespace: "global" }, "namespace"],
      [{ colour: "red" }, "colour"],
    ] as const)
      await expect(storage.update(id, patch as MemoryPatch)).rejects.toMatchObject({ code: "E_INPUT", path });
    await expect(storage.update(id, {}, { version: 0 })).rejects.toMatchObject({ path: "version" });
    expect((await storage.get(id))?.version).toBe(1);
  });
});

test("bounds are inside: 1 byte and 100 kB, 1 and 10, 0 and 1", async () => {
  for (const content of ["x", "x".repeat(100_000), "ä".repeat(50_000)]) {
    const id = await storage.store({ content });
    expect((await storage.get(id))?.content).toBe(content);
  }
  for (const [importance, confidence] of [
    [1, 0],
    [10, 1],
  ] as const) {
    const id = await storage.store({ content: "x", importance, confidence });
    expect(await storage.get(id)).toMatchObject({ importance, confidence });
  }
});

test("what a caller changes afterwards does not change what is stored", async () => {
  const metadata = { list: [1] };
  const tags = ["a"];
  const storing = storage.store({ content: "x", metadata, tags });
  metadata.list.push(2);
  tags.push("b");
  expect(await storage.get(await storing)).toMatchObject({ metadata: { list: [1] }, tags: ["a"] });
});

test("an expired memory is nowhere", async () => {
  const soon = new Date(Date.now() + 60);
  const id = await storage.store({ content: "ephemeral mayfly", expiresAt: soon, thread: "t", seq: 1 });
  await storage.store({ content: "lasting mayfly", thread: "t", seq: 2 });
  expect(await storage.search("mayfly")).toHaveLength(2);
  await new Promise((resolve) => {
    setTimeout(resolve, 80);
  });
  expect(await storage.get(id)).toBeUndefined();
  expect(
    (await storage.search("mayfly", { include: { neighbours: 3 } })).map((hit) => hit.neighbours),
  ).toEqual([[]]);
  expect(await storage.search("mayfly", { thread: "t" })).toHaveLength(1);
  expect(await storage.listRecent()).toHaveLength(1);
  expect((await storage.getStats()).totalMemories).toBe(1);
  expect(await exported(storage)).toHaveLength(1);
  await expect(storage.update(id, { importance: 9 })).rejects.toMatchObject({ code: "E_MEMORY_NOT_FOUND" });
});

test("pending memories are seen only in their run, until their task has passed", async () => {
  await storage.store({ content: "settled kestrel" });
  await storage.store(pendingOf("a", "first"));
  await storage.store(pendingOf("b", "second"));
  const texts = async (pendingRun?: string): Promise<readonly string[]> =>
    (await storage.search("kestrel", pendingRun === undefined ? {} : { pendingRun }))
      .map(({ content }) => content.split(" ")[0] ?? "")
      .toSorted();
  expect(await texts()).toEqual(["settled"]);
  expect(await texts("r2")).toEqual(["settled"]);
  expect(await texts("r1")).toEqual(["first", "second", "settled"]);
  expect(await storage.listRecent()).toHaveLength(1);
  expect((await storage.getStats()).totalMemories).toBe(1);
  expect(await storage.settlePending("r2", undefined, "promote")).toBe(0);
  expect(await storage.settlePending("r1", "a", "promote")).toBe(1);
  expect(await texts()).toEqual(["first", "settled"]);
  expect(await storage.settlePending("r1", undefined, "discard")).toBe(1);
  expect(await texts("r1")).toEqual(["first", "settled"]);
  expect(await storage.settlePending("r1", undefined, "discard")).toBe(0);
});

test("an idempotency key stores once in its namespace, however many call at once", async () => {
  const input = { content: "once", idempotencyKey: "k", namespace: "project:a" };
  const ids = await Promise.all(Array.from({ length: 10 }, () => storage.store(input)));
  expect(new Set(ids).size).toBe(1);
  expect(
    (await storage.storeMany([input, { ...input, content: "other" }])).every((id) => id === ids[0]),
  ).toBe(true);
  expect(await storage.store({ ...input, namespace: "project:b" })).not.toBe(ids[0]);
  expect((await storage.getStats()).totalMemories).toBe(2);
});

test("of many who update one version, one wins; without a version none is lost", async () => {
  const id = await storage.store({ content: "x" });
  const settled = await Promise.allSettled(
    Array.from({ length: 8 }, (_, number) => storage.update(id, { summary: `${number}` }, { version: 1 })),
  );
  expect(settled.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  await Promise.all(Array.from({ length: 8 }, () => storage.update(id, { importance: 7 })));
  expect((await storage.get(id))?.version).toBe(10);
});

test("what was forgotten leaves nothing in any result, and its id can come back", async () => {
  const id = MemoryId.new();
  await storage.store({ id, content: "a rare ibis", tags: ["bird"] });
  expect(await storage.forget(id)).toBe(true);
  expect(await storage.forget(id)).toBe(false);
  expect(await storage.get(id)).toBeUndefined();
  expect(await storage.search("ibis bird")).toEqual([]);
  await storage.store({ id, content: "an ibis again" });
  expect(await storage.search("rare")).toEqual([]);
  expect(await storage.search("ibis")).toHaveLength(1);
});

test("every memory survives an export and an import unchanged", async () => {
  const name = fc
    .string({ unit: "grapheme", minLength: 1, maxLength: 12 })
    .filter((text) => !/[\u0000-\u001f\u007f]/.test(text)); // oxlint-disable-line no-control-regex -- names have none
  const date = fc.date({ min: new Date("1970-01-02"), max: new Date("2090-01-01"), noInvalidDate: true });
  const input: fc.Arbitrary<MemoryInput> = fc.record(
    {
      content: fc.string({ unit: "binary", minLength: 1, maxLength: 200 }),
      namespace: fc.constantFrom("global", "project:a", "session:a:1"),
      importance: fc.integer({ min: 1, max: 10 }),
      confidence: fc.double({ min: 0, max: 1, noNaN: true }),
      type: name,
      summary: fc.string({ unit: "binary", maxLength: 50 }),
      keywords: fc.array(name, { maxLength: 4 }),
      tags: fc.array(name, { maxLength: 4 }),
      context: fc.string({ maxLength: 50 }),
      thread: name,
      actor: name,
      occurredAt: date,
      createdAt: date,
      metadata: fc
        .dictionary(fc.string(), fc.jsonValue())
        .map((value) => JSON.parse(JSON.stringify(value)) as never),
      trust: fc.constantFrom("claimed" as const, "observed" as const, "verified" as const),
      provenance: fc.record(
        { agent: name, attempt: fc.nat(), evidence: name, sources: fc.array(fc.uuid(), { maxLength: 2 }) },
        { requiredKeys: ["evidence"] },
      ),
      idempotencyKey: fc.uuid(),
      validFrom: fc.date({ min: new Date("1970-01-02"), max: new Date("2020-01-01"), noInvalidDate: true }),
      validTo: fc.date({ min: new Date("2020-01-01"), max: new Date("2200-01-01"), noInvalidDate: true }),
      expiresAt: fc.date({ min: new Date("2100-01-01"), max: new Date("2200-01-01"), noInvalidDate: true }),
    },
    { requiredKeys: ["content", "provenance"] },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(input, { minLength: 1, maxLength: 12 }), async (inputs) => {
      const [from, to] = [await openStorage(":memory:"), await openStorage(":memory:")];
      const ids = await from.storeMany(inputs);
      await from.update(ids[0] ?? "", { importance: 3 });
      if (ids.length > 1) {
        await from.update(ids[1] ?? "", { supersededBy: ids[0] ?? "" });
        await from.link(ids[0] ?? "", ids[1] ?? "", { type: "t", strength: 0.25, by: "Ann", reason: "why" });
      }
      const memories = await exported(from);
      const lines = memories.map((record) => JSON.parse(JSON.stringify(record)) as ImportRecord);
      expect(await to.import(lines, { keepTrust: true })).toEqual({ imported: memories.length, skipped: 0 });
      expect(await exported(to)).toEqual(memories);
      expect(await to.import(memories)).toEqual({ imported: 0, skipped: memories.length });
      await from.close();
      await to.close();
    }),
    { numRuns: 25 },
  );
}, 30_000);

test("trust is not imported unless told", async () => {
  await storage.import([{ content: "x", trust: "verified" }]);
  expect((await storage.listRecent())[0]?.trust).toBe("claimed");
});
