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
const NEXT = 0.5;
const ANSWER = 0.95;
const PREVIOUS = 0.5;
/** How much more what somebody said counts where the query names them: who is asked about has often said it. */
const NAMED = 0.3;
/** How much more a turn of the conversation counts that most of the found ones are of. */
const SAME_THREAD = 0.1;
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
      const named = namedFactor(query);
      const thread = threadFactor(hits);
      const near = withNeighbours(hits).map(
        (each) =>
          [
            each.memory,
            each.near * lengthFactor(each.memory) * named(each.memory) * thread(each.memory),
          ] as const,
      );
      const most = near.reduce((highest, [, relevance]) => Math.max(highest, relevance), 1);
      return near
        .map(([found, relevance]) => offer(found, relevance / most))
        .toSorted((x, y) => y.relevance - x.relevance);
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

const NOT_WORD = /[^\p{L}\p{N}\p{M}]+/gu;

/** With a space on either side, so that only whole words are found in it. */
function words(text: string): string {
  return ` ${text.normalize("NFKC").toLowerCase().replace(NOT_WORD, " ").trim()} `;
}

function namedFactor(query: string): (memory: Memory) => number {
  const asked = words(query);
  const known = new Map<string, number>();
  return ({ actor }) => {
    if (actor === undefined) return 1;
    const factor =
      known.get(actor) ?? (words(actor).trim() !== "" && asked.includes(words(actor)) ? 1 + NAMED : 1);
    known.set(actor, factor);
    return factor;
  };
}

function threadFactor(hits: readonly SearchHit[]): (memory: Memory) => number {
  const sums = new Map<string, number>();
  for (const { thread, score } of hits)
    if (thread !== undefined) sums.set(thread, (sums.get(thread) ?? 0) + score);
  const most = Math.max(0, ...sums.values());
  return ({ thread }) =>
    thread === undefined || most === 0 ? 1 : 1 + (SAME_THREAD * (sums.get(thread) ?? 0)) / most;
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
    label: labelOf(actor ?? "", trust === "claimed" ? "" : `(${trust})`),
    day: dayOf(memory),
    place: `${at} ${thread} ${String(seq).padStart(16, "0")} ${memory.id}`,
  };
}

/** No name ends with a colon before its own; one that begins with a digit stands in quotes, so that it cannot pass for the day. */
function labelOf(actor: string, trust: string): string {
  const name = escapeAttribute(actor).replaceAll(":", "\\u{3a}");
  return [/^\p{N}/u.test(name) ? `"${name}"` : name, trust].filter(Boolean).join(" ");
}

function dayOf(memory: Memory): string {
  return (memory.occurredAt ?? memory.createdAt).toISOString().slice(0, 10);
}
