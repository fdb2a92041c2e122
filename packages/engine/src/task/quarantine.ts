import { isMnemosyneError, type MemoryId, type RunObservation, type TaskId } from "@mnemosyne/core";
import type { RunLog } from "../run/run-log.ts";
import type { RunServices } from "./run-services.ts";

/**
 * Puts what a task remembered into quarantine, because it failed or was undone: it is recalled no more, and `restore`
 * brings each back. May be repeated. Gives what is to be journalled.
 */
export async function quarantine(
  { storage, runId }: Pick<RunServices, "storage" | "runId">,
  log: RunLog,
  task: string,
  reason: "failed" | "rolledBack",
): Promise<readonly RunObservation[]> {
  const { memories } = log.projection.task(task);
  const ids: MemoryId[] = [];
  const note = {
    by: `run ${runId}`,
    reason: `Task '${task}' ${reason === "failed" ? "failed" : "was undone"}.`,
  };
  for (const id of memories) {
    try {
      await storage.forget(id, note);
    } catch (error) {
      // Somebody erased it: it is recalled no more either.
      if (!isMnemosyneError(error) || error.kind !== "notFound") throw error;
    }
    ids.push(id);
  }
  if (ids.length === 0) return [];
  return [{ type: "memory.quarantined", task: task as TaskId, ids, reason: note.reason }];
}
