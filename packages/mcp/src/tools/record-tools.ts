import { z } from "zod";
import { fenced, memoryBlock } from "../fence.ts";
import { given } from "../given.ts";
import type { McpStorage } from "../options.ts";
import type { Scope } from "../scope.ts";
import {
  changeData,
  changeShape,
  linkData,
  linkShape,
  memoryData,
  memoryId,
  memoryShape,
} from "../shapes.ts";
import { mcpTool, type McpTool } from "../tool.ts";

const linkType = z.string().min(1).max(64).describe("e.g. related, causes, contradicts, part_of");
const reason = z.string().max(1000).optional().describe("why");

/** Links, graphs, histories: those that the storage has. */
export function recordTools(storage: McpStorage, scope: Scope): readonly McpTool[] {
  const tools: McpTool[] = [];
  if (typeof storage.link === "function")
    tools.push(
      mcpTool({
        name: "link",
        title: "Link two memories",
        description:
          "Joins two memories with a typed link, or changes the strength of the one that is there.",
        idempotent: true,
        input: z.strictObject({
          from: memoryId,
          to: memoryId,
          type: linkType.optional(),
          strength: z.number().gt(0).max(1).optional(),
          reason,
        }),
        output: z.object({ link: linkShape }),
        async run({ from, to, type, strength, reason: why }, call) {
          await scope.own(from);
          await scope.visible(to);
          const link = await storage.link?.(from, to, {
            by: call.by,
            ...given({ reason: why, type, strength }),
          });
          if (link === undefined) throw new TypeError("The storage can no longer link.");
          return { data: { link: linkData(link) }, text: `${from} -${link.type}-> ${to}` };
        },
      }),
    );
  if (typeof storage.unlink === "function")
    tools.push(
      mcpTool({
        name: "unlink",
        title: "Remove a link",
        description: "Removes the link of a type from one memory to another, or all from one to the other.",
        destructive: true,
        idempotent: true,
        input: z.strictObject({ from: memoryId, to: memoryId, type: linkType.optional(), reason }),
        output: z.object({ removed: z.number() }),
        async run({ from, to, type, reason: why }, call) {
          await scope.own(from);
          await scope.visible(to);
          const removed =
            (await storage.unlink?.(from, to, { by: call.by, ...given({ reason: why, type }) })) ?? 0;
          return { data: { removed }, text: `${removed} links were removed.` };
        },
      }),
    );
  if (typeof storage.graph === "function")
    tools.push(
      mcpTool({
        name: "graph",
        title: "Memories around one",
        description:
          "Gives the memories that are linked with one, nearest first, and the links among them; without an id the newest linked ones.",
        readOnly: true,
        input: z.strictObject({
          id: memoryId.optional(),
          depth: z.int().min(0).max(10).default(2),
          limit: z.int().min(1).max(1000).default(50),
        }),
        output: z.object({
          nodes: z.array(memoryShape.extend({ hop: z.number(), strength: z.number() })),
          links: z.array(linkShape),
          truncated: z.boolean(),
        }),
        async run({ id, depth, limit }) {
          if (id !== undefined) await scope.visible(id);
          const found = await storage.graph?.(id, { depth, limit, namespace: scope.namespace });
          const nodes = found?.nodes.filter((node) => scope.sees(node.namespace)) ?? [];
          const shown: ReadonlySet<string> = new Set(nodes.map((node) => node.id));
          const links = found?.links.filter(({ from, to }) => shown.has(from) && shown.has(to)) ?? [];
          const lines = links.map(({ from, to, type, strength }) => `${from} -${type} ${strength}-> ${to}`);
          return {
            data: {
              nodes: nodes.map((node) => ({ ...memoryData(node), hop: node.hop, strength: node.strength })),
              links: links.map(linkData),
              truncated: found?.truncated ?? false,
            },
            text:
              nodes.length === 0
                ? "There are no linked memories."
                : fenced([
                    ...nodes.map(memoryBlock),
                    { kind: "links", attributes: {}, text: lines.join("\n") },
                  ]),
          };
        },
      }),
    );
  if (typeof storage.history === "function")
    tools.push(
      mcpTool({
        name: "history",
        title: "A memory's history",
        description:
          "Gives every change of a memory, oldest first: who, when, why, and what stood there before.",
        readOnly: true,
        input: z.strictObject({ id: memoryId }),
        output: z.object({ changes: z.array(changeShape) }),
        async run({ id }) {
          await scope.visible(id);
          const changes = (await storage.history?.(id)) ?? [];
          const data = changes.map(changeData);
          const text = fenced(
            data.map(({ at, change, version, by, before }) => ({
              kind: "change",
              attributes: { at, change, version: String(version), ...(by === undefined ? {} : { by }) },
              text: JSON.stringify(before),
            })),
          );
          return { data: { changes: data }, text: data.length === 0 ? "Nothing has changed." : text };
        },
      }),
    );
  return tools;
}
