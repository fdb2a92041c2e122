import type { Embedder } from "@mnemosyne/core";
import { openStorage, type Storage } from "@mnemosyne/storage";
import Database from "libsql";
import { afterEach, describe, expect, test } from "vitest";
import { conceptEmbedder } from "./support/concept-embedder.ts";
import { databases } from "./support/folder.ts";
import { serveHrana } from "./support/hrana-server.ts";

const { fresh } = databases();
const opened: Storage[] = [];

afterEach(async () => {
  for (const storage of opened.splice(0)) await storage.close();
});

async function open(url: string, embedder?: Embedder, vectorMemory?: number): Promise<Storage> {
  const storage = await openStorage({
    url,
    ...(embedder === undefined ? {} : { embedder }),
    ...(vectorMemory === undefined ? {} : { vectorMemory }),
  });
  opened.push(storage);
  return storage;
}

const contents = async (storage: Storage, query: string, options = {}): Promise<readonly string[]> =>
  (await storage.search(query, options)).map(({ content }) => content);

describe("meaning", () => {
  test("what means the same is found, and hits say what found them", async () => {
    const storage = await open(":memory:", conceptEmbedder());
    const plain = await open(":memory:");
    for (const each of [storage, plain])
      await each.storeMany([
        { content: "She bought an automobile" },
        { content: "The doctor was joyful" },
        { content: "nothing of this is known" },
      ]);
    const [hit] = await storage.search("vehicle", { explain: true });
    expect(hit).toMatchObject({ content: "She bought an automobile", foundBy: "meaning" });
    expect(hit?.parts?.["meaning"]).toBeGreaterThan(0);
    const sum = Object.values(hit?.parts ?? {}).reduce((total, part) => total + part, 0);
    expect(hit?.score).toBeCloseTo(sum, 10);
    expect((await storage.search("automobile"))[0]?.foundBy).toBe("both");
    expect((await storage.search("nothing known"))[0]?.foundBy).toBe("words");
    expect(await contents(plain, "vehicle")).toEqual([]);
    expect((await plain.search("automobile"))[0]?.foundBy).toBe("words");
    expect((await storage.getStats()).vectors).toMatchObject({
      embedder: "concepts@1",
      present: 3,
      missing: 0,
    });
    expect(await plain.getStats()).not.toHaveProperty("vectors");
  });

  test("the scan is exact: with all the weight on likeness the order is that of the cosine", async () => {
    const dimensions = 50;
    let state = 7;
    const random = (): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
      return state / 0x7fffffff - 0.5;
    };
    const known = new Map<string, Float32Array>();
    const embedder: Embedder = {
      id: "random@1",
      dimensions,
      weight: 1,
      embed: (texts) =>
        Promise.resolve(
          texts.map((text) => {
            const vector = known.get(text) ?? Float32Array.from({ length: dimensions }, random);
            known.set(text, vector);
            return vector;
          }),
        ),
    };
    const storage = await open(":memory:", embedder);
    const createdAt = new Date("2020-01-01");
    const inputs = Array.from({ length: 700 }, (_, number) => ({ content: `number${number}`, createdAt }));
    await storage.storeMany(inputs);
    const cosine = (a: Float32Array, b: Float32Array): number =>
      a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0) / Math.hypot(...a) / Math.hypot(...b);
    let common = 0;
    for (let round = 0; round < 10; round++) {
      const query = `query ${round}`;
      const found = await contents(storage, query);
      const asked = known.get(query) as Float32Array;
      const exact = inputs
        .map(({ content }) => [content, cosine(asked, known.get(content) as Float32Array)] as const)
        .toSorted((a, b) => b[1] - a[1])
        .slice(0, 10)
        .map(([content]) => content);
      const expected = new Set(exact);
      common += found.filter((content) => expected.has(content)).length;
    }
    expect(common).toBeGreaterThanOrEqual(95);
  });

  test("what was said before in a thread counts, and changes when that does", async () => {
    const storage = await open(":memory:", conceptEmbedder());
    const asked = await storage.store({ content: "Where is the automobile?", thread: "t" });
    await storage.store({ content: "Behind it.", thread: "t" });
    await storage.store({ content: "Behind it, elsewhere.", thread: "other" });
    expect((await contents(storage, "vehicle")).toSorted()).toEqual([
      "Behind it.",
      "Where is the automobile?",
    ]);
    await storage.update(asked, { content: "Where is the physician?" });
    expect(await contents(storage, "vehicle")).toEqual([]);
    expect((await contents(storage, "doctor")).toSorted()).toEqual(["Behind it.", "Where is the physician?"]);
    await storage.forget(asked);
    expect(await contents(storage, "medic")).toEqual([]);
    await storage.restore(asked);
    expect(await contents(storage, "medic")).toContain("Where is the physician?");
  });

  test("filters, time and namespaces hold for it too", async () => {
    const storage = await open(":memory:", conceptEmbedder());
    await storage.storeMany([
      ...Array.from({ length: 900 }, (_, number) => ({
        content: `car number ${number}`,
        namespace: "project:a",
      })),
      { content: "home by automobile", namespace: "project:a", tags: ["rare"], importance: 9 },
      { content: "automobile of b", namespace: "project:b" },
      { content: "automobile of all" },
      { content: "automobile of old", namespace: "project:a", expiresAt: "2021-01-01" },
      { content: "automobile of run", namespace: "project:a", pendingRun: "run-1" },
    ]);
    const within = { namespace: "project:a", limit: 5 };
    expect(await contents(storage, "vehicle", { ...within, tags: ["rare"] })).toEqual(["home by automobile"]);
    expect(await contents(storage, "vehicle", { ...within, minImportance: 9 })).toEqual([
      "home by automobile",
    ]);
    const all = await storage.search("vehicle", { namespace: "project:a", limit: 1000 });
    expect(all).toHaveLength(902);
    expect(new Set(all.map(({ namespace }) => namespace))).toEqual(new Set(["project:a", "global"]));
    expect((await contents(storage, "vehicle", { namespace: "session:b:1" })).toSorted()).toEqual([
      "automobile of all",
      "automobile of b",
    ]);
  });
});

describe("an embedder that fails", () => {
  test("loses no memory: it is stored, found by words, counted, and reindexed later", async () => {
    const { url, file } = fresh();
    const embedder = conceptEmbedder();
    const storage = await open(url, embedder);
    await storage.store({ content: "a car before" });
    embedder.broken = true;
    const id = await storage.store({ content: "the automobile meanwhile" });
    await storage.storeMany([{ content: "one dwelling" }, { content: "another dwelling" }]);
    expect(await contents(storage, "automobile")).toEqual(["the automobile meanwhile"]);
    const { vectors } = await storage.getStats();
    expect(vectors).toMatchObject({ present: 1, missing: 3, failures: 3, lastFailure: "the model is away" });
    await expect(storage.reindex()).rejects.toThrow("the model is away");
    embedder.broken = false;
    expect(await contents(storage, "vehicle")).toEqual(["a car before"]);
    const seen: number[] = [];
    expect(await storage.reindex({ onProgress: ({ done }) => seen.push(done) })).toEqual({
      done: 3,
      total: 3,
    });
    expect(seen).toEqual([3]);
    expect((await storage.getStats()).vectors).toMatchObject({ present: 4, missing: 0 });
    expect(await contents(storage, "vehicle")).toContain("the automobile meanwhile");
    expect(await storage.reindex()).toEqual({ done: 0, total: 0 });
    embedder.broken = true;
    await storage.update(id, { content: "the physician now" });
    embedder.broken = false;
    expect(await contents(storage, "vehicle")).toEqual(["a car before"]);
    await storage.close();
    expect(integrity(file)).toBe("ok");
  });

  test.each([
    ["too few dimensions", new Float32Array(3).fill(1)],
    ["a number that is not finite", new Float32Array(24).fill(Number.NaN)],
  ])("one that gives %s counts as failed", async (_what, vector) => {
    const good = conceptEmbedder();
    const storage = await open(":memory:", {
      ...good,
      embed: (texts) => Promise.resolve(texts.map(() => vector)),
    });
    await storage.store({ content: "a car" });
    expect(await contents(storage, "car")).toEqual(["a car"]);
    expect((await storage.getStats()).vectors).toMatchObject({ present: 0, missing: 1, failures: 2 });
  });

  test("a vector of zeros is stored as none", async () => {
    const { url, file } = fresh();
    const zeros = {
      ...conceptEmbedder(),
      embed: (texts: readonly string[]) => Promise.resolve(texts.map(() => new Float32Array(24))),
    };
    const storage = await open(url, zeros);
    await storage.store({ content: "a car" });
    expect((await storage.search("car"))[0]?.foundBy).toBe("words");
    await storage.close();
    const database = new Database(file);
    expect(database.prepare("SELECT vector FROM memory_vectors").raw(true).all([])).toEqual([[null]]);
    database.close();
  });

  test("a search that is given up ends, also while the embedder works", async () => {
    const storage = await open(":memory:", {
      ...conceptEmbedder(),
      embed: (_texts, options) =>
        new Promise((_resolve, reject) => {
          options?.signal?.addEventListener("abort", () => reject(new Error("cancelled")));
        }),
    });
    await expect(storage.search("car", { signal: AbortSignal.timeout(20) })).rejects.toMatchObject({
      name: "TimeoutError",
    });
  });
});

describe("several at one database", () => {
  test("spaces never mix: what another embedder has stored is found by words until it is reindexed", async () => {
    const { url } = fresh();
    const first = await open(url, conceptEmbedder({ id: "first@1" }));
    const second = await open(url, conceptEmbedder({ id: "second@1", dimensions: 40 }));
    await first.store({ content: "an automobile of the first" });
    await second.store({ content: "an automobile of the second" });
    expect(await contents(first, "vehicle")).toEqual(["an automobile of the first"]);
    expect(await contents(second, "vehicle")).toEqual(["an automobile of the second"]);
    expect(await contents(second, "automobile")).toHaveLength(2);
    expect((await second.getStats()).vectors).toMatchObject({ present: 1, missing: 1 });
    expect(await second.reindex()).toEqual({ done: 1, total: 1 });
    expect(await contents(second, "vehicle")).toHaveLength(2);
    expect(await contents(first, "vehicle")).toEqual([]);
    await expect(open(url, conceptEmbedder({ id: "first@1", dimensions: 40 }))).rejects.toMatchObject({
      code: "E_INPUT",
      path: "embedder.id",
    });
  });

  test("each sees at once what another has stored, changed and forgotten", async () => {
    const { url } = fresh();
    const a = await open(url, conceptEmbedder());
    const b = await open(url, conceptEmbedder());
    const plain = await open(url);
    await a.store({ content: "a car" });
    expect(await contents(a, "vehicle")).toEqual(["a car"]);
    const id = await b.store({ content: "a second automobile" });
    expect(await contents(a, "vehicle")).toHaveLength(2);
    await b.update(id, { content: "a physician" });
    expect(await contents(a, "vehicle")).toEqual(["a car"]);
    expect(await contents(a, "doctor")).toEqual(["a physician"]);
    await plain.update(id, { content: "an ocean" });
    expect(await contents(a, "doctor")).toEqual([]);
    expect(await contents(a, "sea")).toEqual([]);
    await b.reindex();
    expect(await contents(a, "sea")).toEqual(["an ocean"]);
    await b.forget(id);
    expect(await contents(a, "sea")).toEqual([]);
  });

  test("who slept while the changes were pruned reads everything anew", async () => {
    const { url, file } = fresh();
    const a = await open(url, conceptEmbedder());
    const b = await open(url, conceptEmbedder());
    const ids = await b.storeMany([
      { content: "a car" },
      { content: "an automobile" },
      { content: "a home" },
    ]);
    expect(await contents(a, "vehicle")).toHaveLength(2);
    await b.update(ids[0] ?? "", { content: "an ocean" });
    await b.forget(ids[1] ?? "");
    const database = new Database(file, { timeout: 2000 });
    expect(database.prepare("SELECT count(*) FROM vector_changes").raw(true).get([])).not.toContain(0);
    database.exec("DELETE FROM vector_changes");
    database.close();
    expect(await contents(a, "vehicle")).toEqual([]);
    expect(await contents(a, "sea")).toEqual(["an ocean"]);
    await b.update(ids[2] ?? "", { content: "a bug" });
    expect(await contents(a, "defect")).toEqual(["a bug"]);
    expect(await contents(a, "dwelling")).toEqual([]);
  });

  test("with a database behind a server", async () => {
    const { file } = fresh();
    const server = await serveHrana(file);
    try {
      const a = await open(server.url, conceptEmbedder());
      const b = await open(server.url, conceptEmbedder());
      const id = await a.store({ content: "an automobile", thread: "t" });
      await a.store({ content: "over there", thread: "t" });
      expect((await contents(b, "vehicle")).toSorted()).toEqual(["an automobile", "over there"]);
      await a.update(id, { content: "a medic" });
      expect(await contents(b, "vehicle")).toEqual([]);
      expect(await contents(b, "doctor")).toHaveLength(2);
      await Promise.all([
        ...Array.from({ length: 3 }, (_, number) => b.store({ content: `car ${number}` })),
        a.search("vehicle"),
        a.search("doctor"),
      ]);
      expect((await contents(a, "vehicle")).toSorted()).toEqual(["car 0", "car 1", "car 2"]);
      for (const storage of opened.splice(0)) await storage.close();
    } finally {
      await server.close();
    }
  });
});

describe("many", () => {
  test("a large batch has all its vectors, and gaps of the loop stay short", async () => {
    const storage = await open(":memory:", conceptEmbedder());
    await storage.storeMany(
      Array.from({ length: 1500 }, (_, number) => ({
        content: number === 1200 ? "the physician" : `car ${number}`,
        thread: `t${number % 7}`,
      })),
    );
    expect((await storage.getStats()).vectors).toMatchObject({ present: 1500, missing: 0, failures: 0 });
    expect((await contents(storage, "doctor"))[0]).toBe("the physician");
  });

  test("reindexing can be given up, and goes on where it was", async () => {
    const { url } = fresh();
    const plain = await open(url);
    await plain.storeMany(Array.from({ length: 200 }, (_, number) => ({ content: `car ${number}` })));
    const storage = await open(url, conceptEmbedder());
    const controller = new AbortController();
    await expect(
      storage.reindex({ signal: controller.signal, onProgress: () => controller.abort() }),
    ).rejects.toMatchObject({ name: "AbortError" });
    const { vectors } = await storage.getStats();
    expect(vectors?.present).toBeGreaterThan(0);
    expect(vectors?.missing).toBeGreaterThan(0);
    expect(await storage.reindex()).toEqual({ done: vectors?.missing, total: vectors?.missing });
    await expect(plain.reindex()).rejects.toMatchObject({ code: "E_INPUT", path: "embedder" });
  });

  test("vectors that do not fit into memory only rank what the words found", async () => {
    const storage = await open(":memory:", conceptEmbedder(), 5000);
    await storage.storeMany([
      { content: "the automobile of the house", importance: 5 },
      { content: "the automobile of the house by the sea", importance: 5 },
    ]);
    const hits = await storage.search("house deep", { explain: true });
    expect(hits[0]?.content).toContain("sea");
    expect(await contents(storage, "vehicle")).toHaveLength(2);
    await storage.storeMany(Array.from({ length: 300 }, (_, number) => ({ content: `bug ${number}` })));
    expect(await contents(storage, "vehicle")).toEqual([]);
    const ranked = await storage.search("house deep", { explain: true });
    expect(ranked[0]).toMatchObject({ foundBy: "both", content: "the automobile of the house by the sea" });
    expect(ranked[0]?.parts?.["meaning"]).toBeGreaterThan(0);
  });
});

function integrity(file: string): unknown {
  const database = new Database(file);
  try {
    return (database.prepare("PRAGMA integrity_check").raw(true).get([]) as unknown[])[0];
  } finally {
    database.close();
  }
}
