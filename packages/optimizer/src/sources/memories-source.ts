import type { ContextRequest, ContextSource, MemoryStore, SearchHit } from "@mnemosyne/core";
import type { ContextOffer } from "../assembly/offer.ts";

/** Fewest and most memories that are asked for, and tokens of the budget for each. */
const LEAST = 10;
const MOST = 100;
const BUDGET_EACH = 400;

/** Memories that a store finds for the task's instructions and the goal, each with its origin and trust. */
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
        ...(request.runId === undefined ? {} : { pendingRun: request.runId }),
        ...(request.signal === undefined ? {} : { signal: request.signal }),
      });
      const best = hits[0]?.score ?? 0;
      return hits.map((hit) => offer(hit, best));
    },
  };
}

/** What a request is about, as a search query. */
export function queryOf({ task, goal }: Pick<ContextRequest, "task" | "goal">): string {
  return `${task.instructions}\n${goal}`.trim();
}

function offer(hit: SearchHit, best: number): ContextOffer {
  const { run, task, agent, commit, evidence, source } = hit.provenance;
  const origin = Object.entries({ run, task, agent, commit, evidence, source }).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name} ${value}`],
  );
  return {
    id: hit.id,
    memoryId: hit.id,
    source: "memories",
    kind: "memory",
    relevance: best > 0 ? Math.min(1, Math.max(0, hit.score / best)) : 0,
    text: hit.content,
    attributes: {
      trust: hit.trust,
      type: hit.type,
      importance: String(hit.importance),
      at: (hit.occurredAt ?? hit.createdAt).toISOString().slice(0, 10),
      from: origin.length === 0 ? "unknown" : origin.join(", "),
    },
  };
}
