import type { JournalAppend, JournalAppended, RunEvent } from "@mnemosyne/core";

/** The journals of simulated runs: an append is all or nothing, and refused when others came first. */
export class PlanJournal {
  readonly #now: () => number;
  readonly #runs = new Map<string, RunEvent[]>();
  readonly #closed = new Set<string>();

  constructor(now: () => number) {
    this.#now = now;
  }

  async read(runId: string, after: number): Promise<readonly RunEvent[]> {
    return (this.#runs.get(runId) ?? []).slice(after);
  }

  async append({ runId, head, entries }: JournalAppend): Promise<JournalAppended> {
    const events = this.#runs.get(runId) ?? [];
    if (events.length !== head) return { outcome: "behind", events: events.slice(head) };
    const at = new Date(this.#now()).toISOString();
    const added = entries.map((entry, index) => {
      const key = `${runId} ${entry.closes}`;
      if (entry.closes !== undefined && this.#closed.has(key)) throw new Error(`${key} closes twice`);
      if (entry.closes !== undefined) this.#closed.add(key);
      return { ...entry.body, seq: head + index + 1, runId, at, schemaVersion: 1 } as unknown as RunEvent;
    });
    this.#runs.set(runId, [...events, ...added]);
    return { outcome: "appended", events: added };
  }
}

/** One execution of a task. Epochs begin anew in each attempt: only both together tell which execution is the later one. */
export interface Execution {
  readonly attempt: number;
  readonly epoch: number;
}

export function isEarlier(one: Execution, other: Execution): boolean {
  return one.attempt < other.attempt || (one.attempt === other.attempt && one.epoch < other.epoch);
}

/** Where tasks have their effects: a resource that refuses an execution before the latest that it has seen. */
export class Witness {
  /** Executions whose effect was accepted, in order. */
  readonly effects: ({ readonly task: string } & Execution)[] = [];
  readonly #latest = new Map<string, Execution>();

  async effect(task: string, attempt: number, epoch: number): Promise<boolean> {
    const execution: Execution = { attempt, epoch };
    const latest = this.#latest.get(task);
    if (latest !== undefined && isEarlier(execution, latest)) return false;
    this.#latest.set(task, execution);
    this.effects.push({ task, attempt, epoch });
    return true;
  }
}
