import { Namespace, type SearchOptions } from "@mnemosyne/core";
import { openStorage, type Storage } from "@mnemosyne/storage";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

let storage: Storage;

beforeAll(async () => {
  storage = await openStorage(":memory:");
});

afterAll(async () => {
  await storage.close();
});

const contents = async (query: string, options?: SearchOptions): Promise<readonly string[]> =>
  (await storage.search(query, options)).map(({ content }) => content);

describe("any text is a legal query", () => {
  const HOSTILE = [
    "",
    " ",
    '"',
    '""""',
    "'; DROP TABLE memories; --",
    "a AND",
    "NOT",
    "NEAR(a b, 3)",
    "content : x",
    "{content meta} : x",
    "^a",
    "a*",
    "*",
    "a + b",
    "(((",
    ")",
    "a\u0000b",
    "\u0000",
    "\ud800",
    "\udfff\ud800 x",
    "🙂",
    "👩‍👩‍👧‍👦 family",
    "漢字かな交じり文",
    "สวัสดีชาวโลก",
    "é",
    "e\u0301",
    "ﬁne ﬀ",
    "İstanbul ı",
    "Ⅷ ²",
    "a\u00adb",
    "\u202eabc",
    "x".repeat(20_000),
    "word ".repeat(5000),
    "OR OR OR",
    "AND OR NOT",
    "-a",
    "a-b-c",
    "a:b",
    "a.b/c\\d",
    "%_[]",
    "?",
    "$1 :name @x",
    "\n\t\r",
    "\u2028",
    "fts5 rank bm25(memory_text)",
  ];

  test("hostile ones", async () => {
    await storage.store({ content: "a b x word" });
    for (const query of HOSTILE) expect(await storage.search(query)).toBeInstanceOf(Array);
  });

  test("2,400 random ones, and what was stored is found by its own words", async () => {
    const piece = fc.oneof(
      fc.string({ unit: "binary", maxLength: 30 }),
      fc.string({ unit: "grapheme", maxLength: 30 }),
      fc.constantFrom(
        '"',
        "'",
        "*",
        "(",
        ")",
        " AND ",
        " OR ",
        " NOT ",
        "NEAR",
        ":",
        "^",
        "\0",
        "\ud83d",
        "漢",
        "ス",
      ),
    );
    const text = fc.array(piece, { minLength: 1, maxLength: 6 }).map((parts) => parts.join(""));
    let number = 0;
    await fc.assert(
      fc.asyncProperty(text, async (query) => {
        await storage.search(query, { limit: 3 });
        if (query === "") return;
        const id = await storage.store({ content: query, namespace: `session:fuzz:${++number}` });
        expect((await storage.get(id))?.content).toBe(query);
        const hits = await storage.search(query, { namespace: `session:fuzz:${number}`, limit: 1000 });
        // NEAR is the one piece that is certain to be a word that says something.
        const certain = /\bNEAR\b/.test(query);
        expect(!certain || hits.some((hit) => hit.id === id)).toBe(true);
      }),
      { numRuns: 700 },
    );
    await fc.assert(
      fc.asyncProperty(text, async (query) => {
        expect((await storage.search(query)).length).toBeLessThanOrEqual(10);
      }),
      { numRuns: 1700 },
    );
  }, 60_000);
});

describe("languages", () => {
  const namespace = "project:languages";
  const options = { namespace };

  test.each([
    ["我们在星期五部署新版本", "部署"],
    ["我们在星期五部署新版本", "版"],
    ["東京タワーに行きました", "タワー"],
    ["本番環境はベルリンにあります", "ベルリン"],
    ["배포는 금요일에 합니다", "금요일에"],
    ["Deployment läuft über Zürich", "zurich"],
    ["фестиваль в Москве", "москве"],
    ["สวัสดีชาวโลก", "ชาวโลก"],
    ["the ﬁle was ﬂagged", "file flagged"],
    ["naïve café", "naive cafe"],
    ["Running the migrations", "migration runs"],
    ["getUserById returns null", "getUserById"],
    ["error E_STORAGE_BUSY in v2.10.3", "E_STORAGE_BUSY"],
  ])("'%s' is found by '%s'", async (content, query) => {
    const id = await storage.store({ content, namespace });
    expect((await storage.search(query, options)).map((hit) => hit.id)).toContain(id);
  });

  test("words that only look alike are not found", async () => {
    expect(await contents("東北", options)).toEqual([]);
    expect(await contents("zzz qqq", options)).toEqual([]);
  });
});

describe("namespaces", () => {
  test("a search sees its own namespace and what it inherits, never a sibling or one whose name begins alike", async () => {
    const names = ["app", "app2", "ap", "app-x", "App", "global", "session", "app%", "a_p", "app.", "*"];
    const spaces: Namespace[] = [
      Namespace.global(),
      ...names.map((name) => Namespace.project(name)),
      ...names.flatMap((project) => ["s1", "s12", "app", "*"].map((id) => Namespace.session(project, id))),
    ];
    const own = await openStorage(":memory:");
    for (const space of spaces)
      await own.storeMany(
        Array.from({ length: 3 }, (_, number) => ({
          content: `walrus ${number} lives in ${space.replaceAll(":", " ")}`,
          namespace: space,
          importance: 1 + number,
          thread: "shared-name",
          tags: ["shared"],
          actor: "walrus",
        })),
      );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...spaces),
        fc.record(
          {
            limit: fc.constantFrom(1, 5, 1000),
            minImportance: fc.constantFrom(1, 2),
            tags: fc.constant(["shared"]),
            thread: fc.constant("shared-name"),
            include: fc.constant({ neighbours: 2 }),
          },
          { requiredKeys: [] },
        ),
        async (space, options) => {
          const visible = new Set<string>(Namespace.visible(space));
          const hits = await own.search("walrus app global session", { namespace: space, ...options });
          expect(hits.length).toBeGreaterThan(0);
          for (const hit of hits) {
            expect(visible.has(hit.namespace)).toBe(true);
            for (const neighbour of hit.neighbours ?? []) expect(neighbour.namespace).toBe(hit.namespace);
          }
          const per = options.minImportance === 2 ? 2 : 3;
          expect(hits).toHaveLength(Math.min(options.limit ?? 10, visible.size * per));
          const listed = await own.listRecent({ namespace: space, limit: 1000 });
          expect(listed).toHaveLength(visible.size * 3);
          for (const memory of listed) expect(visible.has(memory.namespace)).toBe(true);
          const stats = await own.getStats({ namespace: space });
          expect(Object.keys(stats.byNamespace).toSorted()).toEqual([...visible].toSorted());
        },
      ),
      { numRuns: 250 },
    );
    const exported: string[] = [];
    for await (const record of own.export({ namespace: "project:app" }))
      if (record.link === undefined) exported.push(record.namespace);
    expect(exported).toEqual(["project:app", "project:app", "project:app"]);
    await own.close();
  }, 60_000);

  test("a small namespace is found in full however many others match better", async () => {
    const own = await openStorage(":memory:");
    await own.storeMany(
      Array.from({ length: 600 }, (_, number) => ({
        content: `heron heron heron ${number}`,
        namespace: "project:big",
      })),
    );
    await own.storeMany(
      Array.from({ length: 12 }, (_, number) => ({
        content: `a long text about many other things in which the heron is named but once, number ${number}`,
        namespace: "project:small",
      })),
    );
    for (let round = 0; round < 3; round++)
      expect(await own.search("heron", { namespace: "project:small", limit: 50 })).toHaveLength(12);
    expect(await own.search("heron", { namespace: "project:big" })).toHaveLength(10);
    await own.close();
  });
});

describe("ranking", () => {
  test("filters do not use up the limit", async () => {
    const own = await openStorage(":memory:");
    await own.storeMany(
      Array.from({ length: 400 }, (_, number) => ({
        content: `osprey ${number}`,
        importance: number % 100 === 0 ? 9 : 2,
        type: number % 80 === 0 ? "constraint" : "insight",
        tags: number % 50 === 0 ? ["x", "y"] : ["x"],
        ...(number % 40 === 0 ? { thread: "t" } : {}),
      })),
    );
    expect(await own.search("osprey", { minImportance: 9 })).toHaveLength(4);
    expect(await own.search("osprey", { types: ["constraint", "none"] })).toHaveLength(5);
    expect(await own.search("osprey", { tags: ["y", "x"] })).toHaveLength(8);
    expect(await own.search("osprey", { tags: ["y", "z"] })).toHaveLength(0);
    expect(await own.search("osprey", { thread: "t", limit: 100 })).toHaveLength(10);
    expect(await own.search("osprey", { limit: 1000 })).toHaveLength(400);
    await own.close();
  });

  test("the parts of a score add up to it, and decide among equals", async () => {
    const own = await openStorage(":memory:");
    const old = new Date(Date.now() - 400 * 86_400_000);
    await own.store({ content: "puffin colony", importance: 2, createdAt: old });
    await own.store({ content: "puffin colony", importance: 9, createdAt: old });
    await own.store({ content: "puffin colony", importance: 9 });
    await own.store({ content: "puffin colony?", importance: 9 });
    const hits = await own.search("puffin colony", { explain: true });
    expect(hits.map(({ importance, content }) => [importance, content])).toEqual([
      [9, "puffin colony"],
      [9, "puffin colony?"],
      [9, "puffin colony"],
      [2, "puffin colony"],
    ]);
    for (const hit of hits) {
      const sum = Object.values(hit.parts ?? {}).reduce((total, part) => total + part, 0);
      expect(hit.score).toBeCloseTo(sum, 10);
    }
    expect(Object.keys(hits[1]?.parts ?? {})).toEqual(["text", "question", "recency", "importance"]);
    expect((await own.search("puffin"))[0]).not.toHaveProperty("parts");
    await own.close();
  });

  test("who is named, and when, counts", async () => {
    const own = await openStorage(":memory:");
    await own.store({ content: "I adopted a dog from the shelter", actor: "Maria" });
    await own.store({ content: "I adopted a dog from the shelter", actor: "Jonas" });
    await own.store({ content: "adopted a dog last week", actor: "Jonas" });
    expect((await own.search("Which dog did Maria adopt?"))[0]?.actor).toBe("Maria");
    expect((await own.search("When was the dog adopted?", { explain: true }))[0]?.parts).toHaveProperty(
      "time",
    );
    await own.close();
  });

  test("equal matches come in the same order every time, newest first", async () => {
    const own = await openStorage(":memory:");
    const at = new Date("2024-01-01");
    for (let number = 0; number < 20; number++)
      await own.store({ content: "gannet", createdAt: at, summary: "" });
    const first = (await own.search("gannet", { limit: 20 })).map((hit) => hit.id);
    for (let round = 0; round < 3; round++)
      expect((await own.search("gannet", { limit: 20 })).map((hit) => hit.id)).toEqual(first);
    const listed = (await own.listRecent({ limit: 20 })).map((memory) => memory.id);
    expect(listed).toEqual(first);
    await own.close();
  });

  test("what was said before in a thread helps to find what follows, and goes when it is forgotten", async () => {
    const own = await openStorage(":memory:");
    const asked = await own.store({
      content: "Which city hosts the albatross exhibition?",
      thread: "t",
      seq: 1,
    });
    const answer = await own.store({ content: "Lisbon, until March.", thread: "t", seq: 2 });
    await own.store({ content: "Lisbon has trams.", thread: "other", seq: 1 });
    expect((await own.search("albatross exhibition")).map((hit) => hit.id)).toEqual([asked, answer]);
    const [hit] = await own.search("albatross", { include: { neighbours: 1 }, limit: 1 });
    expect(hit?.neighbours?.map(({ id }) => id)).toEqual([answer]);
    await own.update(asked, { content: "Which city hosts the pelican exhibition?" });
    expect(await own.search("albatross")).toEqual([]);
    expect((await own.search("pelican")).map((hit) => hit.id)).toEqual([asked, answer]);
    await own.forget(asked);
    expect(await own.search("pelican")).toEqual([]);
    expect(await own.search("lisbon")).toHaveLength(2);
    await own.close();
  });

  test("a search can be given up", async () => {
    await expect(storage.search("x", { signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: "AbortError",
    });
  });
});
