// Two clients of `mnemosyne mcp`, each with a server of its own on one database: what one remembers the other recalls.
// In an editor or in Claude Code, `.mcp.json` names the same command; see the page of @mnemosyne/mcp.
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";

const folder = await mkdtemp(path.join(tmpdir(), "mnemosyne-example-"));
const manifest = createRequire(import.meta.url).resolve("@mnemosyne/cli/package.json");
const command = path.join(path.dirname(manifest), "bin/mnemosyne.js");

async function connect(name: string): Promise<Client> {
  const client = new Client({ name, version: "1.0.0" });
  const args = [command, "mcp", "--namespace", "project:shop"];
  const env = { PATH: process.env["PATH"] ?? "", HOME: folder };
  await client.connect(new StdioClientTransport({ command: process.execPath, args, cwd: folder, env }));
  return client;
}

const [editor, terminal] = await Promise.all([connect("editor"), connect("terminal")]);
const { tools } = await editor.listTools();
console.log(`What a client may do without --allow-act: ${tools.map(({ name }) => name).join(", ")}.`);

await editor.callTool({
  name: "remember",
  arguments: { content: "Dates in the API are ISO 8601, always UTC.", importance: 8 },
});
const { structuredContent } = await terminal.callTool({
  name: "recall",
  arguments: { query: "which format do dates have?" },
});
const { results } = structuredContent as { readonly results: readonly { readonly content: string }[] };
console.log(`The other client recalls: ${results.map(({ content }) => content).join(" ")}`);

const wrong = await terminal.callTool({ name: "remember", arguments: { content: "x", importance: 11 } });
console.log(
  `An importance of 11 is ${wrong.isError === true ? "refused, and the server goes on" : "taken"}.`,
);

await Promise.all([editor.close(), terminal.close()]);
await rm(folder, { recursive: true });
