import { toErrorRecord } from "@mnemosyne/core";
import type { CallToolResult, McpServer, ServerContext } from "@modelcontextprotocol/server";
import type { z } from "zod";

/** What a tool's work is given beside its arguments. */
export interface ToolCall {
  readonly signal: AbortSignal;
  /** Who calls, for provenance: `mcp:` and the client's name as it gave it, shortened. */
  readonly by: string;
  /** Tells the client how far the work is, if it asked for that. */
  progress(done: number, total: number, message: string): Promise<void>;
}

/** What a tool answers: data by its output schema, and the same for reading. */
export interface ToolAnswer<T> {
  readonly data: T;
  readonly text: string;
}

/** A tool as written. */
export interface ToolSpec<I extends z.ZodObject, O extends z.ZodObject> {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly input: I;
  readonly output: O;
  /** Changes nothing. */
  readonly readOnly?: boolean;
  /** May undo or erase what is there. */
  readonly destructive?: boolean;
  /** The same call again changes nothing more. */
  readonly idempotent?: boolean;
  /** Reaches beyond the database: files, commands, the network. */
  readonly openWorld?: boolean;
  readonly run: (args: z.output<I>, call: ToolCall) => Promise<ToolAnswer<z.input<O>>>;
}

/** A tool that any number of protocol servers can be given. */
export interface McpTool {
  readonly name: string;
  readonly register: (server: McpServer) => void;
}

/** Makes a tool. What its work throws becomes an error result that the model sees. */
export function mcpTool<I extends z.ZodObject, O extends z.ZodObject>(spec: ToolSpec<I, O>): McpTool {
  const { name, title, description, input, output, run } = spec;
  const annotations = {
    title,
    readOnlyHint: spec.readOnly ?? false,
    destructiveHint: spec.destructive ?? false,
    idempotentHint: spec.idempotent ?? spec.readOnly ?? false,
    openWorldHint: spec.openWorld ?? false,
  };
  return {
    name,
    register(server) {
      const answer = async (args: unknown, context: ServerContext): Promise<CallToolResult> => {
        try {
          const { data, text } = await run(args as z.output<I>, callOf(server, context));
          return { content: [{ type: "text", text }], structuredContent: data };
        } catch (error) {
          return errorResult(error);
        }
      };
      server.registerTool(
        name,
        { title, description, inputSchema: input, outputSchema: output, annotations },
        answer as never,
      );
    },
  };
}

function callOf(server: McpServer, { mcpReq }: ServerContext): ToolCall {
  const { _meta: meta } = mcpReq;
  const token = meta?.progressToken;
  return {
    signal: mcpReq.signal,
    get by() {
      const name = server.server.getClientVersion()?.name ?? "client";
      return `mcp:${Array.from(name).slice(0, 64).join("")}`;
    },
    async progress(done, total, message) {
      if (token === undefined || mcpReq.signal.aborted) return;
      const params = { progressToken: token, progress: done, total, message };
      await mcpReq.notify({ method: "notifications/progress", params }).catch(() => {
        // The client has gone; whether the work goes on is for the signal to say.
      });
    },
  };
}

function errorResult(error: unknown): CallToolResult {
  const record = toErrorRecord(error);
  const where = record.path === undefined ? "" : ` (at ${record.path})`;
  const hint = record.hint === undefined ? "" : `\n${record.hint}`;
  return {
    isError: true,
    content: [{ type: "text", text: `${record.code}: ${record.message}${where}${hint}` }],
  };
}
