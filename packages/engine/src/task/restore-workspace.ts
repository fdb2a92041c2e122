import { isMnemosyneError, toErrorRecord, type RunObservation, type TaskId } from "@mnemosyne/core";
import { rollbackScope } from "@mnemosyne/plan";
import { restoreRecords, type MergeRecord } from "@mnemosyne/workspace";
import type { WorkContext, WorkResult } from "../run/work.ts";
import { readPayload } from "./outputs.ts";
import { quarantine } from "./quarantine.ts";
import type { RunServices } from "./run-services.ts";

/**
 * Puts what undone tasks remembered into quarantine, takes back what they taught, and puts the workspace's files back to what they were before the run, or after the task `to`: only where they still are
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
    const observations = [
      ...(await quarantineUndone(services, log, to)),
      ...(await unlearn(services, log, to)),
    ];
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

/** What the run taught before `to` completed stays. */
async function unlearn(
  { storage, runId, namespace }: RunServices,
  log: WorkContext["log"],
  to: TaskId | undefined,
): Promise<readonly RunObservation[]> {
  if (storage.playbooks === undefined) return [];
  const kept = new Set<string>(rollbackScope(log.state, to).kept);
  const what =
    to === undefined
      ? { run: runId }
      : { run: runId, tasks: log.projection.tasks.filter((task) => !kept.has(task)) };
  const { version, reverted, conflicts } = await storage.playbooks.revert(namespace, what, {
    by: `run ${runId}`,
    reason: to === undefined ? "The run was rolled back." : `The run was rolled back to '${to}'.`,
  });
  if (reverted.length === 0 && conflicts.length === 0) return [];
  return [
    {
      type: "playbook.reverted",
      namespace,
      version,
      reverted,
      conflicts: conflicts.map(({ id, since }) => `${id}: changed again by change ${since}`),
    },
  ];
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
