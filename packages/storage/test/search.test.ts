import { Namespace, type SearchOptions } from "@mnemosyne/core";
import { openStorage, type SearchLanguage, type Storage } from "@mnemosyne/storage";
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
  const isRefusal = (error: unknown): boolean => (error as { code?: string }).code === "E_INPUT";

  test("10,000 random ones as query, content, tag and namespace: no error but a refusal, no hit of another namespace", async () => {
    const own = await openStorage(":memory:");
    const name = text.map((value) => `project:${value}`);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(text, text, name), { minLength: 25, maxLength: 25 }),
        fc.array(text, { minLength: 25, maxLength: 25 }),
        async (stored, queries) => {
          const known = new Map<string, { readonly content: string; readonly namespace: string }>();
          const inputs = stored.map(([content, tag, namespace]) => ({ content, tags: [tag], namespace }));
          const outcomes = await Promise.allSettled(inputs.map((input) => own.store(input)));
          for (const [index, outcome] of outcomes.entries()) {
            const input = inputs[index];
            if (outcome.status === "rejected") expect(isRefusal(outcome.reason)).toBe(true);
            else if (input !== undefined) known.set(outcome.value, input);
          }
          for (const [id, { content, namespace }] of known) {
            const memory = await own.get(id);
            expect(memory).toMatchObject({ content, namespace });
          }
          const spaces = [...known.values()].map(({ namespace }) => namespace);
          for (const [index, query] of queries.entries()) {
            const namespace = spaces[index % Math.max(1, spaces.length)] ?? "global";
            for (const hit of await own.search(query, { namespace, limit: 3 }))
              expect([namespace, "global"]).toContain(hit.namespace);
          }
        },
      ),
      { numRuns: 100 },
    );
    await own.close();
  }, 60_000);

  test("random texts are found by their own words", async () => {
    let number = 0;
    await fc.assert(
      fc.asyncProperty(text, async (query) => {
        if (query === "") return;
        const id = await storage.store({ content: query, namespace: `session:fuzz:${++number}` });
        const hits = await storage.search(query, { namespace: `session:fuzz:${number}`, limit: 1000 });
        // NEAR is the one piece that is certain to be a word that says something.
        const certain = /\bNEAR\b/.test(query);
        expect(!certain || hits.some((hit) => hit.id === id)).toBe(true);
      }),
      { numRuns: 300 },
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

  test.each([
    ["They bought a boat", "buy"],
    ["They will buy a boat", "bought"],
    ["The children took part", "which child takes part"],
    ["She has Written it", "WROTE"],
  ])("'%s' is found by '%s', another form of its word", async (content, query) => {
    const own = await openStorage(":memory:");
    const id = await own.store({ content });
    expect((await own.search(query)).map((hit) => hit.id)).toEqual([id]);
    await own.close();
  });

  test("another language's words replace the English ones", async () => {
    const german: SearchLanguage = {
      name: "de",
      stopWords: ["der", "die", "das", "wann", "hat", "für"],
      forms: [
        ["gehen", "ging", "gegangen"],
        ["haus", "häuser"],
      ],
      time: /\b(?:gestern|heute|morgen)\b/i,
      asksForTime: /\bwann\b/i,
      months: "Januar Februar März April Mai Juni Juli August September Oktober November Dezember".split(" "),
    };
    const own = await openStorage({ url: ":memory:", language: german });
    await own.store({ content: "Er ging gestern", occurredAt: "2024-03-05" });
    await own.store({ content: "Er ging fort dahin", occurredAt: "2024-04-05" });
    await own.store({ content: "viele Häuser" });
    expect((await own.search("wann gehen", { explain: true }))[0]).toMatchObject({
      content: "Er ging gestern",
    });
    expect((await own.search("wann gehen", { explain: true }))[0]?.parts).toHaveProperty("time");
    expect((await own.search("Haus")).map(({ content }) => content)).toEqual(["viele Häuser"]);
    expect((await own.search("März")).map(({ content }) => content)).toEqual(["Er ging gestern"]);
    expect(await own.search("für das")).toEqual([]);
    await own.close();
    await expect(openStorage({ url: ":memory:", language: { ...german, time: /x/g } })).rejects.toMatchObject(
      { code: "E_INPUT", path: "language.time" },
    );
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

  test("a name counts as who said it, and is still found as what was said", async () => {
    const own = await openStorage(":memory:");
    await own.store({ content: "I like sailing", actor: "Ann Lee" });
    await own.store({ content: "sailing with friends", actor: "Bo" });
    await own.store({ content: "Ann Lee won the cup" });
    const hits = await own.search("does Ann Lee like sailing?", { explain: true });
    expect(hits.map(({ content }) => content)).toEqual([
      "I like sailing",
      "sailing with friends",
      "Ann Lee won the cup",
    ]);
    expect(hits[0]?.parts).toHaveProperty("actor");
    expect((await own.search("Ann Lee")).map(({ content }) => content).toSorted()).toEqual([
      "Ann Lee won the cup",
      "I like sailing",
    ]);
    await own.close();
  });

  test("as of a moment: what had happened and held then", async () => {
    const own = await openStorage(":memory:");
    await own.store({ content: "the heron flew", occurredAt: "2020-01-01" });
    await own.store({ content: "the heron slept", occurredAt: "2022-01-01", expiresAt: "2023-01-01" });
    await own.store({ content: "the heron of today" });
    const asOf = async (moment: string): Promise<readonly string[]> =>
      (await own.search("heron", { asOf: moment })).map(({ content }) => content).toSorted();
    expect(await asOf("2019-01-01")).toEqual([]);
    expect(await asOf("2021-01-01")).toEqual(["the heron flew"]);
    expect(await asOf("2022-06-01")).toEqual(["the heron flew", "the heron slept"]);
    expect(await asOf("2024-01-01")).toEqual(["the heron flew"]);
    expect(await own.search("heron")).toHaveLength(2);
    await expect(own.search("heron", { asOf: "yesterday" })).rejects.toMatchObject({ path: "asOf" });
    await own.close();
  });

  test("the commonest words of a large store are found quickly, and nearly as well", async () => {
    const own = await openStorage({ url: ":memory:" });
    const common = ["plover", "dunlin", "knot"];
    await own.storeMany(
      Array.from({ length: 21_000 }, (_, number) => ({
        content: `${common.filter((_word, index) => (number >> index) % 2 === 0).join(" ")} n${number}${number === 10_500 ? " rarity plover dunlin knot" : ""}`,
      })),
    );
    const [best] = await own.search("plover dunlin knot rarity");
    expect(best?.content).toContain("rarity");
    expect(await own.search("plover dunlin knot")).toHaveLength(10);
    for (const hit of await own.search("plover dunlin knot"))
      expect(hit.content).toContain("plover dunlin knot");
    expect(await own.search("rarity plover", { limit: 20 })).toHaveLength(20);
    expect(await own.search("knot")).toHaveLength(10);
    expect(await own.search("plover knot", { types: ["none"] })).toEqual([]);
    await own.close();
  }, 60_000);

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
