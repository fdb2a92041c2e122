import type { ExportRecord, Memory, MemoryInput, MemoryStore, Provenance } from "@mnemosyne/core";
import { holds, refused, same, there, type Checks } from "./check.ts";

const byTask = (task: string): Provenance => ({ run: "r1", task }) as Provenance;

/** What every store must do with pending memories, exports and imports. */
export const MEMORY_TRANSFER_CHECKS: Checks<MemoryStore> = {
  "a pending memory is seen in its run only, until it is promoted": async (store) => {
    const inputs: MemoryInput[] = [
      { content: "pending by one", pendingRun: "r1", provenance: byTask("one") },
      { content: "pending by two", pendingRun: "r1", provenance: byTask("two") },
      { content: "open to all" },
    ];
    const [one, two] = await store.storeMany(inputs);
    const seen = async (options: Parameters<MemoryStore["search"]>[1] = {}): Promise<number> =>
      (await store.search("pending", options)).filter((hit) => hit.content.startsWith("pending")).length;
    same(await seen(), 0, "pending ones seen from outside");
    same(await seen({ pendingRun: "r2" }), 0, "seen from another run");
    same(await seen({ pendingRun: "r1" }), 2, "seen from their run");
    holds(!(await store.listRecent()).some((memory) => memory.id === one), "pending ones are not listed");
    same(await store.settlePending("r1", "one", "promote"), 1, "promoted");
    same((await store.search("pending")).map((hit) => hit.id)[0], one, "seen once promoted");
    same(await store.settlePending("r1", undefined, "discard"), 1, "discarded");
    same(await store.get(there(two, "an id")), undefined, "a discarded memory");
    same(await store.settlePending("r1", undefined, "promote"), 0, "left to promote");
    holds(
      (await store.get(there(one, "an id"))) !== undefined,
      "a promoted memory stays when the rest is discarded",
    );
  },

  "what is exported can be imported; what is there is skipped": async (store) => {
    await store.storeMany([
      { content: "first", namespace: "project:a", tags: ["t"], metadata: { n: 1 }, importance: 9 },
      { content: "second", namespace: "project:b", thread: "t", seq: 1, actor: "bob" },
    ]);
    const before = await collect(store.export());
    same(
      before.map((memory) => memory.content),
      ["first", "second"],
      "exported, oldest first",
    );
    same((await collect(store.export({ namespace: "project:a" }))).length, 1, "exported of one namespace");
    const records = before as unknown as readonly MemoryInput[];
    same(await store.import(records), { imported: 0, skipped: 2 }, "importing what is there");
    for (const { id } of before) await store.forget(id);
    const result = await store.import(records);
    same(result.imported, 2, "imported again");
    const after = await collect(store.export());
    same(plain(after), plain(before), "records after the round trip");
  },

  "a known id with other content is refused, skipped or replaced": async (store) => {
    const id = await store.store({ content: "mine" });
    const other: MemoryInput = { id, content: "theirs" };
    const fresh: MemoryInput = { content: "fresh" };
    await refused(store.import([fresh, other]), "E_CONFLICT", "importing another content");
    same((await store.getStats()).totalMemories, 1, "memories after a refused import");
    same(await store.import([other], { onConflict: "skip" }), { imported: 0, skipped: 1 }, "skipping");
    same((await store.get(id))?.content, "mine", "content after skipping");
    same(await store.import([other], { onConflict: "replace" }), { imported: 1, skipped: 0 }, "replacing");
    same((await store.get(id))?.content, "theirs", "content after replacing");
  },

  "an import is all or nothing and lowers trust unless told": async (store) => {
    await refused(
      store.import([{ content: "good" }, { content: "bad", importance: 77 }]),
      "E_INPUT",
      "an import with one fault",
    );
    same((await store.getStats()).totalMemories, 0, "memories after a refused import");
    const verified: MemoryInput = { content: "checked", trust: "verified", provenance: { evidence: "e1" } };
    await store.import([verified]);
    await store.import(lazily([{ ...verified, content: "checked and kept" }]), { keepTrust: true });
    const trusts = (await collect(store.export())).map((memory) => [memory.content, memory.trust]);
    same(
      trusts,
      [
        ["checked", "claimed"],
        ["checked and kept", "verified"],
      ],
      "trust",
    );
  },
};

async function collect(records: AsyncIterable<ExportRecord>): Promise<readonly Memory[]> {
  const all: Memory[] = [];
  for await (const record of records) if (record.link === undefined) all.push(record);
  return all;
}

async function* lazily(inputs: readonly MemoryInput[]): AsyncGenerator<MemoryInput> {
  yield* inputs;
}

function plain(memories: readonly Memory[]): unknown {
  return memories.map(
    ({ id, content, namespace, tags, metadata, importance, thread, seq, actor, createdAt }) =>
      JSON.stringify([id, content, namespace, tags, metadata, importance, thread, seq, actor, createdAt]),
  );
}
