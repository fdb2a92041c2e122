import type { Memory, MemoryStats, Plan, RunEvent, RunRecord, SearchHit } from "@mnemosyne/core";
import type { LatencyRow } from "../../src/latency.ts";

/** A run as the server gives it: its dates are texts. */
export type RunRow = Omit<RunRecord, "startedAt" | "finishedAt"> & {
  readonly startedAt: string;
  readonly finishedAt?: string;
};

/** A run with its plan. */
export type RunDetail = RunRow & { readonly plan: { readonly plan: Plan }; readonly head: number };

/** What this browser may do. */
export interface Session {
  readonly rights: "view" | "act";
  readonly canAct: boolean;
  readonly hasMemories: boolean;
}

/** Found memories and what the database holds. */
export interface FoundMemories {
  readonly memories: readonly (SearchHit | Memory)[];
  readonly stats: MemoryStats;
}

/** A file that was written to be shared carries its run with it. */
export interface Recorded {
  readonly run: RunDetail;
  readonly events: readonly RunEvent[];
}

/** The run inside this file, if it is such a file. */
export function recorded(): Recorded | undefined {
  const element = document.querySelector("#recorded");
  return element === null ? undefined : (JSON.parse(element.textContent ?? "") as Recorded);
}

async function call<Answer>(path: string, init?: RequestInit): Promise<Answer> {
  const response = await fetch(path, init);
  const answer: unknown = await response.json();
  if (!response.ok) {
    const { error } = answer as { readonly error?: { readonly message?: string } };
    throw new Error(error?.message ?? `The server answered ${response.status}.`);
  }
  return answer as Answer;
}

const post = (body: unknown): RequestInit => ({
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});

export const openSession = (code: string): Promise<unknown> => call("/api/session", post({ code }));
export const getSession = (): Promise<Session> => call("/api/session");
export const listRuns = async (): Promise<readonly RunRow[]> =>
  (await call<{ readonly runs: readonly RunRow[] }>("/api/runs")).runs;
export const getRun = (runId: string): Promise<RunDetail> => call(`/api/runs/${runId}`);
export const signalRun = (runId: string, signal: object): Promise<{ readonly changed: boolean }> =>
  call(`/api/runs/${runId}/signal`, post(signal));
export const findMemories = (query: string, namespace: string): Promise<FoundMemories> =>
  call(`/api/memories?${new URLSearchParams({ query, namespace }).toString()}`);
export const performanceTimes = async (): Promise<readonly LatencyRow[]> =>
  (await call<{ readonly operations: readonly LatencyRow[] }>("/api/performance")).operations;

const EVENT_PAGE = 5000;

/** Every event up to now, in pages; the stream goes on from there. */
export async function readEvents(runId: string, from: number, head: number): Promise<readonly RunEvent[]> {
  const events: RunEvent[] = [];
  for (let after = from; after < head;) {
    const page = await call<{ readonly events: readonly RunEvent[] }>(
      `/api/runs/${runId}/events?from=${after}&limit=${EVENT_PAGE}`,
    );
    if (page.events.length === 0) break;
    events.push(...page.events);
    after = page.events.at(-1)?.seq ?? head;
  }
  return events;
}

/** Live events after `from`; the browser reconnects by itself and goes on after the last one. Gives what ends it. */
export function followEvents(
  runId: string,
  from: number,
  onEvent: (event: RunEvent) => void,
  onState: (connected: boolean) => void,
): () => void {
  const source = new EventSource(`/api/runs/${runId}/events?from=${from}`);
  source.addEventListener("open", () => onState(true));
  source.addEventListener("error", () => onState(false));
  source.addEventListener("message", ({ data }) => onEvent(JSON.parse(String(data)) as RunEvent));
  return () => source.close();
}
