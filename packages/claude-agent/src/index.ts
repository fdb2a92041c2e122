// Everything exported here is public API; whatever is not named here is private.
export { claudeAgent, type ClaudeAgentOptions } from "./claude-agent.ts";
export { memoryHooks, type MemoryHooksOptions, type StopRequest } from "./memory-hooks.ts";
