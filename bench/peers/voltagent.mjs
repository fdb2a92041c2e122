// Messages in the memory adapter, their vectors in the vector adapter, as VoltAgent's Memory keeps them.
import { join } from "node:path";
import { LibSQLMemoryAdapter, LibSQLVectorAdapter } from "@voltagent/libsql";
import { versioned } from "./version.mjs";

const [USER, CONVERSATION] = ["bench", "bench"];

const message = ({ id, content }) => ({ id, role: "user", parts: [{ type: "text", text: content }] });

export async function open({ folder, embed }) {
  const memory = new LibSQLMemoryAdapter({ url: `file:${join(folder, "voltagent.db")}` });
  const vectors = new LibSQLVectorAdapter({ url: `file:${join(folder, "voltagent-vectors.db")}` });
  await memory.createConversation({
    id: CONVERSATION,
    resourceId: "bench",
    userId: USER,
    title: "bench",
    metadata: {},
  });
  const items = async (rows) => {
    const embedded = await embed(rows.map(({ content }) => content));
    return rows.map(({ id, content, summary, tags }, nth) => ({
      id,
      vector: embedded[nth],
      metadata: { conversationId: CONVERSATION, summary, tags },
      content,
    }));
  };
  return {
    name: versioned("@voltagent/libsql"),
    async fill(rows) {
      for (let from = 0; from < rows.length; from += 200) {
        const some = rows.slice(from, from + 200);
        await memory.addMessages(some.map(message), USER, CONVERSATION);
        await vectors.storeBatch(await items(some));
      }
    },
    async store(row) {
      await memory.addMessage(message(row), USER, CONVERSATION);
      const [{ id, vector, metadata }] = await items([row]);
      await vectors.store(id, vector, metadata);
    },
    get: async ({ id }) => ((await vectors.get(id)) === null ? 0 : 1),
    list: async () => (await memory.getMessages(USER, CONVERSATION, { limit: 20 })).length,
    async semantic(text) {
      const [vector] = await embed([text]);
      return (await vectors.search(vector, { limit: 10 })).length;
    },
    close: async () => {
      await vectors.close?.();
      await memory.close?.();
    },
  };
}
