import type { Command } from "commander";
import { wholeNumber } from "../numbers.ts";
import type { McpFlags } from "../mcp/serve-mcp.ts";
import type { Attach } from "./verb.ts";

/** The verb that serves the Model Context Protocol. */
export function addMcpCommand(program: Command, attach: Attach): void {
  attach<McpFlags>(
    program
      .command("mcp")
      .summary("serve memories and runs to MCP clients")
      .description(
        "Serves the Model Context Protocol on standard input and output, or over HTTP on 127.0.0.1. Needs no API key.",
      )
      .option("--http <port>", "listen here instead (0: a free port)", wholeNumber)
      .option(
        "--allow-act",
        "also offer what acts: running plans and tests, deciding for runs, erasing for good",
      )
      .addHelpText(
        "after",
        "\nExamples:\n  claude mcp add mnemosyne -- mnemosyne mcp\n  mnemosyne mcp --http 7333",
      ),
    async (session, options) => (await import("../mcp/serve-mcp.ts")).serveMcp(session, options),
  );
}
