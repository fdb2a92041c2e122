import { z } from "zod";
import { fenced } from "../fence.ts";
import type { McpOptions } from "../options.ts";
import type { Scope } from "../scope.ts";
import { mcpTool, type McpTool } from "../tool.ts";

const dropped = z.object({ id: z.string(), source: z.string(), tokens: z.number(), reason: z.string() });

/** What helps with a task: its context, the playbook, skills. */
export function contextTools(options: McpOptions, scope: Scope): readonly McpTool[] {
  const { assembler, skills } = options;
  const { playbooks } = options.storage;
  const tools: McpTool[] = [];
  if (assembler !== undefined)
    tools.push(
      mcpTool({
        name: "context",
        title: "Context for a task",
        description:
          "Puts together what is known for a task within a budget of tokens: memories and whatever else there is, best first, with a report of what was left out.",
        readOnly: true,
        input: z.strictObject({
          task: z.string().min(1).max(50_000).describe("what is to be done"),
          budget: z.int().min(200).max(1_000_000).default(8000).describe("tokens"),
          constraints: z.array(z.string().max(2000)).max(100).default([]),
        }),
        output: z.object({
          text: z.string(),
          tokens: z.number(),
          budget: z.number(),
          sections: z.array(
            z.object({
              name: z.string(),
              tokens: z.number(),
              items: z.array(z.object({ id: z.string(), source: z.string(), tokens: z.number() })),
            }),
          ),
          dropped: z.array(dropped),
        }),
        async run({ task, budget, constraints }, { signal }) {
          const payload = await assembler.buildContext({
            task: { id: "task" as never, reads: [], instructions: task },
            goal: "",
            constraints,
            successCriteria: [],
            namespace: scope.namespace,
            budget,
            signal,
          });
          const { text, tokens } = payload;
          const sections = payload.sections.map((section) => ({
            name: section.name,
            tokens: section.tokens,
            items: section.items.map((item) => ({ id: item.id, source: item.source, tokens: item.tokens })),
          }));
          return {
            data: { text, tokens, budget, sections, dropped: payload.dropped.map((item) => ({ ...item })) },
            text,
          };
        },
      }),
    );
  if (playbooks !== undefined)
    tools.push(
      mcpTool({
        name: "playbook",
        title: "Playbook",
        description: "Gives the strategies that earlier runs taught, with how often each helped and harmed.",
        readOnly: true,
        input: z.strictObject({}),
        output: z.object({
          version: z.number(),
          items: z.array(
            z.object({
              id: z.string(),
              section: z.string(),
              content: z.string(),
              helpful: z.number(),
              harmful: z.number(),
              verified: z.boolean(),
            }),
          ),
        }),
        async run() {
          const { version, items } = await playbooks.read(scope.namespace);
          const data = items.map(({ id, section, content, helpful, harmful, verified }) => ({
            id,
            section,
            content,
            helpful,
            harmful,
            verified,
          }));
          const blocks = data.map(({ id, section, content, helpful, harmful }) => ({
            kind: "strategy",
            attributes: { id, section, helpful: String(helpful), harmful: String(harmful) },
            text: content,
          }));
          return {
            data: { version, items: data },
            text: blocks.length === 0 ? "The playbook is empty." : fenced(blocks),
          };
        },
      }),
    );
  if (skills !== undefined)
    tools.push(
      mcpTool({
        name: "skills",
        title: "Skills for a task",
        description: "Finds the skills (SKILL.md) that fit a task, best first.",
        readOnly: true,
        input: z.strictObject({ task: z.string().min(1).max(50_000).describe("what is to be done") }),
        output: z.object({
          skills: z.array(
            z.object({ name: z.string(), description: z.string(), path: z.string(), score: z.number() }),
          ),
        }),
        async run({ task }) {
          const found = await skills.select(task);
          const data = found.map(({ skill, score }) => ({
            name: skill.name,
            description: skill.description,
            path: skill.path,
            score,
          }));
          const blocks = data.map(({ name, description, path, score }) => ({
            kind: "skill",
            attributes: { name, path, score: score.toFixed(2) },
            text: description,
          }));
          return { data: { skills: data }, text: blocks.length === 0 ? "No skill fits." : fenced(blocks) };
        },
      }),
    );
  return tools;
}
