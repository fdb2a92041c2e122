import type { AgentContext, JsonObject, ToolUse } from "@mnemosyne/core";
import type {
  createSdkMcpServer,
  McpSdkServerConfigWithInstance,
  query,
  tool,
} from "@anthropic-ai/claude-agent-sdk";
import { z } from "zod";
import { fenceMemories } from "./fence.ts";

/** What is used of the SDK, loaded. */
export interface Sdk {
  readonly createSdkMcpServer: typeof createSdkMcpServer;
  readonly query: typeof query;
  readonly tool: typeof tool;
}

/** Name of the in-process server. */
export const SERVER = "mnemosyne";
/** Begins the names of its tools as Claude Code calls them. */
export const OURS = `mcp__${SERVER}__`;

/** The task's tools and its memory as a server in this process: what they do happens here, under our rules. */
export function ownTools(
  sdk: Sdk,
  context: AgentContext,
  onUse: (use: ToolUse) => void,
): McpSdkServerConfigWithInstance {
  const { memory, tools, signal, idempotencyKey } = context;
  return sdk.createSdkMcpServer({
    name: SERVER,
    version: "0.1.0",
    tools: [
      sdk.tool("recall", "Finds what was remembered earlier.", { query: z.string() }, async ({ query }) => {
        const hits = await memory.recall(query);
        return said(hits.length === 0 ? "Nothing was found." : fenceMemories(hits));
      }),
      sdk.tool(
        "remember",
        "Stores a fact, decision or lesson.",
        { content: z.string().min(1) },
        async (args) => said(`Remembered as ${await memory.remember(args.content)}.`),
      ),
      ...tools.map((one) =>
        sdk.tool(one.name, one.description, shapeOf(one.inputSchema), async (args) => {
          const result = await one.execute(args, { signal, idempotencyKey, onUse });
          return said(result.content, result.isError ?? false);
        }),
      ),
    ],
  });
}

/** The fields of a tool's input, from its JSON Schema. */
function shapeOf(schema: JsonObject): z.ZodRawShape {
  const made = z.fromJSONSchema(schema);
  return made instanceof z.ZodObject ? made.shape : {};
}

function said(text: string, isError = false) {
  return { content: [{ type: "text" as const, text }], isError };
}
