// LangGraph's checkpoints on SQLite: a memory is a checkpoint's channel. It cannot be searched.
import { join } from "node:path";
import { SqliteSaver } from "@langchain/langgraph-checkpoint-sqlite";
import { versioned } from "./version.mjs";

const thread = (checkpoint_id) => ({
  configurable: { thread_id: "bench", checkpoint_ns: "", ...(checkpoint_id && { checkpoint_id }) },
});

export async function open({ folder }) {
  const saver = SqliteSaver.fromConnString(join(folder, "checkpoints.db"));
  const put = (row) =>
    saver.put(
      thread(),
      {
        v: 4,
        id: row.id,
        ts: new Date().toISOString(),
        channel_values: { memory: row },
        channel_versions: { memory: 1 },
        versions_seen: {},
      },
      { source: "update", step: 1, parents: {} },
      {},
    );
  return {
    name: `${versioned("@langchain/langgraph-checkpoint-sqlite")} (no search)`,
    async fill(rows) {
      for (const row of rows) await put(row);
    },
    store: put,
    get: async ({ id }) => ((await saver.getTuple(thread(id))) === undefined ? 0 : 1),
    async list() {
      let count = 0;
      for await (const tuple of saver.list(thread(), { limit: 20 })) count += tuple === undefined ? 0 : 1;
      return count;
    },
    close: async () => saver.db.close(),
  };
}
