import type { MemoryStats } from "@mnemosyne/core";
import type { Row } from "../database/work.ts";

/** Sums rows of (namespace, type, count, oldest, newest). */
export function statsOf(rows: readonly Row[]): MemoryStats {
  const byNamespace: Record<string, number> = {};
  const byType: Record<string, number> = {};
  let totalMemories = 0;
  let oldest = Infinity;
  let newest = -Infinity;
  for (const [namespace, type, count, first, last] of rows) {
    totalMemories += Number(count);
    byNamespace[String(namespace)] = (byNamespace[String(namespace)] ?? 0) + Number(count);
    byType[String(type)] = (byType[String(type)] ?? 0) + Number(count);
    oldest = Math.min(oldest, Number(first));
    newest = Math.max(newest, Number(last));
  }
  return {
    totalMemories,
    byNamespace,
    byType,
    ...(totalMemories === 0 ? {} : { oldest: new Date(oldest), newest: new Date(newest) }),
  };
}
