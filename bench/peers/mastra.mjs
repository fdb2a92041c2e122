// Messages in LibSQLStore, their vectors in LibSQLVector, as Mastra's Memory keeps them for semantic recall.
import { join } from "node:path";
import { LibSQLStore, LibSQLVector } from "@mastra/libsql";
import { versioned } from "./version.mjs";

const THREAD = "bench";
const INDEX = "memories";

export async function open({ folder, embed, dimensions }) {
  const url = `file:${join(folder, "mastra.db")}`;
  const store = new LibSQLStore({ id: "bench", url });
  await store.init();
  const memory = await store.getStore("memory");
  const vectors = new LibSQLVector({ id: "bench-vectors", url: `file:${join(folder, "mastra-vectors.db")}` });
  await vectors.createIndex({ indexName: INDEX, dimension: dimensions, metric: "cosine" });
  const now = new Date();
  await memory.saveThread({
    thread: { id: THREAD, resourceId: "bench", title: "bench", createdAt: now, updatedAt: now, metadata: {} },
  });
  const save = async (rows) => {
    await memory.saveMessages({ messages: rows.map(messageOf) });
    await vectors.upsert({
      indexName: INDEX,
      vectors: await embed(rows.map(({ content }) => content)),
      ids: rows.map(({ id }) => id),
      metadata: rows.map(({ id }) => ({ message_id: id, thread_id: THREAD })),
    });
  };
  return {
    name: versioned("@mastra/libsql"),
    async fill(rows) {
      for (let from = 0; from < rows.length; from += 100) await save(rows.slice(from, from + 100));
    },
    store: (row) => save([row]),
    async get({ id }) {
      const { messages } = await memory.listMessagesById({ messageIds: [id] });
      return messages.length;
    },
    async list() {
      const orderBy = { field: "createdAt", direction: "DESC" };
      const { messages } = await memory.listMessages({ threadId: THREAD, perPage: 20, page: 0, orderBy });
      return messages.length;
    },
    async semantic(text) {
      const [queryVector] = await embed([text]);
      const hits = await vectors.query({ indexName: INDEX, queryVector, topK: 10 });
      const { messages } = await memory.listMessagesById({ messageIds: hits.map(({ id }) => id) });
      return messages.length;
    },
    async close() {
      await vectors.close();
      await store.close?.();
    },
  };
}

function messageOf({ id, content, summary, tags, keywords }, nth) {
  return {
    id,
    role: "user",
    createdAt: new Date(Date.now() + nth),
    threadId: THREAD,
    resourceId: "bench",
    content: {
      format: 2,
      parts: [{ type: "text", text: content }],
      content,
      metadata: { summary, tags, keywords },
    },
  };
}
