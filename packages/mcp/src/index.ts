// Everything exported here is public API; whatever is not named here is private.
export { createMcpServer, type MnemosyneMcpServer } from "./server.ts";
export type {
  McpDecision,
  McpEngine,
  McpOptions,
  McpReviewer,
  McpReviewRequest,
  McpRun,
  McpRunReport,
  McpSkills,
  McpStorage,
} from "./options.ts";
export type { HttpOptions, HttpServer } from "./http/serve-http.ts";
export type { StdioOptions, StdioServer } from "./serve-stdio.ts";
