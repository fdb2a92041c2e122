import { MnemosyneError, type CoordinationStore, type Json, type RegisteredAgent } from "@mnemosyne/core";

/** What an agent is doing. */
export type AgentState = RegisteredAgent["state"];

/** An agent that says that it is there. */
export interface AgentRegistration {
  readonly id: string;
  /** Default: the id. */
  readonly role?: string;
  /** Default `idle`. */
  readonly state?: AgentState;
  readonly metadata?: Json;
}

/** A registered agent, and whether it still gives signs of life. */
export interface AgentPresence extends RegisteredAgent {
  /** Seen within the coordinator's time to live. */
  readonly alive: boolean;
}

const STATES: readonly AgentState[] = ["idle", "running", "blocked", "complete", "failed"];

/** Who is there, and what they are doing. */
export class AgentRegistry {
  readonly #store: CoordinationStore;
  readonly #ttl: number;

  constructor(store: CoordinationStore, ttl: number) {
    this.#store = store;
    this.#ttl = ttl;
  }

  register(agent: AgentRegistration): Promise<RegisteredAgent> {
    if (agent.id === "") throw invalid("id", "An agent needs a name.");
    return this.#store.upsertAgent({
      id: agent.id,
      role: agent.role ?? agent.id,
      state: checkState(agent.state ?? "idle"),
      metadata: agent.metadata ?? null,
    });
  }

  async heartbeat(id: string, state?: AgentState): Promise<RegisteredAgent> {
    const touched = await this.#store.touchAgent(id, state === undefined ? undefined : checkState(state));
    if (touched !== undefined) return touched;
    throw new MnemosyneError("E_NOT_FOUND", `No agent '${id}' is registered; register it first.`, {
      kind: "notFound",
      details: { agent: id },
    });
  }

  async find(id: string): Promise<RegisteredAgent | undefined> {
    return (await this.#store.agents()).find((agent) => agent.id === id);
  }

  async list(): Promise<readonly AgentPresence[]> {
    const agents = await this.#store.agents();
    // Both times are the store's: machines need not agree on what time it is.
    const now = (await this.#store.now()).getTime();
    return agents.map((agent) => ({ ...agent, alive: now - agent.seenAt.getTime() <= this.#ttl }));
  }
}

function checkState(state: AgentState): AgentState {
  if (STATES.includes(state)) return state;
  throw invalid("state", `'${state}' is not a state of an agent; use one of ${STATES.join(", ")}.`);
}

function invalid(path: string, message: string): MnemosyneError {
  return new MnemosyneError("E_INPUT", message, { kind: "input", path });
}
