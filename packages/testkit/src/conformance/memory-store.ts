import { MemoryId, type Memory, type MemoryInput, type MemoryStore } from "@mnemosyne/core";
import {
  holds,
  pause,
  refused,
  same,
  suite,
  there,
  type Checks,
  type ConformanceCheck,
  type Open,
} from "./check.ts";
import { MEMORY_RECORD_CHECKS } from "./memory-record.ts";
import { MEMORY_SEARCH_CHECKS } from "./memory-search.ts";
import { MEMORY_TRANSFER_CHECKS } from "./memory-transfer.ts";

/**
 * What every memory store must do, by the port's contract.
 *
 * @example
 * for (const { name, run } of memoryStoreConformance(open)) test(name, run);
 */
export function memoryStoreConformance(open: Open<MemoryStore>): readonly ConformanceCheck[] {
  return suite(open, {
    ...WRITE_CHECKS,
    ...MEMORY_SEARCH_CHECKS,
    ...MEMORY_TRANSFER_CHECKS,
    ...MEMORY_RECORD_CHECKS,
  });
}

const WRITE_CHECKS: Checks<MemoryStore> = {
  "store fills in every default": async (store) => {
    const before = Date.now();
    const id = await store.store({ content: "We deploy on Fridays." });
    holds(MemoryId.is(id) && id[14] === "7", `${id} is not a UUID version 7`);
    const memory = there(await store.get(id), "the stored memory");
    const { createdAt, updatedAt, ...rest } = memory;
    same(
      withoutUndefined(rest),
      {
        id,
        namespace: "global",
        content: "We deploy on Fridays.",
        summary: "",
        importance: 5,
        confidence: 1,
        type: "insight",
        keywords: [],
        tags: [],
        context: "",
        metadata: {},
        version: 1,
        trust: "claimed",
        provenance: {},
      },
      "a memory with defaults",
    );
    for (const date of [createdAt, updatedAt])
      holds(date instanceof Date && Math.abs(date.getTime() - before) < 60_000, "times are Dates of now");
  },

  "every field comes back as it was given": async (store) => {
    const given: MemoryInput = {
      id: "019340a0-7c1e-7a2b-8f00-3d5b6c7d8e9f",
      content: "Zeilen\nmit Ümläuten, 漢字 und 🙂; 'quotes' \"too\" \\ %_*",
      namespace: "session:app:s1",
      importance: 8,
      confidence: 0.25,
      type: "a_custom_type",
      summary: "a summary",
      keywords: ["k1", "k 2"],
      tags: ["t1", "t2"],
      context: "some context",
      thread: "chat",
      seq: 3,
      actor: "ann",
      occurredAt: "2026-01-02T03:04:05.678Z",
      metadata: { deep: { list: [1, "two", null, true] } },
      trust: "observed",
      provenance: { agent: "executor", source: "person", attempt: 2 },
      expiresAt: "2999-01-01T00:00:00.000Z",
    };
    const id = await store.store(given);
    const memory = there(await store.get(id), "the stored memory");
    const read = JSON.parse(JSON.stringify(memory)) as Record<string, unknown>;
    for (const [field, value] of Object.entries(given)) same(read[field], value, field);
  },

  "what is refused names its field and writes nothing": async (store) => {
    const faults: readonly (readonly [string, unknown])[] = [
      ["content", ""],
      ["content", "x".repeat(200_000)],
      ["importance", 0],
      ["importance", 11],
      ["importance", 2.5],
      ["confidence", 1.5],
      ["namespace", "project:"],
      ["namespace", "somewhere"],
      ["id", "not-a-uuid"],
    ];
    for (const [field, value] of faults) {
      const input = { content: "fine", [field]: value } as MemoryInput;
      const what = `${field} = ${JSON.stringify(value)?.slice(0, 20)}`;
      const error = await refused(store.store(input), "E_INPUT", what);
      holds(error.path?.endsWith(field) === true, `${what}: the error's path is '${error.path}'`);
    }
    same((await store.getStats()).totalMemories, 0, "memories after refused calls");
  },

  "content of one byte and of 100 kB is accepted": async (store) => {
    for (const content of ["x", "é".repeat(50_000)])
      same(
        (await store.get(await store.store({ content })))?.content.length,
        content.length,
        "length of the content",
      );
  },

  "a known id is a conflict, and the first memory stays": async (store) => {
    const id = await store.store({ content: "first" });
    await refused(store.store({ id, content: "second" }), "E_CONFLICT", "storing a known id");
    same((await store.get(id))?.content, "first", "content");
  },

  "the same idempotency key in a namespace stores once": async (store, second) => {
    const input: MemoryInput = { content: "once", namespace: "project:a", idempotencyKey: "key" };
    const ids = await Promise.all([
      store.store(input),
      second.store(input),
      store.store({ ...input, content: "twice" }),
    ]);
    same(new Set(ids).size, 1, "distinct ids for one key");
    const other = await store.store({ ...input, namespace: "project:b" });
    holds(other !== ids[0], "the same key in another namespace is another memory");
    same((await store.getStats()).totalMemories, 2, "memories");
  },

  "storeMany is all or nothing, with ids in order": async (store) => {
    const inputs = Array.from({ length: 30 }, (_, index) => ({ content: `number ${index}` }));
    await refused(store.storeMany([...inputs, { content: "" }]), "E_INPUT", "a batch with one fault");
    same((await store.getStats()).totalMemories, 0, "memories after a refused batch");
    const ids = await store.storeMany(inputs);
    for (const [index, id] of ids.entries())
      same((await store.get(id))?.content, `number ${index}`, `memory ${index}`);
    await refused(
      store.storeMany([{ content: "new" }, { id: there(ids[3], "an id"), content: "known" }]),
      "E_CONFLICT",
      "a batch with a known id",
    );
    same((await store.getStats()).totalMemories, 30, "memories after a conflicting batch");
    same(await store.storeMany([]), [], "ids of an empty batch");
  },

  "what one handle stored another one sees": async (store, second) => {
    const id = await store.store({ content: "shared between handles" });
    same((await second.get(id))?.content, "shared between handles", "content seen by the second handle");
    same(
      (await second.search("handles")).map((hit) => hit.id),
      [id],
      "found by the second handle",
    );
  },

  "an unknown id and an expired memory are not there": async (store) => {
    same(await store.get(MemoryId.new()), undefined, "an unknown id");
    const id = await store.store({ content: "short lived", expiresAt: new Date(Date.now() + 60) });
    await pause(120);
    same(await store.get(id), undefined, "an expired memory");
    same((await store.search("short lived")).length, 0, "hits for an expired memory");
    same((await store.listRecent()).length, 0, "listed expired memories");
  },

  "update changes the named fields only and raises the version": async (store) => {
    const id = await store.store({ content: "old words", importance: 3, tags: ["keep"], metadata: { a: 1 } });
    const first = there(await store.get(id), "the memory");
    const updated = await store.update(id, { content: "fresh phrase", metadata: { b: 2 } });
    same(
      [updated.content, updated.importance, updated.tags, updated.metadata, updated.version],
      ["fresh phrase", 3, ["keep"], { b: 2 }, 2],
      "the updated memory",
    );
    holds(updated.updatedAt >= first.updatedAt, "updatedAt does not fall");
    same(updated.createdAt, first.createdAt, "createdAt");
    same(
      (await store.search("phrase")).map((hit) => hit.id),
      [id],
      "found by the new words",
    );
    same(await store.search("old"), [], "found by the old words");
    await refused(store.update(id, { importance: 99 }), "E_INPUT", "an illegal patch");
    same((await store.get(id))?.version, 2, "version after a refused patch");
  },

  "update with a version is compare-and-set": async (store, second) => {
    const id = await store.store({ content: "base" });
    await refused(
      store.update(id, { content: "x" }, { version: 7 }),
      "E_VERSION_CONFLICT",
      "another version",
    );
    const results = await Promise.allSettled(
      Array.from({ length: 8 }, (_, index) =>
        (index % 2 === 0 ? store : second).update(id, { content: `writer ${index}` }, { version: 1 }),
      ),
    );
    same(results.filter((result) => result.status === "fulfilled").length, 1, "winners of eight writers");
    same((await store.get(id))?.version, 2, "version");
    await refused(store.update(MemoryId.new(), { content: "x" }), "E_MEMORY_NOT_FOUND", "an unknown id");
  },

  "forget removes a memory from every result": async (store) => {
    const id = await store.store({ content: "to be forgotten", thread: "t", seq: 1 });
    same(await store.forget(id), true, "the first forget");
    same(await store.forget(id), false, "the second forget");
    same(await store.get(id), undefined, "get");
    same(await store.search("forgotten"), [], "search");
    same(await store.listRecent(), [], "list");
    same((await store.getStats()).totalMemories, 0, "count");
    await refused(store.update(id, { content: "x" }), "E_MEMORY_NOT_FOUND", "update");
  },
};

function withoutUndefined(memory: Partial<Memory>): unknown {
  return Object.fromEntries(Object.entries(memory).filter(([, value]) => value !== undefined));
}
