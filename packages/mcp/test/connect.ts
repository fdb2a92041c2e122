import type { MnemosyneMcpServer } from "@mnemosyne/mcp";
import { Client, InMemoryTransport } from "@modelcontextprotocol/client";

/** What a tool answered. */
export interface Answer {
  readonly isError: boolean;
  readonly text: string;
  readonly data: Record<string, unknown>;
}

/** The official client, connected to a server in this process. */
export async function connect(server: MnemosyneMcpServer): Promise<Client> {
  const [near, far] = InMemoryTransport.createLinkedPair();
  await server.connection().connect(far);
  const client = new Client({ name: "test", version: "1.0.0" });
  await client.connect(near);
  return client;
}

/** Calls a tool. */
export async function call(
  client: Client,
  name: string,
  args: Record<string, unknown> = {},
): Promise<Answer> {
  const result = await client.callTool({ name, arguments: args });
  const [first] = result.content;
  return {
    isError: result.isError === true,
    text: first?.type === "text" ? first.text : "",
    data: (result.structuredContent ?? {}) as Record<string, unknown>,
  };
}
