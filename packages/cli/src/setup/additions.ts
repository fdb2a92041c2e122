const SERVER = { command: "mnemosyne", args: ["mcp"] };
const IGNORED = ".mnemosyne/";

/** An MCP config with our server, or why it stays as it is. Everything else in it is kept, with its indentation. */
export function withServer(text: string | undefined): string | { readonly kept: string } {
  if (text === undefined) return `${JSON.stringify({ mcpServers: { mnemosyne: SERVER } }, undefined, 2)}\n`;
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch (error) {
    return { kept: `it is no JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
  if (!isObject(config)) return { kept: "it holds no object" };
  const servers = config["mcpServers"] ?? {};
  if (!isObject(servers)) return { kept: "its mcpServers is no object" };
  if ("mnemosyne" in servers) return { kept: "it names the server already" };
  const [, indent = "  "] = /^([ \t]+)"/m.exec(text) ?? [];
  return `${JSON.stringify({ ...config, mcpServers: { ...servers, mnemosyne: SERVER } }, undefined, indent)}\n`;
}

/** A .gitignore that leaves the database's folder out, or why it stays as it is. */
export function withIgnoredFolder(text: string | undefined): string | { readonly kept: string } {
  const lines = (text ?? "").split(/\r?\n/).map((line) => line.trim());
  if (lines.some((line) => /^\/?(?:\*\*\/)?\.mnemosyne(?:\/\*{0,2})?$/.test(line)))
    return { kept: "it leaves the database's folder out already" };
  const newline = text?.includes("\r\n") === true ? "\r\n" : "\n";
  const before =
    text === undefined || text === "" || text.endsWith("\n") ? (text ?? "") : `${text}${newline}`;
  return `${before}${IGNORED}${newline}`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
