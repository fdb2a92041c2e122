// The reference MCP server for memory, over stdio: a knowledge graph in one file of JSON lines. A memory is an entity.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { versioned } from "./version.mjs";

const SERVER = new URL("node_modules/@modelcontextprotocol/server-memory/dist/index.js", import.meta.url);

const entity = ({ id, content, summary }) => ({
  name: id,
  entityType: "memory",
  observations: [content, summary],
});

export async function open({ folder }) {
  const client = new Client({ name: "bench", version: "0.0.0" });
  await client.connect(
    new StdioClientTransport({
      command: process.execPath,
      args: [fileURLToPath(SERVER)],
      env: { ...process.env, MEMORY_FILE_PATH: join(folder, "memory.jsonl") },
      stderr: "ignore",
    }),
  );
  const call = async (name, args) => {
    const { content, structuredContent, isError } = await client.callTool({ name, arguments: args });
    if (isError) throw new Error(content[0]?.text ?? name);
    return structuredContent?.entities?.length ?? 0;
  };
  return {
    name: `${versioned("@modelcontextprotocol/server-memory")} over stdio (no vectors, matches a part of the text)`,
    async fill(rows) {
      for (let from = 0; from < rows.length; from += 500)
        await call("create_entities", { entities: rows.slice(from, from + 500).map(entity) });
    },
    store: (row) => call("create_entities", { entities: [entity(row)] }),
    get: ({ id }) => call("open_nodes", { names: [id] }),
    // It can list only everything, and searches for the query as it stands.
    words: (list) => call("search_nodes", { query: list[0] }),
    close: () => client.close(),
  };
}
