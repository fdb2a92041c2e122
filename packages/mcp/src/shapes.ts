import type { Memory, MemoryChange, MemoryLink, SearchHit } from "@mnemosyne/core";
import { z } from "zod";
import { given } from "./given.ts";

/** Any id of a memory. */
export const memoryId = z.string().min(1).max(64).describe("a memory's id");

/** A memory as tools give it. */
export const memoryShape = z.object({
  id: z.string(),
  namespace: z.string(),
  content: z.string(),
  summary: z.string(),
  type: z.string(),
  importance: z.number(),
  confidence: z.number(),
  trust: z.enum(["claimed", "observed", "verified"]),
  keywords: z.array(z.string()),
  tags: z.array(z.string()),
  context: z.string(),
  version: z.number(),
  createdAt: z.string(),
  updatedAt: z.string(),
  thread: z.string().optional(),
  seq: z.number().optional(),
  actor: z.string().optional(),
  occurredAt: z.string().optional(),
  supersededBy: z.string().optional(),
  metadata: z.record(z.string(), z.unknown()),
  provenance: z.record(z.string(), z.unknown()),
});

/** A found memory. */
export const hitShape = memoryShape.extend({
  score: z.number(),
  parts: z.record(z.string(), z.number()).optional(),
});

/** A link between two memories. */
export const linkShape = z.object({
  from: z.string(),
  to: z.string(),
  type: z.string(),
  strength: z.number(),
});

/** One change of a memory. */
export const changeShape = z.object({
  change: z.string(),
  version: z.number(),
  at: z.string(),
  by: z.string().optional(),
  reason: z.string().optional(),
  before: z.record(z.string(), z.unknown()),
});

/** A memory as data. */
export function memoryData(memory: Memory): z.input<typeof memoryShape> {
  const { thread, seq, actor, occurredAt, supersededBy } = memory;
  return given({
    id: memory.id,
    namespace: memory.namespace,
    content: memory.content,
    summary: memory.summary,
    type: memory.type,
    importance: memory.importance,
    confidence: memory.confidence,
    trust: memory.trust,
    keywords: [...memory.keywords],
    tags: [...memory.tags],
    context: memory.context,
    version: memory.version,
    createdAt: memory.createdAt.toISOString(),
    updatedAt: memory.updatedAt.toISOString(),
    thread,
    seq,
    actor,
    occurredAt: occurredAt?.toISOString(),
    supersededBy,
    metadata: { ...memory.metadata },
    provenance: { ...memory.provenance },
  });
}

/** A hit as data. */
export function hitData(hit: SearchHit): z.input<typeof hitShape> {
  return {
    ...memoryData(hit),
    score: hit.score,
    ...(hit.parts === undefined ? {} : { parts: { ...hit.parts } }),
  };
}

/** A link as data. */
export function linkData({ from, to, type, strength }: MemoryLink): z.input<typeof linkShape> {
  return { from, to, type, strength };
}

/** A change as data. */
export function changeData({
  change,
  version,
  at,
  by,
  reason,
  before,
}: MemoryChange): z.input<typeof changeShape> {
  return given({ change, version, at: at.toISOString(), by, reason, before: { ...before } });
}
