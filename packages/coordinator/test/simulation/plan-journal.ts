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

/** Where tasks have their effects: a resource that refuses an epoch below the highest that it has seen. */
export class Witness {
  /** Executions whose effect was accepted, in order. */
  readonly effects: { readonly task: string; readonly attempt: number; readonly epoch: number }[] = [];
  readonly #highest = new Map<string, number>();

  async effect(task: string, attempt: number, epoch: number): Promise<boolean> {
    const highest = this.#highest.get(task) ?? 0;
    if (epoch < highest) return false;
    this.#highest.set(task, epoch);
    this.effects.push({ task, attempt, epoch });
    return true;
  }
}
