// mem0's own engine without a model (infer: false), on the vector store that it comes with.
import { join } from "node:path";
import { versioned } from "./version.mjs";

const USER = "bench";

export async function open({ folder, embed, dimensions }) {
  process.env.MEM0_TELEMETRY = "false";
  process.env.MEM0_DIR = folder;
  const { Memory } = await import("mem0ai/oss");
  const model = {
    embedQuery: async (text) => (await embed([text]))[0],
    embedDocuments: (texts) => embed(texts),
  };
  const memory = new Memory({
    embedder: { provider: "langchain", config: { model, embeddingDims: dimensions } },
    vectorStore: {
      provider: "memory",
      config: { collectionName: "bench", dimension: dimensions, dbPath: join(folder, "mem0.db") },
    },
    historyDbPath: join(folder, "history.db"),
    llm: { provider: "openai", config: { apiKey: "not-used", model: "not-used" } },
  });
  const ids = new Map();
  const store = async ({ id, content, summary, tags }) => {
    const { results } = await memory.add(content, {
      userId: USER,
      infer: false,
      metadata: { summary, tags: tags.join(" ") },
    });
    ids.set(id, results[0].id);
  };
  return {
    name: versioned("mem0ai"),
    async fill(rows) {
      for (const row of rows) await store(row);
    },
    store,
    get: async ({ id }) => ((await memory.get(ids.get(id))) === null ? 0 : 1),
    list: async () => (await memory.getAll({ filters: { user_id: USER }, topK: 20 })).results.length,
    semantic: async (text) =>
      (await memory.search(text, { filters: { user_id: USER }, topK: 10 })).results.length,
    close: async () => {},
  };
}
