import {
  MemoryId,
  type ExportRecord,
  type ImportRecord,
  type MemoryInput,
  type MemoryStore,
} from "@mnemosyne/core";
import { holds, refused, same, there, type Checks } from "./check.ts";

/** What every store must do with histories, links, supersession, validity and trust. */
export const MEMORY_RECORD_CHECKS: Checks<MemoryStore> = {
  "history tells every change with who, why and what was before": async (store) => {
    const id = await store.store({ content: "one", importance: 3, provenance: { agent: "scout" } });
    await store.update(id, { content: "two" }, { by: "ann", reason: "it moved" });
    await refused(store.update(id, { content: "x" }, { version: 9 }), "E_VERSION_CONFLICT", "a late update");
    const history = await store.history(id);
    same(
      history.map(({ change, version, by, reason }) => [change, version, by, reason]),
      [
        ["stored", 1, "scout", undefined],
        ["updated", 2, "ann", "it moved"],
      ],
      "history",
    );
    same(history[1]?.before, { content: "one" }, "what the update changed, as it was");
    same(await store.history(MemoryId.new()), [], "history of an unknown id");
  },

  "what was forgotten can be restored; what was erased cannot": async (store) => {
    const id = await store.store({ content: "come back", tags: ["t"] });
    await store.forget(id, { by: "ann", reason: "wrong" });
    same(await store.get(id), undefined, "a forgotten memory");
    const forgotten = there((await store.history(id)).at(-1), "the last change");
    same(
      [forgotten.change, forgotten.by, forgotten.reason],
      ["forgotten", "ann", "wrong"],
      "the last change",
    );
    const restored = await store.restore(id);
    same([restored.content, restored.tags], ["come back", ["t"]], "the restored memory");
    same(
      (await store.search("come back")).map((hit) => hit.id),
      [id],
      "found again",
    );
    await refused(store.restore(id), "E_MEMORY_NOT_FOUND", "restoring what is there");
    same(await store.forget(id, { hard: true }), true, "erasing");
    same(await store.history(id), [], "history of an erased memory");
    await refused(store.restore(id), "E_MEMORY_NOT_FOUND", "restoring what was erased");
    same(await store.forget(id, { hard: true }), false, "erasing again");
  },

  "a memory forgotten before can be erased": async (store) => {
    const id = await store.store({ content: "twice gone" });
    await store.forget(id);
    same(await store.forget(id, { hard: true }), true, "erasing a forgotten memory");
    same(await store.history(id), [], "its history");
  },

  "a superseded memory is found no more, but got with its successor": async (store) => {
    const old = await store.store({ content: "gate at nine" });
    const fresh = await store.store({ content: "gate at ten" });
    await store.update(old, { supersededBy: fresh });
    same(
      (await store.search("gate")).map((hit) => hit.id),
      [fresh],
      "found",
    );
    same(
      (await store.listRecent()).map((memory) => memory.id),
      [fresh],
      "listed",
    );
    same((await store.get(old))?.supersededBy, fresh, "the successor");
    await refused(store.update(fresh, { supersededBy: old }), "E_INPUT", "a circle");
    await store.restore(old);
    same((await store.search("gate")).length, 2, "found when it was restored");
  },

  "what is not valid now is not found": async (store) => {
    const past = await store.store({ content: "fair one", validFrom: "2019-01-01", validTo: "2020-01-01" });
    await store.store({ content: "fair two", validFrom: "2999-01-01" });
    const now = await store.store({ content: "fair three", validFrom: "2020-01-01" });
    same(
      (await store.search("fair")).map((hit) => hit.id),
      [now],
      "found",
    );
    same((await store.listRecent()).length, 1, "listed");
    same((await store.get(past))?.validTo, new Date("2020-01-01"), "validTo of one that is over");
    await refused(
      store.store({ content: "x", validFrom: "2020-01-02", validTo: "2020-01-01" }),
      "E_INPUT",
      "a turned span",
    );
  },

  "a graph gives the true hop, strength and type, and never a sibling": async (store, second) => {
    const inputs: MemoryInput[] = ["a", "b", "c", "d"].map((content) => ({
      content,
      namespace: "project:p",
    }));
    const [a = "", b = "", c = "", d = ""] = await store.storeMany(inputs);
    const secret = await store.store({ content: "secret", namespace: "project:q" });
    await store.link(a, b, { type: "causes", strength: 0.5, by: "ann" });
    await second.link(b, c, { strength: 0.5 });
    await store.link(c, a, { strength: 0.1 });
    await store.link(c, d);
    await store.link(a, secret);
    const { nodes, links } = await store.graph(a, { depth: 2 });
    same(
      nodes.map(({ content, hop, strength }) => [content, hop, Number(strength.toFixed(4))]),
      [
        ["a", 0, 1],
        ["b", 1, 0.5],
        ["c", 1, 0.1],
        ["d", 2, 0.1],
      ],
      "nodes",
    );
    const link = there(
      links.find(({ from, to }) => from === a && to === b),
      "the link from a to b",
    );
    same([link.type, link.strength, link.by], ["causes", 0.5, "ann"], "the link");
    same((await store.graph(a, { depth: 1 })).nodes.length, 3, "nodes one link away");
    same((await store.graph(a, { limit: 2 })).truncated, true, "a graph that was cut");
    await refused(store.link(a, MemoryId.new()), "E_MEMORY_NOT_FOUND", "a link to nothing");
    await refused(store.link(a, b, { strength: 2 }), "E_INPUT", "a strength above 1");
    await store.link(a, b, { type: "causes", strength: 0.9 });
    same(
      (await store.graph(a, { depth: 1 })).links.filter(({ type }) => type === "causes").length,
      1,
      "links of the type",
    );
    same(await store.unlink(a, b), 1, "unlinked");
    same(await store.unlink(a, b), 0, "unlinked again");
    await store.forget(c);
    same((await store.graph(a)).nodes.length, 1, "nodes when the way is gone");
  },

  "trust is the lowest of the sources, and 'verified' needs evidence": async (store) => {
    const claimed = await store.store({ content: "a claim" });
    const seen = await store.store({ content: "seen", trust: "observed" });
    await refused(store.store({ content: "x", trust: "verified" }), "E_INPUT", "verified without evidence");
    const derived = await store.store({
      content: "derived",
      trust: "verified",
      provenance: { evidence: "e", sources: [seen, claimed] },
    });
    same((await store.get(derived))?.trust, "claimed", "trust of what was derived");
    const checked = await store.store({ content: "c", trust: "verified", provenance: { evidence: "e" } });
    same(
      (await store.update(checked, { content: "another" })).trust,
      "claimed",
      "trust of another statement",
    );
  },

  "an export and an import carry every field and the links": async (store) => {
    const full: MemoryInput = {
      content: "full",
      namespace: "project:a",
      importance: 9,
      confidence: 0.5,
      type: "constraint",
      summary: "s",
      keywords: ["k"],
      tags: ["t"],
      context: "c",
      thread: "th",
      seq: 4,
      actor: "ann",
      occurredAt: "2020-01-01T00:00:00.000Z",
      metadata: { a: [1, { b: null }] },
      trust: "verified",
      provenance: { evidence: "e", agent: "x" },
      expiresAt: "2999-01-01T00:00:00.000Z",
      validFrom: "2020-01-01T00:00:00.000Z",
      validTo: "2998-01-01T00:00:00.000Z",
      idempotencyKey: "key",
    };
    const id = await store.store(full);
    const other = await store.store({ content: "other", namespace: "project:a" });
    await store.update(other, { supersededBy: id });
    await store.link(id, other, { type: "t", strength: 0.25, by: "ann", reason: "r" });
    const before = await recordsOf(store);
    for (const each of [id, other]) await store.forget(each, { hard: true });
    same(await recordsOf(store), [], "records after erasing");
    const lines = before.map((record) => JSON.parse(JSON.stringify(record)) as ImportRecord);
    same(await store.import(lines, { keepTrust: true }), { imported: 3, skipped: 0 }, "imported");
    same(await recordsOf(store), before, "records after the round trip");
    holds((await store.store(full)) === id, "the idempotency key came along");
    same(await store.import(before), { imported: 0, skipped: 3 }, "imported again");
  },
};

async function recordsOf(store: MemoryStore): Promise<readonly ExportRecord[]> {
  const records: ExportRecord[] = [];
  for await (const record of store.export()) records.push(record);
  return records;
}
