import type { MemoryInput, MemoryStore } from "@mnemosyne/core";
import { holds, refused, same, there, type Checks } from "./check.ts";

/** Texts that a query language would trip over. */
const QUERIES = [
  "",
  " ",
  '"',
  '"unclosed',
  "'; DROP TABLE memories; --",
  "AND OR NOT",
  "NEAR(a b, 3)",
  "a* ^b -c +d",
  "content:x",
  "(((",
  "{}[]:?*\\/%_",
  "漢字 🙂 ümlaut",
  "a\u0000b",
  "\uD800",
  "word ".repeat(3000),
];

function apple(name: string, more: Partial<MemoryInput>): MemoryInput {
  return { content: `apple ${name}`, ...more };
}

/** What every store's search and listing must do. */
export const MEMORY_SEARCH_CHECKS: Checks<MemoryStore> = {
  "any text is a legal query": async (store) => {
    await store.store({ content: "something to find" });
    for (const query of QUERIES) {
      const hits = await store.search(query);
      holds(Array.isArray(hits), `the query ${JSON.stringify(query.slice(0, 30))} gave no list`);
    }
  },

  "a search finds by the words of content, best first, in a fixed order": async (store) => {
    await store.storeMany([
      { content: "The database is migrated by the deploy script." },
      { content: "Cats sleep most of the day." },
      { content: "A deploy script needs a database password." },
      { content: "Bread needs flour, water and salt." },
    ]);
    const hits = await store.search("deploy script database");
    const texts = hits.slice(0, 2).map((hit) => hit.content);
    holds(
      texts.length === 2 && texts.every((text) => text.includes("deploy script")),
      `the two that match come first: ${JSON.stringify(texts)}`,
    );
    for (const [index, hit] of hits.entries())
      holds(index === 0 || hit.score <= there(hits[index - 1], "a hit").score, "scores fall");
    same(
      (await store.search("deploy script database")).map(({ id }) => id),
      hits.map(({ id }) => id),
      "order",
    );
    same(
      hits.every((hit) => hit.parts === undefined),
      true,
      "parts without explain",
    );
  },

  "summary, keywords and tags can be found too": async (store) => {
    const ids = await store.storeMany([
      { content: "one", summary: "about zebras" },
      { content: "two", keywords: ["giraffe"] },
    ]);
    same((await store.search("zebras")).map((hit) => hit.id)[0], ids[0], "found by summary");
    same((await store.search("giraffe")).map((hit) => hit.id)[0], ids[1], "found by keyword");
  },

  "explain gives the parts of each score": async (store) => {
    await store.store({ content: "explain this score" });
    const [hit] = await store.search("explain", { explain: true });
    const parts = there(hit?.parts, "parts");
    holds(Object.keys(parts).length > 0, "at least one part");
    holds(
      Object.values(parts).every((value) => Number.isFinite(value)),
      "parts are numbers",
    );
  },

  "limits hold, and those outside 1 to 1000 are refused": async (store) => {
    await store.storeMany(
      Array.from({ length: 30 }, (_, index) => ({ content: `the same word number ${index}` })),
    );
    same((await store.search("word")).length, 10, "hits by default");
    same((await store.search("word", { limit: 3 })).length, 3, "hits with limit 3");
    same((await store.listRecent()).length, 20, "listed by default");
    same((await store.listRecent({ limit: 1000 })).length, 30, "listed with limit 1000");
    for (const limit of [0, 1001, 1.5]) {
      await refused(store.search("word", { limit }), "E_INPUT", `search with limit ${limit}`);
      await refused(store.listRecent({ limit }), "E_INPUT", `list with limit ${limit}`);
    }
  },

  "a namespace sees itself and what it inherits, never a sibling": async (store) => {
    const namespaces = [
      "global",
      "project:a",
      "project:b",
      "session:a:1",
      "session:a:2",
      "session:b:1",
      "project:a2",
    ];
    await store.storeMany(namespaces.map((namespace) => ({ content: `secret of ${namespace}`, namespace })));
    const visible: readonly (readonly [string | undefined, readonly string[]])[] = [
      [undefined, ["global"]],
      ["global", ["global"]],
      ["project:a", ["global", "project:a"]],
      ["session:a:1", ["global", "project:a", "session:a:1"]],
      ["session:c:1", ["global"]],
    ];
    for (const [namespace, expected] of visible) {
      const options = namespace === undefined ? {} : { namespace };
      const found = (await store.search("secret", options)).map((hit) => hit.namespace);
      same(found.toSorted(), expected, `search in ${namespace ?? "no namespace"}`);
      const listed = (await store.listRecent(options)).map((memory) => memory.namespace);
      same(listed.toSorted(), expected, `list in ${namespace ?? "no namespace"}`);
    }
    await refused(store.search("secret", { namespace: "nowhere" }), "E_INPUT", "an illegal namespace");
  },

  "filters narrow a search": async (store) => {
    await store.storeMany([
      apple("a", { importance: 9, type: "bug_fix", tags: ["x", "y"], thread: "t1", seq: 1 }),
      apple("b", { importance: 2, type: "insight", tags: ["x"], thread: "t2", seq: 1 }),
      apple("c", { importance: 5, type: "preference" }),
    ]);
    const found = async (options: Parameters<MemoryStore["search"]>[1]): Promise<string> =>
      (await store.search("apple", options))
        .map((hit) => hit.content.slice(-1))
        .toSorted()
        .join("");
    same(await found({ minImportance: 5 }), "ac", "by importance");
    same(await found({ types: ["insight", "preference"] }), "bc", "by types");
    same(await found({ tags: ["x"] }), "ab", "by one tag");
    same(await found({ tags: ["x", "y"] }), "a", "by two tags");
    same(await found({ thread: "t2" }), "b", "by thread");
  },

  "neighbours are the memories around a hit in its thread, in order": async (store) => {
    const words = ["alpha", "bravo", "charlie", "delta", "echo"];
    await store.storeMany([
      ...words.map((word, index) => ({ content: `we say ${word}`, thread: "chat", seq: index + 1 })),
      { content: "another thread", thread: "other", seq: 3 },
    ]);
    const [hit] = await store.search("charlie", { include: { neighbours: 1 } });
    same(
      hit?.neighbours?.map((memory) => memory.content),
      ["we say bravo", "we say delta"],
      "neighbours",
    );
    const [edge] = await store.search("alpha", { include: { neighbours: 2 } });
    same(
      edge?.neighbours?.map((memory) => memory.content),
      ["we say bravo", "we say charlie"],
      "neighbours at the edge",
    );
  },

  "listRecent gives the newest first": async (store) => {
    const ids: string[] = [];
    for (let index = 0; index < 5; index++) ids.push(await store.store({ content: `number ${index}` }));
    same(
      (await store.listRecent()).map((memory) => memory.id as string),
      ids.toReversed(),
      "order",
    );
    await store.store({ content: "in a thread", thread: "t", seq: 1 });
    same((await store.listRecent({ thread: "t" })).length, 1, "listed of a thread");
  },

  "stats count by namespace and type": async (store) => {
    same((await store.getStats()).totalMemories, 0, "memories of an empty store");
    await store.storeMany([
      { content: "a" },
      { content: "b", namespace: "project:a", type: "bug_fix" },
      { content: "c", namespace: "project:b" },
    ]);
    const all = await store.getStats();
    same(all.totalMemories, 3, "all");
    same(all.byNamespace, { global: 1, "project:a": 1, "project:b": 1 }, "by namespace");
    same(all.byType, { insight: 2, bug_fix: 1 }, "by type");
    holds(there(all.oldest, "oldest") <= there(all.newest, "newest"), "oldest is not after newest");
    same(
      (await store.getStats({ namespace: "project:a" })).totalMemories,
      2,
      "of a project and what it inherits",
    );
  },
};
