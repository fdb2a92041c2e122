// Each peer as the same few calls. A call that a peer does not have is missing.
//   fill(rows)      what is there before anything is measured, the quickest way that the peer offers
//   store(row)      one more, as a user of the peer would store it, with its vector where the peer keeps vectors
//   get(row), list(), semantic(text), words(list)    give how many they found
// `embed` is the same function for all: a list of texts to a list of lists of numbers.
export { open as mastra } from "./mastra.mjs";
export { open as mem0 } from "./mem0.mjs";
export { open as langGraphStore } from "./langgraph-store.mjs";
export { open as langGraphSqlite } from "./langgraph-sqlite.mjs";
export { open as voltAgent } from "./voltagent.mjs";
export { open as mcpMemory } from "./mcp-memory.mjs";
