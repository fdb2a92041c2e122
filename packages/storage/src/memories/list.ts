import type { Memory, Namespace } from "@mnemosyne/core";
import { row, rows, type Row, type Work } from "../database/work.ts";
import { memoryOf } from "./memory-row.ts";
import { listNamespace, listThread, newestOf } from "./memory-statements.ts";

/** A listing whose options were checked. */
export interface Listing {
  /** Nearest first. */
  readonly namespaces: readonly Namespace[];
  readonly thread: string | null;
  readonly limit: number;
  readonly now: number;
  readonly settledBatch: number;
}

const CREATED_AT = 5;

/** The newest memories of some namespaces. */
export function* list(listing: Listing): Work<readonly Memory[]> {
  const { namespaces, limit, thread, now, settledBatch } = listing;
  let listed: readonly Row[] = [];
  for (const namespace of namespaces) {
    const values = { namespace, now, settledBatch };
    // Mostly the inherited namespaces have nothing new enough, and one cell tells.
    if (listed.length > 0 && thread === null) {
      const newest = yield* row(newestOf, values);
      if (newest === undefined) continue;
      if (listed.length === limit && createdAt(listed.at(-1)) >= Number(newest[0])) continue;
    }
    const found = yield* thread === null
      ? rows(listNamespace, { ...values, limit })
      : rows(listThread, { ...values, thread, limit });
    listed = listed.length === 0 ? found : merged(listed, found, limit);
  }
  return listed.map(memoryOf);
}

/** The sort is stable: of two created in the same millisecond, the nearer namespace's comes first. */
function merged(some: readonly Row[], others: readonly Row[], limit: number): readonly Row[] {
  return [...some, ...others].toSorted((a, b) => createdAt(b) - createdAt(a)).slice(0, limit);
}

function createdAt(cells: Row | undefined): number {
  return Number(cells?.[CREATED_AT]);
}
