import type { McpServer } from "@modelcontextprotocol/server";
import { z } from "zod";
import { fenced, memoryBlock } from "./fence.ts";
import type { McpOptions } from "./options.ts";
import type { Scope } from "./scope.ts";

/** Registers the prompts. Recalled text stands in the user's message, behind a fence. */
export function addPrompts(server: McpServer, { storage }: McpOptions, { namespace }: Scope): void {
  server.registerPrompt(
    "recall",
    {
      title: "What is known about…",
      description: "Begins with what was remembered about a topic.",
      argsSchema: z.object({ topic: z.string().min(1).max(10_000) }),
    },
    async ({ topic }) => {
      const hits = await storage.search(topic, { namespace, limit: 10 });
      const known = hits.length === 0 ? "Nothing was remembered about it." : fenced(hits.map(memoryBlock));
      return said(
        `What follows was remembered earlier about: ${topic}\n\n${known}\n\nUse what fits, and check what you rely on.`,
      );
    },
  );
  server.registerPrompt(
    "reflect",
    {
      title: "Keep what was learnt",
      description: "Asks to store what this conversation taught.",
      argsSchema: z.object({ focus: z.string().max(2000).optional() }),
    },
    ({ focus }) =>
      said(
        `Look back over this conversation${focus === undefined ? "" : `, at ${focus} above all`}. For each decision, constraint, preference or lesson that will matter again: look with 'recall' whether it is known; if it is known but out of date use 'update', if it is new use 'remember' with one self-contained sentence or two, a type and an importance. Store nothing that is already known, no secrets, and nothing that you only assume.`,
      ),
  );
}

function said(text: string) {
  return { messages: [{ role: "user" as const, content: { type: "text" as const, text } }] };
}
