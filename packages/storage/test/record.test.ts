import { MemoryId, type ExportRecord } from "@mnemosyne/core";
import { openStorage, type Storage } from "@mnemosyne/storage";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

let storage: Storage;
beforeEach(async () => {
  storage = await openStorage(":memory:");
});
afterEach(async () => {
  await storage.close();
});

const UNKNOWN = "019340a0-7c1e-7a2b-8f00-3d5b6c7d8e9f";

describe("history", () => {
  test("tells every change with who, why and what was before", async () => {
    const id = await storage.store({ content: "one", importance: 3, provenance: { agent: "scout" } });
    await storage.update(id, { content: "two", summary: "s" }, { by: "Ann", reason: "it moved" });
    await storage.update(id, { importance: 9 });
    await storage.forget(id, { by: "Bob", reason: "wrong" });
    await storage.restore(id, { by: "Ann" });
    const history = await storage.history(id);
    expect(
      history.map(({ change, version, by, reason, before }) => ({ change, version, by, reason, before })),
    ).toEqual([
      { change: "stored", version: 1, by: "scout", reason: undefined, before: {} },
      {
        change: "updated",
        version: 2,
        by: "Ann",
        reason: "it moved",
        before: { content: "one", summary: "" },
      },
      { change: "updated", version: 3, by: undefined, reason: undefined, before: { importance: 3 } },
      expect.objectContaining({ change: "forgotten", version: 3, by: "Bob", reason: "wrong" }),
      { change: "restored", version: 4, by: "Ann", reason: undefined, before: {} },
    ]);
    expect(history[3]?.before).toMatchObject({ id, content: "two", importance: 9 });
    expect(await storage.get(id)).toMatchObject({ content: "two", importance: 9, version: 4 });
    expect((await storage.search("two")).map((hit) => hit.id)).toEqual([id]);
  });

  test("of what was never there is empty; a refused change leaves none", async () => {
    expect(await storage.history(UNKNOWN)).toEqual([]);
    const id = await storage.store({ content: "x" });
    await expect(storage.update(id, { content: "y" }, { version: 7 })).rejects.toMatchObject({
      code: "E_VERSION_CONFLICT",
    });
    await expect(storage.update(id, { content: "y" }, { by: "a\nb" })).rejects.toMatchObject({ path: "by" });
    expect(await storage.history(id)).toHaveLength(1);
    await expect(storage.restore(id)).rejects.toMatchObject({ code: "E_MEMORY_NOT_FOUND" });
  });

  test("a forgotten memory whose key was taken since is not brought back over it", async () => {
    const first = await storage.store({ content: "first", idempotencyKey: "k" });
    await storage.forget(first);
    const second = await storage.store({ content: "second", idempotencyKey: "k" });
    expect(second).not.toBe(first);
    await expect(storage.restore(first)).rejects.toMatchObject({ code: "E_CONFLICT" });
    expect((await storage.getStats()).totalMemories).toBe(1);
    await storage.forget(second);
    expect(await storage.restore(first)).toMatchObject({ content: "first" });
    expect(await storage.store({ content: "third", idempotencyKey: "k" })).toBe(first);
  });
});

describe("links", () => {
  async function chain(...names: readonly string[]): Promise<MemoryId[]> {
    const ids: MemoryId[] = [];
    for (const name of names) ids.push(await storage.store({ content: name, namespace: "project:a" }));
    return ids;
  }

  test("the graph gives the true hop and the strongest way, in both directions", async () => {
    const [a = "", b = "", c = "", d = "", e = ""] = await chain("a", "b", "c", "d", "e");
    await storage.link(a, b, { type: "causes", strength: 0.5 });
    await storage.link(b, c, { strength: 0.8 });
    await storage.link(c, d, { strength: 1 });
    await storage.link(d, e);
    // A second, shorter way to d; and a stronger one with as many links.
    await storage.link(d, a, { strength: 0.1, type: "weak" });
    const { nodes, links, truncated } = await storage.graph(a, { depth: 2 });
    expect(nodes.map(({ content, hop, strength }) => [content, hop, Number(strength.toFixed(3))])).toEqual([
      ["a", 0, 1],
      ["b", 1, 0.5],
      ["d", 1, 0.1],
      ["c", 2, 0.4],
      ["e", 2, 0.1],
    ]);
    expect(truncated).toBe(false);
    expect(links).toHaveLength(5);
    expect(links).toContainEqual(expect.objectContaining({ from: a, to: b, type: "causes", strength: 0.5 }));
    expect((await storage.graph(a, { depth: 0 })).nodes.map(({ id }) => id)).toEqual([a]);
    const few = await storage.graph(a, { depth: 2, limit: 2 });
    expect([few.nodes.map(({ content }) => content), few.truncated]).toEqual([["a", "b"], true]);
  });

  test("linking again changes the strength; unlinking takes a type or all; both are in the history", async () => {
    const [a = "", b = ""] = await chain("a", "b");
    await storage.link(a, b, { type: "x", strength: 0.3 });
    await storage.link(a, b, { type: "x", strength: 0.6, by: "Ann", reason: "sure now" });
    await storage.link(a, b, { type: "y" });
    expect((await storage.graph(a)).links.map(({ type, strength, by }) => [type, strength, by])).toEqual([
      ["y", 1, undefined],
      ["x", 0.6, "Ann"],
    ]);
    expect(await storage.unlink(a, b, { type: "x" })).toBe(1);
    expect(await storage.unlink(a, b)).toBe(1);
    expect(await storage.unlink(a, b)).toBe(0);
    expect((await storage.history(a)).map(({ change }) => change)).toEqual([
      "stored",
      "linked",
      "linked",
      "linked",
      "unlinked",
      "unlinked",
    ]);
    expect((await storage.history(a))[2]).toMatchObject({ by: "Ann", before: { to: b, strength: 0.3 } });
    expect((await storage.get(a))?.version).toBe(1);
  });

  test("a graph never leads into a sibling namespace, nor to what is gone", async () => {
    const [a = "", b = ""] = await chain("a", "b");
    const secret = await storage.store({ content: "secret", namespace: "project:other" });
    const session = await storage.store({ content: "session", namespace: "session:a:1" });
    await storage.link(a, secret);
    await storage.link(secret, b);
    await storage.link(a, session);
    expect((await storage.graph(a)).nodes.map(({ content }) => content)).toEqual(["a"]);
    expect((await storage.graph(a)).links).toEqual([]);
    expect((await storage.graph(a, { namespace: "session:a:1" })).nodes).toHaveLength(2);
    await expect(storage.graph(a, { namespace: "project:other" })).rejects.toMatchObject({
      code: "E_MEMORY_NOT_FOUND",
    });
    await storage.link(a, b);
    await storage.forget(b);
    expect((await storage.graph(a)).nodes).toHaveLength(1);
    await storage.restore(b);
    expect((await storage.graph(a)).nodes).toHaveLength(2);
    expect((await storage.graph(undefined, { namespace: "project:a" })).nodes).toHaveLength(2);
  });

  test.each([
    [
      { from: UNKNOWN, to: UNKNOWN },
      { code: "E_INPUT", path: "to" },
    ],
    [
      { from: "x", to: UNKNOWN },
      { code: "E_INPUT", path: "from" },
    ],
    [{ strength: 0 }, { code: "E_INPUT", path: "strength" }],
    [{ strength: 1.5 }, { code: "E_INPUT", path: "strength" }],
    [{ type: "" }, { code: "E_INPUT", path: "type" }],
    [{ to: UNKNOWN }, { code: "E_MEMORY_NOT_FOUND", path: "to" }],
  ])("what cannot be linked is refused: %j", async (given, error) => {
    const [a = "", b = ""] = await chain("a", "b");
    const { from = a, to = b, ...options } = given as { from?: string; to?: string };
    await expect(storage.link(from, to, options)).rejects.toMatchObject(error);
    expect((await storage.graph(a)).links).toEqual([]);
  });
});

describe("supersession and validity", () => {
  test("a superseded memory is found no more, but got with its successor", async () => {
    const old = await storage.store({ content: "the gate opens at nine" });
    const fresh = await storage.store({ content: "the gate opens at ten" });
    await storage.update(old, { supersededBy: fresh }, { by: "Ann" });
    expect((await storage.search("gate")).map(({ id }) => id)).toEqual([fresh]);
    expect((await storage.listRecent()).map(({ id }) => id)).toEqual([fresh]);
    expect(await storage.get(old)).toMatchObject({ supersededBy: fresh, version: 2 });
    expect((await storage.history(old)).at(-1)).toMatchObject({ change: "superseded", by: "Ann" });
    await expect(storage.update(fresh, { supersededBy: old })).rejects.toMatchObject({
      path: "supersededBy",
    });
    await expect(storage.update(fresh, { supersededBy: UNKNOWN })).rejects.toMatchObject({
      code: "E_MEMORY_NOT_FOUND",
    });
    await storage.restore(old);
    expect(await storage.search("gate")).toHaveLength(2);
    expect(await storage.get(old)).not.toHaveProperty("supersededBy");
  });

  test("what is not valid now is found no more, or not yet", async () => {
    const past = await storage.store({
      content: "fair prices",
      validFrom: "2019-01-01",
      validTo: "2020-01-01",
    });
    const future = await storage.store({ content: "fair rules", validFrom: "2999-01-01" });
    const now = await storage.store({ content: "fair play", validFrom: "2020-01-01" });
    expect((await storage.search("fair")).map(({ id }) => id)).toEqual([now]);
    expect((await storage.listRecent()).map(({ id }) => id)).toEqual([now]);
    expect((await storage.get(past))?.validTo).toEqual(new Date("2020-01-01"));
    expect((await storage.get(future))?.validFrom).toEqual(new Date("2999-01-01"));
    await expect(storage.update(now, { validTo: "2010-01-01" })).rejects.toMatchObject({ path: "validTo" });
    await storage.update(past, { validTo: "2999-01-01" });
    expect(await storage.search("fair")).toHaveLength(2);
  });

  test("an expired memory is gone for every call", async () => {
    const id = await storage.store({ content: "brief", expiresAt: new Date(Date.now() + 40) });
    const other = await storage.store({ content: "lasting" });
    await storage.link(other, id);
    await new Promise((resolve) => {
      setTimeout(resolve, 60);
    });
    expect(await storage.get(id)).toBeUndefined();
    await expect(storage.update(id, { content: "x" })).rejects.toMatchObject({ code: "E_MEMORY_NOT_FOUND" });
    await expect(storage.link(other, id)).rejects.toMatchObject({ code: "E_MEMORY_NOT_FOUND" });
    await expect(storage.update(other, { supersededBy: id })).rejects.toMatchObject({
      code: "E_MEMORY_NOT_FOUND",
    });
    expect((await storage.graph(other)).nodes).toHaveLength(1);
    expect(await exported(storage)).toHaveLength(1);
    expect(await storage.forget(id)).toBe(false);
  });
});

describe("trust", () => {
  test("'verified' needs evidence, and ends with the statement that was checked", async () => {
    await expect(storage.store({ content: "x", trust: "verified" })).rejects.toMatchObject({
      code: "E_INPUT",
      path: "trust",
    });
    const id = await storage.store({ content: "x", trust: "verified", provenance: { evidence: "gate-7" } });
    expect(await storage.update(id, { importance: 9 })).toMatchObject({ trust: "verified" });
    expect(await storage.update(id, { content: "y" })).toMatchObject({ trust: "claimed" });
    expect((await storage.history(id)).at(-1)?.before).toEqual({ content: "x", trust: "verified" });
    await expect(storage.update(id, { trust: "verified", provenance: { agent: "a" } })).rejects.toMatchObject(
      { path: "trust" },
    );
  });

  test("is the lowest of the sources", async () => {
    const claimed = await storage.store({ content: "a claim" });
    const observed = await storage.store({ content: "seen", trust: "observed" });
    const from = async (...sources: string[]) => {
      const id = await storage.store({
        content: "derived",
        trust: "verified",
        provenance: { evidence: "e", sources },
      });
      return (await storage.get(id))?.trust;
    };
    expect(await from(observed)).toBe("observed");
    expect(await from(observed, claimed)).toBe("claimed");
    expect(await from(UNKNOWN)).toBe("claimed");
    const [id = ""] = await storage.storeMany([
      { content: "d", trust: "observed", provenance: { sources: [claimed] } },
    ]);
    expect((await storage.get(id))?.trust).toBe("claimed");
  });
});

describe("exports and imports of links", () => {
  test("a large import shows memories and links at once, or neither", async () => {
    const ids = Array.from({ length: 600 }, () => MemoryId.new());
    const memories = ids.map((id, index) => ({ id, content: `node ${index}` }));
    const links = ids.slice(1).map((to, index) => ({ link: { from: ids[index] ?? "", to, strength: 0.5 } }));
    await expect(
      storage.import([...memories, ...links, { link: { from: ids[0] ?? "", to: UNKNOWN } }]),
    ).rejects.toMatchObject({ code: "E_MEMORY_NOT_FOUND" });
    expect((await storage.getStats()).totalMemories).toBe(0);
    expect((await storage.graph(undefined)).links).toEqual([]);
    expect(await storage.import([...links, ...memories])).toEqual({ imported: 1199, skipped: 0 });
    expect((await storage.graph(ids[0], { depth: 3 })).nodes.map(({ hop }) => hop)).toEqual([0, 1, 2, 3]);
    expect(await storage.import([...memories, ...links])).toEqual({ imported: 0, skipped: 1199 });
    const stronger = links.map(({ link }) => ({ link: { ...link, strength: 1 } }));
    await expect(storage.import(stronger)).rejects.toMatchObject({ code: "E_CONFLICT" });
    expect(await storage.import(stronger, { onConflict: "replace" })).toEqual({ imported: 599, skipped: 0 });
    expect((await storage.graph(ids[0])).links.map(({ strength }) => strength)).toEqual([1, 1]);
  });

  test("a namespace's export has only its own links", async () => {
    const a = await storage.store({ content: "a", namespace: "project:a" });
    const b = await storage.store({ content: "b", namespace: "project:a" });
    const c = await storage.store({ content: "c" });
    await storage.link(a, b);
    await storage.link(b, c);
    expect((await exported(storage, "project:a")).filter(({ link }) => link !== undefined)).toHaveLength(1);
    expect((await exported(storage)).filter(({ link }) => link !== undefined)).toHaveLength(2);
  });
});

async function exported(from: Storage, namespace?: "project:a"): Promise<readonly ExportRecord[]> {
  const records: ExportRecord[] = [];
  for await (const record of from.export(namespace === undefined ? {} : { namespace })) records.push(record);
  return records;
}
