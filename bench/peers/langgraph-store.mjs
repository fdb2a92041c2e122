// LangGraph's long-term memory in memory: nothing lasts.
import { InMemoryStore } from "@langchain/langgraph-checkpoint";
import { versioned } from "./version.mjs";

const NAMESPACE = ["project", "bench"];

export async function open({ embed, dimensions }) {
  const embeddings = {
    embedQuery: async (text) => (await embed([text]))[0],
    embedDocuments: (texts) => embed(texts),
  };
  const store = new InMemoryStore({ index: { dims: dimensions, embeddings, fields: ["content"] } });
  const put = ({ id, ...row }) => store.put(NAMESPACE, id, row);
  return {
    name: `${versioned("@langchain/langgraph-checkpoint")} InMemoryStore (nothing on disk)`,
    persistent: false,
    async fill(rows) {
      for (const row of rows) await put(row);
    },
    store: put,
    get: async ({ id }) => ((await store.get(NAMESPACE, id)) === null ? 0 : 1),
    list: async () => (await store.search(NAMESPACE, { limit: 20 })).length,
    semantic: async (query) => (await store.search(NAMESPACE, { query, limit: 10 })).length,
    close: async () => {},
  };
}
