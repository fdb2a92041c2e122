import { z } from "zod";
import { fenced, memoryBlock } from "../fence.ts";
import { given } from "../given.ts";
import type { McpStorage } from "../options.ts";
import type { Scope } from "../scope.ts";
import { hitData, hitShape, memoryData, memoryId, memoryShape } from "../shapes.ts";
import { mcpTool, type McpTool } from "../tool.ts";

const limit = (by: number) => z.int().min(1).max(1000).default(by).describe("at most so many");
const importance = z.int().min(1).max(10).describe("how much it matters, 1 to 10");
const confidence = z.number().min(0).max(1).describe("how sure it is");
const words = z.array(z.string().min(1).max(200)).max(50);

/** Fields that `remember` and `update` share. */
const facts = {
  summary: z.string().max(1000).optional().describe("one line"),
  importance: importance.optional(),
  confidence: confidence.optional(),
  type: z
    .string()
    .max(64)
    .optional()
    .describe(
      "architecture_decision, code_pattern, bug_fix, configuration, constraint, entity, insight, reference, preference, task, or your own",
    ),
  keywords: words.optional().describe("words that it should also be found by"),
  tags: words.optional().describe("labels to filter by"),
  context: z.string().max(4000).optional().describe("where it came up"),
};

/** Storing, finding, reading, changing and forgetting memories. */
export function memoryTools(storage: McpStorage, scope: Scope, allowAct: boolean): readonly McpTool[] {
  const { namespace } = scope;
  return [
    mcpTool({
      name: "recall",
      title: "Recall memories",
      description: `Finds what was remembered earlier, in ${namespace} and what it inherits, best first. Any text is a legal query. Call it before you start on something and when you miss context.`,
      readOnly: true,
      input: z.strictObject({
        query: z.string().max(10_000).describe("words, or a question"),
        limit: limit(10),
        minImportance: importance.optional(),
        types: words.optional(),
        tags: words.optional().describe("all of them must be there"),
        thread: z.string().max(256).optional(),
        explain: z.boolean().optional().describe("say what each score is made of"),
      }),
      output: z.object({ results: z.array(hitShape) }),
      async run({ query, ...options }, { signal }) {
        const hits = await storage.search(query, { namespace, signal, ...given(options) });
        const text = hits.length === 0 ? "Nothing was found." : fenced(hits.map(memoryBlock));
        return { data: { results: hits.map(hitData) }, text };
      },
    }),
    mcpTool({
      name: "remember",
      title: "Remember",
      description: `Stores one fact, decision, preference or lesson in ${namespace}, so that it is found again later. Self-contained sentences are found best.`,
      input: z.strictObject({
        content: z.string().min(1).max(100_000).describe("what to remember"),
        ...facts,
        thread: z.string().max(256).optional().describe("the conversation or log that it is part of"),
        actor: z.string().max(128).optional().describe("who said or did it"),
        idempotencyKey: z
          .string()
          .max(256)
          .optional()
          .describe("the same key again stores nothing and gives the first id"),
      }),
      output: z.object({ id: z.string() }),
      async run(args, call) {
        const id = await storage.store({ ...given(args), namespace, provenance: { source: call.by } });
        return { data: { id }, text: `Remembered as ${id}.` };
      },
    }),
    mcpTool({
      name: "list",
      title: "List memories",
      description: `Lists the newest memories of ${namespace} and what it inherits.`,
      readOnly: true,
      input: z.strictObject({ limit: limit(20), thread: z.string().max(256).optional() }),
      output: z.object({ memories: z.array(memoryShape) }),
      async run(options) {
        const memories = await storage.listRecent({ namespace, ...given(options) });
        const text = memories.length === 0 ? "There are no memories yet." : fenced(memories.map(memoryBlock));
        return { data: { memories: memories.map(memoryData) }, text };
      },
    }),
    mcpTool({
      name: "get",
      title: "Get a memory",
      description: "Gives one memory whole, by its id.",
      readOnly: true,
      input: z.strictObject({ id: memoryId }),
      output: z.object({ memory: memoryShape }),
      async run({ id }) {
        const memory = await scope.visible(id);
        return { data: { memory: memoryData(memory) }, text: fenced([memoryBlock(memory)]) };
      },
    }),
    mcpTool({
      name: "update",
      title: "Change a memory",
      description:
        "Changes the named fields of a memory; what it was before stays in its history. Give `version` to change it only if nobody else did.",
      idempotent: true,
      input: z.strictObject({
        id: memoryId,
        version: z.int().min(1).optional(),
        content: z.string().min(1).max(100_000).optional(),
        ...facts,
        reason: z.string().max(1000).optional().describe("why"),
      }),
      output: z.object({ memory: memoryShape }),
      async run({ id, version, reason, ...patch }, call) {
        await scope.own(id);
        const memory = await storage.update(id, given(patch), {
          by: call.by,
          ...given({ version, reason }),
        });
        return { data: { memory: memoryData(memory) }, text: `${id} is now at version ${memory.version}.` };
      },
    }),
    mcpTool({
      name: "forget",
      title: "Forget a memory",
      description: allowAct
        ? "Removes a memory from every result. A person can restore it, unless `hard`: then every trace is erased."
        : "Removes a memory from every result. A person can restore it.",
      destructive: true,
      idempotent: true,
      input: z.strictObject({
        id: memoryId,
        reason: z.string().max(1000).optional().describe("why"),
        ...(allowAct ? { hard: z.boolean().optional().describe("erase it for good") } : {}),
      }),
      output: z.object({ forgotten: z.boolean() }),
      async run({ id, reason, ...rest }, call) {
        await scope.own(id);
        const hard = "hard" in rest && rest.hard === true;
        const forgotten = await storage.forget(id, {
          by: call.by,
          ...given({ reason }),
          ...(hard ? { hard } : {}),
        });
        return { data: { forgotten }, text: forgotten ? `${id} is forgotten.` : `${id} was not there.` };
      },
    }),
  ];
}
