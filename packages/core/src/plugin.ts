import type { Agent } from "./ports/agent.ts";
import type { Gate } from "./ports/gate.ts";
import type { Tool } from "./ports/tool.ts";

/** An agent as written, with its type checked. Register it in `mnemosyne.config` or give it to the engine. */
export function defineAgent(agent: Agent): Agent {
  return agent;
}

/** A gate as written, with its type checked. */
export function defineGate(gate: Gate): Gate {
  return gate;
}

/** A tool as written, with its type checked. */
export function defineTool(tool: Tool): Tool {
  return tool;
}
