import { isMnemosyneError, toErrorRecord, type RunObservation, type TaskId } from "@mnemosyne/core";
import { rollbackScope } from "@mnemosyne/plan";
import { restoreRecords, type MergeRecord } from "@mnemosyne/workspace";
import type { WorkContext, WorkResult } from "../run/work.ts";
import { readPayload } from "./outputs.ts";
import { quarantine } from "./quarantine.ts";
import type { RunServices } from "./run-services.ts";

/**
 * Puts what undone tasks remembered into quarantine and the workspace's files back to what they were before the run, or after the task `to`: only where they still are
 * as the run left them; anything else is reported and stays.
 */
export async function restoreWorkspace(
  services: RunServices,
  { to }: { readonly to?: TaskId },
  { log, signal }: WorkContext,
): Promise<WorkResult> {
  const { coordinator, workspace, runId, storage, worker } = services;
  const records: MergeRecord[] = [];
  try {
    const observations = await quarantineUndone(services, log, to);
    for (const { record } of log.projection.mergesAfter(to).toReversed())
      records.push((await readPayload(services, record)) as unknown as MergeRecord);
    if (records.length === 0) return { inputs: [{ type: "workspace.restored", paths: 0 }], observations };
    const lock = {
      resources: [`merge:${workspace}`],
      owner: `${runId}/restore`,
      signal,
      metadata: { worker },
    };
    const { restored, conflicts } = await coordinator.withLease(lock, async () =>
      restoreRecords(records, { workspace, blobs: storage.blobs, signal }),
    );
    return {
      inputs: [
        {
          type: "workspace.restored",
          paths: restored.length,
          conflicts: conflicts.map(({ path, reason }) => `${path}: ${reason}`),
        },
      ],
      observations,
    };
  } catch (error) {
    if (signal.aborted || (isMnemosyneError(error) && error.code.startsWith("E_STORAGE"))) throw error;
    return {
      inputs: [
        { type: "workspace.restored", paths: 0, conflicts: [`the files: ${toErrorRecord(error).message}`] },
      ],
    };
  }
}

/** What the run remembered before `to` completed stays. */
async function quarantineUndone(
  services: RunServices,
  log: WorkContext["log"],
  to: TaskId | undefined,
): Promise<readonly RunObservation[]> {
  const kept = new Set<string>(rollbackScope(log.state, to).kept);
  const observations: RunObservation[] = [];
  for (const task of log.projection.tasks)
    if (!kept.has(task)) observations.push(...(await quarantine(services, log, task, "rolledBack")));
  return observations;
}
