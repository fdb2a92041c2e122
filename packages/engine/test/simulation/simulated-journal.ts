import {
  MnemosyneError,
  NO_USAGE,
  type Journal,
  type JournalAppend,
  type JournalAppended,
  type Json,
  type NewRun,
  type RunEvent,
  type RunRecord,
} from "@mnemosyne/core";

/** The journals of a simulated world: an append is all or nothing, and refused when others came first. */
export class SimulatedJournal implements Journal {
  readonly #now: () => number;
  readonly #runs = new Map<string, RunRecord & { readonly plan: Json }>();
  readonly #events = new Map<string, RunEvent[]>();
  readonly #closed = new Set<string>();
  readonly #payloads = new Map<string, string>();

  constructor(now: () => number) {
    this.#now = now;
  }

  async createRun({ runId, name, planHash, plan }: NewRun): Promise<"created" | "existing"> {
    if (this.#runs.has(runId)) return "existing";
    const startedAt = new Date(this.#now());
    this.#runs.set(runId, {
      runId,
      name,
      planHash,
      plan,
      status: "pending",
      startedAt,
      usage: NO_USAGE,
    } as never);
    this.#events.set(runId, []);
    return "created";
  }

  async getRun(runId: string): ReturnType<Journal["getRun"]> {
    const run = this.#runs.get(runId);
    return run === undefined ? undefined : { ...run, head: this.#of(runId).length };
  }

  async listRuns(): Promise<readonly RunRecord[]> {
    return [...this.#runs.values()].map(({ plan: _plan, ...record }) => record);
  }

  async append({ runId, head, entries, payloads = [], run = {} }: JournalAppend): Promise<JournalAppended> {
    const events = this.#of(runId);
    if (events.length !== head) return { outcome: "behind", events: events.slice(head) };
    const last = Date.parse(events.at(-1)?.at ?? new Date(0).toISOString());
    for (const { closes } of entries) {
      if (closes === undefined) continue;
      if (this.#closed.has(`${runId} ${closes}`)) throw new Error(`${closes} closes twice`);
      this.#closed.add(`${runId} ${closes}`);
    }
    const added = entries.map((entry, index) => {
      const at = new Date(Math.max(last, Date.parse(entry.at ?? new Date(this.#now()).toISOString())));
      const place = { seq: head + index + 1, runId, at: at.toISOString(), schemaVersion: 1 };
      return { ...entry.body, ...place, class: entry.class } as unknown as RunEvent;
    });
    events.push(...added);
    for (const { ref, text } of payloads) this.#payloads.set(ref.hash, text);
    const record = this.#runs.get(runId);
    if (record !== undefined) this.#runs.set(runId, { ...record, ...run });
    return { outcome: "appended", events: added };
  }

  async read(runId: string, { after = 0, limit = Infinity } = {}): Promise<readonly RunEvent[]> {
    return this.#of(runId).slice(after, after + limit);
  }

  async head(runId: string): Promise<number> {
    return this.#of(runId).length;
  }

  async readPayload({ hash }: { readonly hash: string }): Promise<string | undefined> {
    return this.#payloads.get(hash);
  }

  #of(runId: string): RunEvent[] {
    const events = this.#events.get(runId);
    if (events !== undefined) return events;
    throw new MnemosyneError("E_RUN_NOT_FOUND", `There is no run ${runId}.`, { kind: "notFound" });
  }
}
