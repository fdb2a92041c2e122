import {
  estimateTokens,
  type ContextRequest,
  type ContextSource,
  type Memory,
  type MemoryStore,
  type SearchHit,
} from "@mnemosyne/core";
import type { ContextOffer, Turn } from "../assembly/offer.ts";
import { escapeAttribute } from "../assembly/render.ts";

/** Fewest and most memories that are asked for, and tokens of the budget for each. */
const LEAST = 10;
const MOST = 100;
const BUDGET_EACH = 15;
/** How near the turn after a found one is, the turn after a found question, and the turn before. */
const NEXT = 0.6;
const ANSWER = 0.9;
const PREVIOUS = 0.5;
/** How much a long memory gives way to short ones: its relevance falls with this power of its length. */
const LENGTH_POWER = 0.1;

/**
 * Memories that a store finds for the task's instructions and the goal, each with its origin and trust. Turns of a conversation
 * bring the turns beside them: an answer seldom repeats the words of its question.
 */
export function createMemoriesSource(memory: Pick<MemoryStore, "search">): ContextSource {
  return {
    name: "memories",
    share: "general",
    async collect(request) {
      const query = queryOf(request);
      if (query === "") return [];
      const hits = await memory.search(query, {
        namespace: request.namespace,
        limit: Math.min(MOST, Math.max(LEAST, Math.ceil(request.budget / BUDGET_EACH))),
        include: { neighbours: 1 },
        ...(request.runId === undefined ? {} : { pendingRun: request.runId }),
        ...(request.signal === undefined ? {} : { signal: request.signal }),
      });
      return withNeighbours(hits)
        .map(({ memory: found, near }) => offer(found, near * lengthFactor(found)))
        .toSorted((a, b) => b.relevance - a.relevance);
    },
  };
}

/** What a request is about, as a search query. */
export function queryOf({ task, goal }: Pick<ContextRequest, "task" | "goal">): string {
  return `${task.instructions}\n${goal}`.trim();
}

interface Near {
  readonly memory: Memory;
  /** 0 to 1. */
  readonly near: number;
}

function withNeighbours(hits: readonly SearchHit[]): readonly Near[] {
  const best = hits[0]?.score ?? 0;
  const found = new Map<string, Near>();
  const put = (memory: Memory, near: number): void => {
    const known = found.get(memory.id);
    if (known === undefined || known.near < near) found.set(memory.id, { memory, near });
  };
  for (const hit of hits) {
    const near = best > 0 ? Math.min(1, Math.max(0, hit.score / best)) : 0;
    put(hit, near);
    for (const neighbour of hit.neighbours ?? []) {
      const after = (neighbour.seq ?? 0) > (hit.seq ?? 0);
      put(neighbour, near * (after ? (asks(hit) ? ANSWER : NEXT) : PREVIOUS));
    }
  }
  return [...found.values()];
}

function asks({ content }: Memory): boolean {
  return /[?\uff1f]/u.test(content.slice(-60));
}

function lengthFactor({ content }: Memory): number {
  return Math.min(1, (estimateTokens(content) + 4) ** -LENGTH_POWER);
}

function offer(memory: Memory, relevance: number): ContextOffer {
  const { run, task, agent, commit, evidence, source } = memory.provenance;
  const origin = Object.entries({ run, task, agent, commit, evidence, source }).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name} ${value}`],
  );
  const turn = turnOf(memory);
  return {
    id: memory.id,
    memoryId: memory.id,
    source: "memories",
    kind: "memory",
    relevance,
    text: memory.content,
    ...(turn === undefined
      ? {
          attributes: {
            trust: memory.trust,
            type: memory.type,
            importance: String(memory.importance),
            at: dayOf(memory),
            from: origin.length === 0 ? "unknown" : origin.join(", "),
          },
        }
      : { turn }),
  };
}

/** A memory with a place in a thread is a turn; what its trust is, is said where it is more than a claim. */
function turnOf(memory: Memory): Turn | undefined {
  const { thread, seq, actor, trust } = memory;
  if (thread === undefined || seq === undefined) return undefined;
  const at = (memory.occurredAt ?? memory.createdAt).toISOString();
  return {
    label: escapeAttribute([actor ?? "", trust === "claimed" ? "" : `(${trust})`].filter(Boolean).join(" ")),
    day: dayOf(memory),
    place: `${at} ${thread} ${String(seq).padStart(16, "0")} ${memory.id}`,
  };
}

function dayOf(memory: Memory): string {
  return (memory.occurredAt ?? memory.createdAt).toISOString().slice(0, 10);
}
