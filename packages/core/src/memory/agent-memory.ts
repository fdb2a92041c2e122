import { MnemosyneError } from "../errors.ts";
import type { MemoryId } from "../ids.ts";
import type { JsonObject } from "../json.ts";
import type { NamespaceInput } from "../namespace.ts";
import type { MemoryStore } from "../ports/memory-store.ts";
import type { Provenance, SearchHit, Trust } from "./memory.ts";

/** Options of `remember`. */
export interface RememberOptions {
  /** Default 7. */
  readonly importance?: number;
  /** Default 0.8. */
  readonly confidence?: number;
  readonly type?: string;
  readonly tags?: readonly string[];
  readonly summary?: string;
  readonly metadata?: JsonObject;
  readonly trust?: Trust;
  readonly provenance?: Provenance;
}

/** A question to decide, with what the decision maker should know. */
export interface DecisionRequest {
  readonly question: string;
  readonly context?: string;
}

/** A decision and the memories that it was shown. */
export interface Decision {
  readonly answer: string;
  readonly reason?: string;
  readonly recalled: readonly SearchHit[];
  readonly memory: MemoryId;
}

/** Gives the answer to a question, knowing the recalled memories: a model, a rule or a person. */
export type Decider = (request: {
  readonly question: string;
  readonly context: string;
  readonly recalled: readonly SearchHit[];
}) => Promise<{ readonly answer: string; readonly reason?: string }>;

/** Options of {@link AgentMemory}. */
export interface AgentMemoryOptions {
  readonly store: MemoryStore;
  readonly namespace?: NamespaceInput;
  /** The agent's name: provenance and actor of what it remembers. */
  readonly agent?: string;
  readonly provenance?: Provenance;
  readonly pendingRun?: string;
  /** How `decide` answers. Without it `decide` throws `E_UNAVAILABLE`. */
  readonly decider?: Decider;
  /** Called after each memory was stored or recalled, e.g. to journal it. */
  readonly onEvent?: (event: AgentMemoryEvent) => void;
}

/** What {@link AgentMemory} did. */
export type AgentMemoryEvent =
  | { readonly type: "memory.stored"; readonly id: MemoryId; readonly summary: string }
  | { readonly type: "memory.recalled"; readonly query: string; readonly ids: readonly MemoryId[] };

/**
 * An agent's view of a memory store: remember, recall, decide. Composed, not inherited: any agent holds one.
 *
 * @example
 * const memory = new AgentMemory({ store: storage, namespace: "project:app", agent: "executor" });
 * await memory.remember("The API wants ISO dates.");
 * const hits = await memory.recall("date format");
 */
export class AgentMemory {
  readonly #options: AgentMemoryOptions;

  constructor(options: AgentMemoryOptions) {
    this.#options = options;
  }

  /** Stores a memory: importance 7, confidence 0.8, tag `agent-generated`, summary = the first 100 characters. */
  async remember(content: string, options: RememberOptions | number = {}): Promise<MemoryId> {
    const { store, namespace, agent, provenance, pendingRun, onEvent } = this.#options;
    const given = typeof options === "number" ? { importance: options } : options;
    const summary = given.summary ?? Array.from(content).slice(0, 100).join("");
    const id = await store.store({
      content,
      importance: given.importance ?? 7,
      confidence: given.confidence ?? 0.8,
      summary,
      tags: ["agent-generated", ...(given.tags ?? [])],
      provenance: { ...(agent === undefined ? {} : { agent }), ...provenance, ...given.provenance },
      ...(namespace === undefined ? {} : { namespace }),
      ...(agent === undefined ? {} : { actor: agent }),
      ...(given.type === undefined ? {} : { type: given.type }),
      ...(given.metadata === undefined ? {} : { metadata: given.metadata }),
      ...(given.trust === undefined ? {} : { trust: given.trust }),
      ...(pendingRun === undefined ? {} : { pendingRun }),
    });
    onEvent?.({ type: "memory.stored", id, summary });
    return id;
  }

  /** Finds memories of the agent's namespace and those it inherits. Limit 5 by default. */
  async recall(query: string, limit = 5): Promise<readonly SearchHit[]> {
    const { store, namespace, pendingRun, onEvent } = this.#options;
    const hits = await store.search(query, {
      limit,
      ...(namespace === undefined ? {} : { namespace }),
      ...(pendingRun === undefined ? {} : { pendingRun }),
    });
    onEvent?.({ type: "memory.recalled", query, ids: hits.map((hit) => hit.id) });
    return hits;
  }

  /**
   * Recalls up to 10 memories, asks the decider, and remembers the decision with importance 8.
   * Throws `E_UNAVAILABLE` when no decider was given.
   */
  async decide(request: DecisionRequest): Promise<Decision> {
    const { decider } = this.#options;
    if (decider === undefined)
      throw new MnemosyneError(
        "E_UNAVAILABLE",
        "This agent has nothing to decide with; give AgentMemory a decider (a model, a rule, a person).",
        { kind: "unavailable", retryable: false },
      );
    const recalled = await this.recall(request.question, 10);
    const { answer, reason } = await decider({
      question: request.question,
      context: request.context ?? "",
      recalled,
    });
    const memory = await this.remember(
      `Decision: ${answer}\nQuestion: ${request.question}${reason === undefined ? "" : `\nReason: ${reason}`}`,
      { importance: 8, tags: ["decision"] },
    );
    return { answer, recalled, memory, ...(reason === undefined ? {} : { reason }) };
  }
}
